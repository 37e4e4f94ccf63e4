#!/bin/bash
# The first hour of somebody who calls the API: a mock server instead of an account, a chat, a stream, an object, 500 prompts.
# It needs a checkout and its environment; `make stories` runs it.
set -euo pipefail
python=$(cd "$(dirname "$0")/../.." && pwd)/.venv/bin/python
cli() { "$python" -m indoxrouter_cli "$@"; }
work=$(mktemp -d)
cd "$work"
"$python" -m indoxrouter_mock --port 0 > mock.txt 2>&1 &
mock=$!
trap 'kill $mock 2>/dev/null || true; wait $mock 2>/dev/null || true; rm -rf "$work"' EXIT
echo "— wait for the mock server"
until grep -q "API key" mock.txt; do
  kill -0 $mock || { cat mock.txt; exit 1; }
  sleep 0.05
done
INDOX_ROUTER_BASE_URL=$(grep -o 'http://[0-9.:]*' mock.txt | head -1)
INDOX_ROUTER_API_KEY=$(sed -n 's/^Demo API key: //p' mock.txt)
export INDOX_ROUTER_BASE_URL INDOX_ROUTER_API_KEY

echo "— check the set-up"
cli doctor
echo "— the first program"
cat > first.py <<'PROGRAM'
from dataclasses import dataclass

from indoxrouter import Client


@dataclass
class City:
    name: str
    country: str


with Client() as client:
    question = [{"role": "user", "content": "What is the capital of Norway?"}]
    print(client.chat(question).text)
    print("".join(chunk["data"] for chunk in client.chat(question, stream=True)))
    print(client.chat(question, response_format=City).parsed)
PROGRAM
"$python" first.py | tee printed.txt
grep -q '^City(' printed.txt

echo "— 500 prompts"
"$python" -c 'import json
for number in range(500):
    print(json.dumps({"id": str(number), "prompt": f"Say {number}"}))' > requests.jsonl
cli batch requests.jsonl --output answers.jsonl
test "$(wc -l < answers.jsonl)" -eq 500
echo "✓ application"
