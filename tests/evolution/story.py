"""The example of docs/when-the-api-changes.md: five changes of a description, and what the commands say of them.

The description is an excerpt of ours that stays as it is, so that the page does not change with the API.
`python -m tests.evolution.story` writes the page's outputs anew; a test compares them.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from unittest import mock

import yaml

from generator.cli import main
from generator.commands.upgrade import upgrade
from generator.compatibility import redocly

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "when-the-api-changes.md"
BEFORE = Path(__file__).with_name("story.yaml")
PYPROJECT = """\
[tool.indoxrouter.generator]
package = "indoxrouter"
[tool.hatch.version]
path = "_version.py"
"""


def changed() -> str:
    """The description after a day of work by those who make the API."""
    document = yaml.safe_load(BEFORE.read_text(encoding="utf-8"))
    schemas = document["components"]["schemas"]
    limits = {"application/json": {"schema": {"$ref": "#/components/schemas/RateLimits"}}}
    document["paths"]["/user/limits"] = {
        "get": {
            "operationId": "getLimits",
            "tags": ["user"],
            "summary": "Show the rate limits of the account",
            "security": [{"bearerAuth": []}],
            "x-facade": [{"name": "get_limits", "positional": []}],
            "responses": {"200": {"description": "The limits.", "content": limits}},
        }
    }
    schemas["RateLimits"] = {
        "type": "object",
        "required": ["requests_per_minute"],
        "properties": {"requests_per_minute": {"type": "integer"}},
    }
    usage = schemas["UsageResponse"]["properties"]
    usage["credits_left"] = {**usage.pop("remaining_credits"), "x-renamed-from": "remaining_credits"}
    schemas["SpeechRequest"]["properties"]["speed"]["maximum"] = 2
    schemas["UserResponse"]["properties"].pop("account_tier")
    schemas["TrendingModel"]["properties"]["trend"] = {"$ref": "#/components/schemas/Trend"}
    schemas["Trend"] = {
        "anyOf": [{"type": "string", "title": "Trend", "enum": ["up", "down"]}, {"type": "string"}]
    }
    return yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=110)


def outputs() -> dict[str, str]:
    """What each command prints, by the name that stands in the page's comments."""
    with tempfile.TemporaryDirectory() as name:
        project = Path(name)
        old, new = project / "openapi.yaml", project / "new.yaml"
        old.write_bytes(BEFORE.read_bytes())
        new.write_text(changed(), encoding="utf-8")
        (project / "pyproject.toml").write_text(PYPROJECT, encoding="utf-8")
        (project / "_version.py").write_text('__version__ = "0.2.0"\n', encoding="utf-8")
        found = {
            "diff": _printed(lambda: main(["diff", str(old), str(new)]), 3),
            "explain": _printed(
                lambda: upgrade(new, explain=True, since="HEAD", tests="none", project=project), 0
            ),
        }
    for key, text in found.items():
        lines = [line.rstrip() for line in text.replace(f"{project}/", "").splitlines()]
        shown = [re.sub(r"─{3,}$", "──", line) for line in lines if not line.startswith("note: redocly")]
        found[key] = "\n".join(shown).strip()
    found["explain"] = found["explain"][found["explain"].index("── 6") :]
    return found


def _printed(command: Callable[[], int], code: int) -> str:
    printed = io.StringIO()
    with (
        contextlib.redirect_stdout(printed),
        mock.patch.dict(os.environ, {"COLUMNS": "120"}),
        # Without redocly, which not every machine has, the page would be another one there.
        mock.patch.object(redocly, "BINARY", Path("nowhere")),
    ):
        assert command() == code, printed.getvalue()
    return printed.getvalue()


def page(text: str) -> str:
    """The page with the outputs of today."""
    for key, printed in outputs().items():
        block = f"<!-- output: {key} -->\n```text\n{printed}\n```"
        pattern = rf"<!-- output: {key} -->\n```text\n(?:(?!```).)*```"
        text = re.sub(pattern, block.replace("\\", r"\\"), text, flags=re.DOTALL)
    return text


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
    sys.exit(0)
