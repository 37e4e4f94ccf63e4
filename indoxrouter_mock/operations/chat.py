"""Conversations, whole and streamed, and stopping a stream."""

from __future__ import annotations

from typing import Any

from ..answers.plan import answer_chat
from ..answers.reply import deliver_answer, stop_stream
from ..request.call import Call, Reply, operation


@operation("createChatCompletion")
def create_chat_completion(call: Call) -> Reply:
    return deliver_answer(call, answer_chat(call), chat=True)


@operation("stopChatStream")
def stop_chat_stream(call: Call) -> dict[str, Any]:
    return stop_stream(call)
