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
        error = body.get("error") if isinstance(body, dict) else None
        if isinstance(error, dict):  # OpenAI's form names one field
            parameter = self.path.removeprefix("body/").replace("/", ".")
            return operation_id in self.operations and status == 400 and error.get("param") == parameter
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
        "Any text is a valid `model` by its schema; that a speech model cannot chat is knowledge of the catalog.",
    ),
    *(
        Excuse(
            f"longer answer than the model gives ({field})",
            frozenset(
                {"createChatCompletion", "createCompletion", "chat.completions", "completions", "responses"}
            ),
            f"body/{field}",
            "How long an answer and its context may be depends on the model: that is knowledge of the catalog.",
        )
        for field in ("max_tokens", "max_completion_tokens", "max_output_tokens")
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
        "Sizes are text, because models differ in theirs, which is knowledge of the catalog.",
    ),
    Excuse(
        "no recording",
        _RECORDINGS,
        "body/file",
        "Any bytes are a valid `file` by its schema; that a file is a recording shows in its first bytes.",
    ),
    Excuse(
        "more videos than a job makes",
        frozenset({"createVideo"}),
        "body/n",
        "The schema allows further fields of any value; the mock bounds the work that one of them may ask for.",
    ),
)


MODELS = {
    "chat.completions": "gpt-4o",
    "completions": "gpt-3.5-turbo-instruct",
    "responses": "gpt-4o",
    "embeddings": "text-embedding-3-large",
    "images.generations": "gpt-image-1",
    "audio.speech": "tts-1",
}
"""By operation under `/v1` with a JSON body, a model that the catalog has for it. Forms list theirs."""

_V1_MODELS = frozenset(MODELS) | {
    "images.edits",
    "images.variations",
    "audio.transcriptions",
    "audio.translations",
}

COMPATIBLE_EXCUSES = (
    Excuse(
        "model of another kind, under /v1",
        _V1_MODELS,
        "body/model",
        "Any text is a valid `model` by its schema; that a speech model cannot chat is knowledge of the catalog.",
    ),
    Excuse(
        "parameters that are no JSON schema",
        frozenset({"chat.completions", "responses"}),
        "body/tools",
        "The parameters of a tool are any object by their schema; whether they are a JSON schema, of which arguments "
        "can be made, no schema of a description can say.",
    ),
    *(
        Excuse(
            f"form that is no JSON schema, of {operation}",
            frozenset({operation}),
            f"body/{field}/schema",
            "The form of an answer is any object by its schema; whether it is a JSON schema no description can say.",
        )
        for operation, field in (
            ("chat.completions", "response_format/json_schema"),
            ("responses", "text/format"),
        )
    ),
    Excuse(
        "tool that is not there",
        frozenset({"chat.completions", "responses"}),
        "body/tool_choice",
        "A schema cannot say that the tool which has to be called is one of those that are offered.",
    ),
    Excuse(
        "items without a message",
        frozenset({"responses"}),
        "body/input",
        "Items of other kinds are valid by their schema, but a conversation of these alone asks nothing.",
    ),
    Excuse(
        "longer vector than the model has",
        frozenset({"embeddings"}),
        "body/dimensions",
        "The longest vector is that of the model, which is knowledge of the catalog.",
    ),
    Excuse(
        "image size out of reach, under /v1",
        frozenset({"images.generations", "images.edits", "images.variations"}),
        "body/size",
        "Sizes are text, because models differ in theirs; the mock paints no image of several thousand pixels a side.",
    ),
    *(
        Excuse(
            f"no image in {field}",
            frozenset({"images.edits", "images.variations"}),
            f"body/{field}",
            "Any bytes are a valid file by the schema; that a file is an image shows in its first bytes.",
        )
        for field in ("image", "image[]", "mask")
    ),
    Excuse(
        "no recording, under /v1",
        frozenset({"audio.transcriptions", "audio.translations"}),
        "body/file",
        "Any bytes are a valid `file` by its schema; that a file is a recording shows in its first bytes.",
    ),
    Excuse(
        "speech that is too long",
        frozenset({"audio.speech"}),
        "body/input",
        "The length of speech depends on the text and on the speed together, which no schema can say.",
    ),
    Excuse(
        "more work than the mock allows",
        frozenset({"completions"}),
        "body/prompt",
        "The number of answers is that of the prompts times `n`, and no schema can say what their product may be.",
    ),
)
"""For the paths under `/v1`."""


def excuse_for(failure: Failure, operation_id: str, response: Response) -> Excuse | None:
    """The excuse that covers a failure, or None. Only the refusal of valid input is ever excused."""
    if not isinstance(failure, RejectedPositiveData):
        return None
    try:
        body = json.loads(response.content)
    except ValueError:
        return None
    return next(
        (
            excuse
            for excuse in (*EXCUSES, *COMPATIBLE_EXCUSES)
            if excuse.covers(operation_id, response.status_code, body)
        ),
        None,
    )
