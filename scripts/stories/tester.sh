#!/bin/bash
# The first hour of somebody who tests code that calls the API: fixtures, a scripted answer, a fault, a verdict.
# It needs a checkout and its environment; `make stories` runs it.
set -euo pipefail
python=$(cd "$(dirname "$0")/../.." && pwd)/.venv/bin/python
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
cat > triage.py <<'PROGRAM'
from indoxrouter import Client


def urgency(client: Client, report: str) -> str:
    """The model's one-word judgement of a bug report."""
    return client.chat([{"role": "user", "content": f"How urgent is this? {report}"}]).text.strip().lower()
PROGRAM
cat > test_triage.py <<'PROGRAM'
import pytest
from indoxrouter import IndoxRouterError
from triage import urgency


def test_an_urgent_bug_is_recognised(indoxrouter_mock, indoxrouter_client):
    indoxrouter_mock.answers.add("Urgent", contains="data loss")
    assert urgency(indoxrouter_client, "data loss on save") == "urgent"


def test_a_busy_service_is_asked_again(indoxrouter_mock, indoxrouter_client):
    indoxrouter_mock.faults.add("rate_limit", retry_after=0.05, times=2)
    indoxrouter_mock.answers.add("Low")
    assert urgency(indoxrouter_client, "a typo") == "low"


def test_a_failure_is_not_hidden(indoxrouter_mock, indoxrouter_client):
    indoxrouter_mock.faults.add("error", status=500)
    with pytest.raises(IndoxRouterError):
        urgency(indoxrouter_client, "anything")
PROGRAM
"$python" -m pytest -q -p no:cacheprovider test_triage.py
echo "✓ tester"
