"""Failures that schemathesis reports and that are none, one by one, each with its reason.

`make contract` prints how often each excuse was used. Which ones are needed depends on what chance draws, so
that one that was not used is no failure; none covers more than one field of some operations.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from schemathesis.core.failures import Failure
from schemathesis.core.transport import Response
from schemathesis.openapi.checks import RejectedPositiveData


@dataclass(frozen=True)
class Excuse:
    """Valid input, by its schema, that these operations refuse because of one field whose rule no schema states."""

    name: str
    operations: frozenset[str]
    path: str
    reason: str

    def covers(self, operation_id: str, status: int, body: Any) -> bool:
        """Whether the answer refuses this field, as a problem of the request, and nothing else."""
        details = body.get("details") if isinstance(body, dict) else None
        problems = details.get("problems") if isinstance(details, dict) else None
        return (
            operation_id in self.operations
            and status in (400, 422)
            and bool(problems)
            and all(problem["path"] == self.path for problem in problems or ())
        )


_RECORDINGS = frozenset({"createTranscription", "createTranslation"})

EXCUSES = (
    Excuse(
        "model of another kind",
        _RECORDINGS
        | {
            "createChatCompletion",
            "createCompletion",
            "createEmbedding",
            "createImage",
            "createVideo",
            "createSpeech",
        },
        "body/model",
        "Any text is a valid `model` by its schema; that a speech model cannot chat is knowledge of the catalogue.",
    ),
    Excuse(
        "unknown sound format",
        frozenset({"createSpeech"}),
        "body/response_format",
        "The list of sound formats is open, because the documents do not call theirs complete; the mock can only make "
        "the sounds that it knows.",
    ),
    Excuse(
        "image size out of reach",
        frozenset({"createImage"}),
        "body/size",
        "Sizes are text, because models differ in theirs; the mock paints no image of several thousand pixels a side.",
    ),
    Excuse(
        "no recording",
        _RECORDINGS,
        "body/file",
        "Any bytes are a valid `file` by its schema; no bytes are no recording.",
    ),
    Excuse(
        "more videos than a job makes",
        frozenset({"createVideo"}),
        "body/n",
        "The schema allows further fields of any value; the mock bounds the work that one of them may ask for.",
    ),
)


def excuse_for(failure: Failure, operation_id: str, response: Response) -> Excuse | None:
    """The excuse that covers a failure, or None. Only the refusal of valid input is ever excused."""
    if not isinstance(failure, RejectedPositiveData):
        return None
    try:
        body = json.loads(response.content)
    except ValueError:
        return None
    return next(
        (excuse for excuse in EXCUSES if excuse.covers(operation_id, response.status_code, body)), None
    )
