"""Conversations, whole and streamed, and stopping a stream."""

from __future__ import annotations

from typing import Any

from ..answers.plan import plan_chat
from ..answers.reply import completion_reply, stop_stream
from ..base.reply import Reply
from ..request.call import Call, operation


@operation("createChatCompletion")
def create_chat_completion(call: Call) -> Reply:
    """Answer a conversation, whole or as a stream."""
    return completion_reply(call, plan_chat(call), chat=True)


@operation("stopChatStream")
def stop_chat_stream(call: Call) -> dict[str, Any]:
    """Stop a running stream."""
    return stop_stream(call)
