"""A chat page on FastAPI: the browser receives the answer as server-sent events, word by word.

    pip install fastapi==0.165.0 uvicorn
    uvicorn --app-dir examples fastapi_chat:app

When the browser closes the page, FastAPI cancels the response, and the connection of the stream is released.
"""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated

from fastapi import FastAPI, Query, Request
from fastapi.responses import HTMLResponse, StreamingResponse
from indoxrouter import AsyncClient, IndoxRouterError

PAGE = """<!doctype html><title>Chat</title>
<form><input name=q autofocus placeholder="Ask something"></form><p id=answer></p>
<script>
document.forms[0].onsubmit = (submitted) => {
  submitted.preventDefault();
  const answer = document.getElementById("answer");
  answer.textContent = "";
  const source = new EventSource("/ask?q=" + encodeURIComponent(submitted.target.q.value));
  source.onmessage = (event) => answer.append(JSON.parse(event.data));
  source.addEventListener("done", () => source.close());
  source.addEventListener("failed", (event) => { source.close(); answer.append(JSON.parse(event.data)); });
};
</script>"""


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncGenerator[None, None]:
    """Create one client for the whole application, so that requests share connections and the token."""
    async with AsyncClient() as client:
        app.state.client = client
        yield


app = FastAPI(lifespan=lifespan)


@app.get("/", response_class=HTMLResponse)
async def page() -> str:
    return PAGE


async def events(client: AsyncClient, question: str) -> AsyncIterator[str]:
    try:
        async with await client.chat([{"role": "user", "content": question}], stream=True) as stream:
            async for text in stream.text_stream:
                yield f"data: {json.dumps(text)}\n\n"
        yield f"event: done\ndata: {json.dumps({'cost': stream.response.cost})}\n\n"
    except IndoxRouterError as error:  # the status has been sent already
        yield f"event: failed\ndata: {json.dumps(error.message)}\n\n"


@app.get("/ask")
async def ask(request: Request, q: Annotated[str, Query(min_length=1)]) -> StreamingResponse:
    return StreamingResponse(events(request.app.state.client, q), media_type="text/event-stream")
