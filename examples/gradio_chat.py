"""A chat on Gradio that shows answers as they arrive.

pip install gradio==6.31.0
python examples/gradio_chat.py
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import gradio as gr
from indoxrouter import AsyncClient, IndoxRouterError

client = AsyncClient()


def text_of(content: Any) -> str:
    """The text of a message; Gradio holds it as text or as a list of parts."""
    parts = content if isinstance(content, list) else [{"text": content}]
    return "".join(part.get("text") or "" for part in parts)


async def answer(question: str, history: list[dict[str, Any]], model: str) -> AsyncIterator[str]:
    """The answer so far, each time it grows."""
    messages = [{"role": each["role"], "content": text_of(each["content"])} for each in history]
    messages.append({"role": "user", "content": question})
    so_far = ""
    try:
        async with await client.chat(messages, model=model, stream=True) as stream:
            async for text in stream.text_stream:
                so_far += text
                yield so_far
    except IndoxRouterError as error:
        raise gr.Error(str(error)) from error


model_choice = gr.Dropdown(["openai/gpt-4o-mini", "anthropic/claude-3-5-haiku"], label="Model")
chat = gr.ChatInterface(answer, title="Chat", additional_inputs=[model_choice])

if __name__ == "__main__":
    chat.launch()
