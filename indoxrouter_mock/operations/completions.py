"""Text completions, whole and streamed, and stopping a stream."""

from __future__ import annotations

from typing import Any

from ..answers.plan import answer_completion
from ..answers.reply import deliver_answer, stop_stream
from ..request.call import Call, Reply, operation


@operation("createCompletion")
def create_completion(call: Call) -> Reply:
    return deliver_answer(call, answer_completion(call), chat=False)


@operation("stopCompletionStream")
def stop_completion_stream(call: Call) -> dict[str, Any]:
    return stop_stream(call)
