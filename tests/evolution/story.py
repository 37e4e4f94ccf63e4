"""The example of docs/when-the-api-changes.md: five changes of openapi.yaml, and what the commands say of them.

`python -m tests.evolution.story` writes the page's outputs anew; a test compares them.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import sys
import tempfile
from pathlib import Path
from unittest import mock

import yaml

from generator.cli import main
from generator.compatibility import redocly

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "when-the-api-changes.md"
SPEC = ROOT / "openapi.yaml"


def changed() -> str:
    """Our description after a day of work by those who make the API."""
    document = yaml.safe_load(SPEC.read_text(encoding="utf-8"))
    schemas = document["components"]["schemas"]
    document["paths"]["/user/limits"] = {
        "get": {
            "operationId": "getLimits",
            "tags": ["user"],
            "summary": "Show the rate limits of the account",
            "description": "Returns the limits that apply to the account.",
            "security": [{"bearerAuth": []}],
            "x-facade": [{"name": "get_limits", "positional": []}],
            "x-retry": "safe",
            "x-source": "S2",
            "responses": {
                "200": {
                    "description": "The limits.",
                    "content": {
                        "application/json": {
                            "schema": {"$ref": "#/components/schemas/RateLimits"},
                            "examples": {"free": {"value": {"requests_per_minute": 10}}},
                        }
                    },
                },
                **{
                    status: document["paths"]["/user/usage"]["get"]["responses"][status]
                    for status in ("401", "403", "429", "500", "503", "504")
                },
            },
        }
    }
    schemas["RateLimits"] = {
        "type": "object",
        "required": ["requests_per_minute"],
        "properties": {"requests_per_minute": {"type": "integer"}},
    }
    usage = schemas["UsageResponse"]["properties"]
    usage["credits_left"] = {**usage.pop("remaining_credits"), "x-renamed-from": "remaining_credits"}
    schemas["ChatRequest"]["properties"]["temperature"]["maximum"] = 1
    schemas["UserResponse"]["properties"].pop("account_tier", None)
    schemas["TrendingModel"]["properties"]["trend"] = {"$ref": "#/components/schemas/Trend"}
    schemas["Trend"] = {
        "anyOf": [{"type": "string", "title": "Trend", "enum": ["up", "down"]}, {"type": "string"}]
    }
    return yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=110)


def outputs() -> dict[str, str]:
    """What each command prints, by the name that stands in the page's comments."""
    with tempfile.TemporaryDirectory() as name:
        new = Path(name) / "new.yaml"
        new.write_text(changed(), encoding="utf-8")
        told = {"diff": ["diff", str(SPEC), str(new)], "explain": ["upgrade", str(new), "--explain"]}
        found = {}
        # Without redocly, which not every machine has, the page would be another one there.
        nowhere = Path("nowhere")
        surroundings = mock.patch.dict(os.environ, {"COLUMNS": "120"})
        for key, arguments in told.items():
            printed = io.StringIO()
            with (
                contextlib.redirect_stdout(printed),
                surroundings,
                mock.patch.object(redocly, "BINARY", nowhere),
            ):
                code = main(arguments)
            assert code == (3 if key == "diff" else 0), printed.getvalue()
            text = printed.getvalue().replace(str(new), "new.yaml").replace(str(SPEC), "openapi.yaml")
            lines = [line.rstrip() for line in text.splitlines() if not line.startswith("note: redocly")]
            told_lines = "\n".join(re.sub(r"─{3,}$", "──", line) for line in lines).strip()
            found[key] = told_lines[told_lines.index("── 6") :] if key == "explain" else told_lines
    return found


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
