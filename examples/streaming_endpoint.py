"""A web endpoint that streams answers to browsers: GET /ask?q=… returns server-sent events.

    uvicorn examples.streaming_endpoint:app

When a browser disconnects, Starlette cancels the response, and the stream's connection is released at once.
"""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager

from indoxrouter import AsyncClient, IndoxRouterError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route


@asynccontextmanager
async def lifespan(app: Starlette) -> AsyncGenerator[dict[str, AsyncClient], None]:
    """Create one client for the whole application, so that requests share connections and the token."""
    async with AsyncClient() as client:
        yield {"client": client}


async def events(client: AsyncClient, question: str) -> AsyncIterator[str]:
    """The answer as events: `data` with a piece of text, then `done` with the cost, or `error`."""
    try:
        async with await client.chat([{"role": "user", "content": question}], stream=True) as stream:
            async for text in stream.text_stream:
                yield f"data: {json.dumps(text)}\n\n"
        yield f"event: done\ndata: {json.dumps({'cost': stream.response.cost})}\n\n"
    except IndoxRouterError as error:
        yield f"event: error\ndata: {json.dumps(error.message)}\n\n"


async def ask(request: Request) -> Response:
    """Answer `?q=…`."""
    question = request.query_params.get("q", "").strip()
    if not question:
        return JSONResponse({"error": "the query parameter q is missing"}, status_code=400)
    return StreamingResponse(events(request.state.client, question), media_type="text/event-stream")


app = Starlette(routes=[Route("/ask", ask)], lifespan=lifespan)
