"""Fields that handlers read although the spec leaves them open: members of `additional_params`.

Each has a schema here, so that a handler never meets a type that it does not expect.
"""

from __future__ import annotations

from typing import Any

from ..base.json import is_object
from ..spec.validation import Finding, Validators
from . import limits

TEXT: dict[str, Any] = {"type": ["string", "null"]}
FLAG: dict[str, Any] = {"type": ["boolean", "null"]}
COUNT: dict[str, Any] = {"type": ["integer", "null"], "minimum": 1, "maximum": 1_000_000_000}
NUMBER: dict[str, Any] = {"type": ["number", "null"]}
FREE: dict[str, Any] = {"type": ["object", "null"]}
MESSAGE: dict[str, Any] = {
    "type": "object",
    "required": ["role"],
    "properties": {
        "role": {"type": "string"},
        "content": {"type": ["string", "array", "null"], "items": {"type": "object"}},
        "name": TEXT,
        "tool_call_id": TEXT,
        "tool_calls": {"type": ["array", "null"], "items": {"type": "object"}},
    },
}

FIELDS: dict[str, dict[str, Any]] = {
    "aspect_ratio": TEXT,
    "background": TEXT,
    "byok_api_key": TEXT,
    "dimensions": COUNT,
    "duration": {"type": ["number", "string", "null"]},
    "encoding_format": TEXT,
    "fps": {"type": ["number", "null"], "minimum": 1, "maximum": 240},
    "input": {"type": ["string", "array"], "items": {"type": ["string", "integer", "array", "object"]}},
    "instructions": TEXT,
    "language": TEXT,
    "max_completion_tokens": COUNT,
    "max_output_tokens": COUNT,
    "max_tokens": COUNT,
    "messages": {"type": "array", "minItems": 1, "items": MESSAGE},
    "modalities": {"type": ["array", "null"], "items": {"type": "string"}},
    "model": TEXT,
    "n": {"type": ["integer", "null"], "minimum": 1, "maximum": limits.MOST_CHOICES},
    "prompt": {"type": ["string", "array"], "items": {"type": ["string", "integer", "array"]}},
    "provider": TEXT,
    "quality": TEXT,
    "reasoning": {"type": ["object", "string", "boolean", "null"]},
    "reasoning_effort": TEXT,
    "resolution": TEXT,
    "response_format": {"type": ["object", "string", "null"]},
    "seconds": {"type": ["number", "string", "null"]},
    "seed": {"type": ["integer", "string", "null"], "maxLength": 100},
    "session_id": {"type": ["string", "null"], "maxLength": limits.LONGEST_KEY},
    "size": TEXT,
    "speed": {"type": ["number", "null"], "minimum": 0.25, "maximum": 4},
    "stop": {
        "type": ["string", "array", "null"],
        "maxItems": limits.MOST_STOPS,
        "items": {"type": "string"},
    },
    "stream": FLAG,
    "stream_options": FREE,
    "style": TEXT,
    "temperature": NUMBER,
    "timestamp_granularities": {"type": ["array", "string", "null"], "items": {"type": "string"}},
    "tool_choice": {"type": ["string", "object", "null"]},
    "tools": {"type": ["array", "null"], "maxItems": limits.MOST_TOOLS, "items": {"type": "object"}},
    "user": TEXT,
    "voice": {"type": ["string", "object", "null"]},
}
"""By name; null counts as absent."""

SCHEMA: dict[str, Any] = {"type": "object", "properties": FIELDS}


def extra_findings(body: Any, validators: Validators) -> list[Finding]:
    """What is wrong with the members of a body's `additional_params`."""
    extra = body.get("additional_params") if is_object(body) else None
    if not is_object(extra):
        return []  # under `/v1`, where the name is not described, anything else is ignored
    return validators.own_findings("extra fields", SCHEMA, extra, "body/additional_params")
