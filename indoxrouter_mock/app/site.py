"""Everything that is not the API: the pages, the API's documentation, the files that answers point to, and the
admin endpoints.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ..base.json import dumps
from ..compatible.endpoints import DOCUMENT
from ..spec.document import load_spec
from ..spec.errors import ApiError
from . import admin, admin_scripts, admin_tapes  # pyright: ignore[reportUnusedImport]  # register the endpoints
from .admin_registry import ADMIN, answer_admin_request

if TYPE_CHECKING:
    from .context import AppContext

REGISTERED = (admin, admin_scripts, admin_tapes)
"""The modules whose import registers the admin endpoints."""
STATIC = Path(__file__).parent / "static"
STATIC_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
# Nothing but this server may be loaded: what the pages show also comes from requests, which anybody may have made.
POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "media-src 'self'",
        "connect-src 'self'",
        "base-uri 'none'",
    )
)


def build_site(app: AppContext) -> Starlette:
    """The Starlette application around `app`, made when the first page or admin endpoint is asked for."""

    def static(name: str) -> Response:
        path = STATIC / name
        if not re.fullmatch(r"[a-z-]+\.(html|css|js|svg)", name) or not path.is_file():
            return _problem(ApiError(404, f"there is no file {name!r}"))
        headers = {
            "content-security-policy": POLICY,
            "cache-control": "no-cache",
            "x-content-type-options": "nosniff",
        }
        return Response(path.read_bytes(), media_type=STATIC_TYPES[path.suffix], headers=headers)

    async def index(request: Request) -> Response:
        return static("index.html")

    async def docs(request: Request) -> Response:
        return static("docs.html")

    async def asset(request: Request) -> Response:
        return static(request.path_params["name"])

    async def icon(request: Request) -> Response:
        return static("icon.svg")

    async def openapi_json(request: Request) -> Response:
        return Response(dumps(app.spec.document), media_type="application/json")

    def openapi_yaml(request: Request) -> Response:
        return Response(Path(app.spec.source).read_bytes(), media_type="application/yaml")

    async def compatible_json(request: Request) -> Response:
        return Response(dumps(load_spec(DOCUMENT).document), media_type="application/json")

    def compatible_yaml(request: Request) -> Response:
        return Response(DOCUMENT.read_bytes(), media_type="application/yaml")

    async def served_file(request: Request) -> Response:
        found = app.state.files.get(request.path_params["name"])
        if found is None:
            return _problem(ApiError(404, f"there is no file {request.path_params['name']!r}"))
        return ranged(found.content, found.media_type, request.headers.get("range"), request.method == "HEAD")

    pages = [
        Route("/", index),
        Route("/docs", docs),
        Route("/docs/", docs),
        Route("/static/{name}", asset),
        Route("/favicon.ico", icon),
        Route("/openapi.json", openapi_json),
        Route("/openapi.yaml", openapi_yaml),
        Route("/openai-paths.json", compatible_json),
        Route("/openai-paths.yaml", compatible_yaml),
        Route("/files/{name}", served_file),
    ]
    paths: dict[str, list[str]] = {}
    for entry in ADMIN:
        paths.setdefault(entry.path, []).append(entry.method)

    async def admin_endpoint(request: Request) -> Response:
        return await answer_admin_request(app, request)

    async def unknown(request: Request, problem: Exception) -> Response:
        return _problem(
            ApiError(404, f"there is nothing at {request.url.path}; GET /__mock__ lists what there is")
        )

    async def wrong_method(request: Request, problem: Exception) -> Response:
        path = request.url.path
        methods = ", ".join(paths.get(path.rstrip("/"), ["GET"]))
        answer = _problem(ApiError(405, f"{path} supports {methods}, not {request.method}"))
        answer.headers["allow"] = methods
        return answer

    admin_routes = [
        Route(path + slash, admin_endpoint, methods=methods)
        for path, methods in paths.items()
        for slash in ("", "/")
    ]
    site = Starlette(routes=[*pages, *admin_routes], exception_handlers={404: unknown, 405: wrong_method})
    # A redirect would lead to the `Host` of the request, which may be anything.
    site.router.redirect_slashes = False
    return site


def _problem(problem: ApiError) -> Response:
    return Response(dumps(problem.body()), problem.status, media_type="application/json")


def ranged(content: bytes, media_type: str, header: str | None, head: bool) -> Response:
    """Bytes, or the part of them that a `Range` header asks for: 206, or 416 for a range beyond the end.

    Several ranges at once, and numbers of more than 20 digits, get the whole, as RFC 9110 allows.
    """
    size = len(content)
    headers = {"accept-ranges": "bytes"}
    status, part = 200, content
    asked = re.fullmatch(r"\s*bytes\s*=\s*(\d{0,20})-(\d{0,20})\s*", header or "", re.ASCII)
    if asked and (asked[1] or asked[2]):
        if asked[1]:
            start, end = int(asked[1]), min(size - 1, int(asked[2]) if asked[2] else size - 1)
        else:
            start, end = max(0, size - int(asked[2])), size - 1
        if start >= size or end < start:
            return Response(b"", 416, headers={**headers, "content-range": f"bytes */{size}"})
        status, part = 206, content[start : end + 1]
        headers["content-range"] = f"bytes {start}-{end}/{size}"
    headers["content-length"] = str(len(part))
    return Response(b"" if head else part, status, headers=headers, media_type=media_type)
