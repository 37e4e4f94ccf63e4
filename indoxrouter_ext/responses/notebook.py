"""Rich output in notebooks: HTML and images, with everything that came from outside escaped."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Sequence
from html import escape
from typing import Any

__all__ = ["audio", "gallery", "image_bundle", "table"]

_SHOWN_BYTES = 8 * 1024 * 1024  # a notebook keeps its output in the file


def table(head: Sequence[str], rows: Iterable[Sequence[str]], caption: str = "") -> str:
    """An HTML table."""
    heads = "".join(f"<th>{escape(name)}</th>" for name in head)
    body = "".join(
        "<tr>" + "".join(f"<td>{escape(str(cell))}</td>" for cell in row) + "</tr>" for row in rows
    )
    text = f"<caption>{escape(caption)}</caption>" if caption else ""
    return f"<table>{text}<thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table>"


def _safe_url(url: str | None) -> str | None:
    return escape(url, quote=True) if url is not None and url.startswith(("https://", "http://")) else None


def _data_url(data: bytes, media_type: str) -> str:
    kind = escape(media_type, quote=True)
    return f"data:{kind};base64,{base64.b64encode(data).decode('ascii')}"


def image_bundle(data: bytes | None, url: str | None, text: str) -> dict[str, Any]:
    """What a notebook shows of an image: the image, when its bytes are here; else a link."""
    from ..files.image_input import media_type_of

    bundle: dict[str, Any] = {"text/plain": text}
    if data is not None and len(data) <= _SHOWN_BYTES:
        media_type = media_type_of(data)
        if media_type in ("image/png", "image/jpeg"):
            bundle[media_type] = base64.b64encode(data).decode("ascii")
        elif media_type is not None:
            bundle["text/html"] = f'<img src="{_data_url(data, media_type)}">'
    link = _safe_url(url)
    if link is not None:
        bundle["text/html"] = f'<img src="{link}" referrerpolicy="no-referrer">'
    return bundle


def gallery(images: Iterable[Any]) -> str:
    """Images side by side."""
    shown: list[str] = []
    for image in images:
        bundle = image._repr_mimebundle_()
        if "text/html" in bundle:
            shown.append(bundle["text/html"])
            continue
        for media_type in ("image/png", "image/jpeg"):
            if media_type in bundle:
                shown.append(f'<img src="data:{media_type};base64,{bundle[media_type]}">')
    return f"<div>{''.join(shown)}</div>"


def audio(data: bytes | None, url: str | None, kind: str | None, text: str | None) -> str:
    """A player for speech, or the text of a transcript."""
    media_type = "audio/" + {"mp3": "mpeg", None: "mpeg"}.get(kind, kind or "")
    if data is not None and len(data) <= _SHOWN_BYTES:
        source: str | None = _data_url(data, media_type)
    else:
        source = _safe_url(url)
    player = f'<audio controls preload="none" src="{source}"></audio>' if source else ""
    return player + (f"<pre>{escape(text)}</pre>" if text else "")
