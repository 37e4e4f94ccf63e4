#!/bin/bash
# The first hour of somebody who changes the client: a clone, a field that the API has got, the change for users, the way back.
# It needs a checkout and its environment; `make stories` runs it. The checkout itself is not touched.
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
python=$root/.venv/bin/python
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
git clone --quiet "$root" "$work/clone"
cd "$work/clone"
# The environment's packages, this clone's code.
export PYTHONPATH="$work/clone:$work/clone/generated"

echo "— the API has got a field"
cp openapi.yaml before.yaml
"$python" - <<'PROGRAM'
from pathlib import Path

spec = Path("openapi.yaml")
text = spec.read_text(encoding="utf-8")
known = "        rank: {type: integer, description: 'Rank in the list, from 1.'}\n"
assert known in text
spec.write_text(text.replace(known, known + "        trend: {type: string, description: 'Up, down or steady.'}\n"))
PROGRAM
"$python" -m generator lint
if "$python" -m generator check > stale.txt 2>&1; then echo "check must notice a stale package"; exit 1; fi
"$python" -m generator generate
"$python" -m generator check

echo "— what users get"
"$python" -m generator diff before.yaml openapi.yaml | tee changes.txt
grep -q trend changes.txt
"$python" -c 'from indoxrouter import models; print(models.TrendingModel.from_dict({"id": "m", "trend": "up"}).trend)'
"$python" -m pytest -q -p no:cacheprovider -p no:randomly tests/models/test_usual_form.py -x -n 0

echo "— and back"
git checkout --quiet -- openapi.yaml generated
"$python" -m generator check
echo "✓ maintainer"
