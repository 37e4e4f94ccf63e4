"""schemathesis against the mock in this process, through the engine that its command line uses as well."""

from __future__ import annotations

import copy
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import schemathesis
from schemathesis.config import SchemathesisConfig
from schemathesis.engine import Status, events, from_schema

from indoxrouter_mock import MockOptions
from indoxrouter_mock.app.application import MockApp
from indoxrouter_mock.base.yaml import read_yaml
from indoxrouter_mock.compatible.endpoints import DOCUMENT
from tests.contract import hooks
from tests.spec.document import SPEC

CONFIG = Path(__file__).with_name("schemathesis.toml")
OPTIONS = MockOptions(
    api_key="indox-0123456789abcdef0123456789abcdef",  # the key of the spec's examples
    seed=1,
    frozen_clock=True,
    token_lifetime=5.0,
    credits=1e9,
    journal_size=100_000,
)
"""A mock whose ids, texts, clock and token lifetimes are the same on every run."""


@dataclass
class Outcome:
    """What a run of schemathesis found."""

    phases: dict[str, str] = field(default_factory=dict)
    failures: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    cases: int = 0
    excused: dict[str, int] = field(default_factory=dict)
    violations: list[str] = field(default_factory=list)
    transcript: str = ""
    logins: int = 0

    def summary(self) -> str:
        """The findings as text, for a failing test to show."""
        return "\n\n".join([*self.failures, *self.errors, *self.violations]) or "nothing found"


COMPATIBLE: dict[str, Any] = read_yaml(DOCUMENT.read_text(encoding="utf-8"))
"""The mock's own description of the paths under `/v1`."""


def probe(
    examples: int,
    *,
    phases: Iterable[str] = (),
    operations: Iterable[str] = (),
    spec: dict[str, Any] = SPEC,
    base: str = "/api/v1",
) -> Outcome:
    """Run all phases (or the named ones) on all operations (or the named ones), with at most `examples` cases each."""
    config = SchemathesisConfig.from_path(CONFIG)
    schema = schemathesis.openapi.from_dict(copy.deepcopy(spec), config=config)
    for identifier in operations:
        schema = schema.include(operation_id=identifier)  # type: ignore[assignment]  # the same kind, filtered
    app = MockApp(OPTIONS)
    schema.app = app
    schema.config.update(base_url=f"http://testserver{base}")
    schema.config.generation.update(max_examples=examples)
    if phases:
        schema.config.phases.update(phases=list(phases))
    outcome = Outcome()
    with hooks.steering(app) as steered:
        for event in from_schema(schema).execute():
            _take(event, outcome)
    outcome.excused = steered.excused
    outcome.violations = list(app.state.violations)
    outcome.logins = sum(
        1 for _, url, _, status, _ in steered.requests if url.endswith("/auth/token") and status == 200
    )
    outcome.transcript = hashlib.sha256(repr(steered.requests).encode()).hexdigest()
    return outcome


def _take(event: events.EngineEvent, outcome: Outcome) -> None:
    if isinstance(event, events.PhaseFinished):
        outcome.phases[event.phase.name.value] = event.status.value
    elif isinstance(event, (events.NonFatalError, events.FatalError)):
        outcome.errors.append(_error_text(event))
    elif isinstance(event, events.ScenarioFinished):
        outcome.cases += len(event.recorder.cases)
        if event.status is Status.FAILURE:
            outcome.failures += [
                f"{event.recorder.label}: {check.name}: {check.failure_info.failure.title}\n"
                f"{check.failure_info.failure.message}\n{check.failure_info.code_sample}"
                for checks in event.recorder.checks.values()
                for check in checks
                if check.failure_info is not None
            ]


def _error_text(event: events.NonFatalError | events.FatalError) -> str:
    if isinstance(event, events.FatalError):
        return f"schemathesis itself failed: {event.exception!r}"
    return f"{event.label}: {event.info.title}: {event.value}"
