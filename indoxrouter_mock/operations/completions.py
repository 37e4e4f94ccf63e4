"""Text completions, whole and streamed, and stopping a stream."""

from __future__ import annotations

from typing import Any

from ..answers.plan import plan_completion
from ..answers.reply import completion_reply, stop_stream
from ..base.reply import Reply
from ..request.call import Call, operation


@operation("createCompletion")
def create_completion(call: Call) -> Reply:
    """Continue a text, whole or as a stream."""
    return completion_reply(call, plan_completion(call), chat=False)


@operation("stopCompletionStream")
def stop_completion_stream(call: Call) -> dict[str, Any]:
    """Stop a running stream."""
    return stop_stream(call)
