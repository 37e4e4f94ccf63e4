"""Images in OpenAI's shapes: made, changed and varied, whole or as events."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from typing import Any

from ..answers.billing import find_model
from ..answers.reply import delay_of
from ..base.reply import Reply, Stream
from ..content.png import image_format, png_image, size_of
from ..operations.images import draw
from ..request.call import Call
from ..spec.errors import invalid_value

Event = dict[str, Any]


def generate(call: Call) -> Reply | Event:
    """PNG images for a prompt, by URL or in base64."""
    return _answer(call, "image_generation")


def edit(call: Call) -> Reply | Event:
    """PNG images for a prompt and other images. The mock looks at these only as far as to tell them apart."""
    source = _source(call, "image", "image[]", "mask")
    return _answer(call, "image_edit", source)


def vary(call: Call) -> Event:
    """PNG images that depend on another one."""
    source = _source(call, "image")
    call.change("prompt", f"variation {source[:8]}")
    return _whole(call, source)


def _drawn(call: Call, source: str) -> tuple[list[Event], Event]:
    """The images and the usage. Raises ApiError 400 for a size that the model does not make.

    The native API takes other sizes: its documents show 512x512 with a model that OpenAI gives larger ones only.
    """
    model = find_model(call, "image")
    size = call.text("size")
    if model.sizes and size not in ("", "auto", *model.sizes):
        known = ", ".join(model.sizes)
        raise invalid_value("body/size", f"{size!r} is none of the sizes that {model.id} makes: {known}")
    _, found, used = draw(call, source)
    return found, used


def _source(call: Call, *fields: str) -> str:
    """A digest of the images that were sent. Raises ApiError 400 for a file that is not an image."""
    digest = hashlib.sha256()
    for field in fields:
        upload = call.files.get(field)
        if upload is None and field not in call.body:
            continue
        if upload is None or image_format(upload.content) is None:
            raise invalid_value(
                f"body/{field}", "the file is not an image: PNG, JPEG, GIF or WebP is expected"
            )
        digest.update(upload.content)
    return digest.hexdigest()


def _answer(call: Call, kind: str, source: str = "") -> Reply | Event:
    if call.body.get("stream") is not True:
        return _whole(call, source)
    call.change("response_format", "b64_json")
    found, used = _drawn(call, source)
    events = list(_events(call, kind, found, used))
    return Reply(
        stream=Stream(
            id=f"img_{call.request_id}",
            events=lambda: iter(events),
            close=lambda: None,  # it was billed when the images were made
            stop=lambda: None,
            delay=delay_of(call),
            held=sum(len(event["b64_json"]) for event in events),
        )
    )


def _whole(call: Call, source: str) -> Event:
    found, _ = _drawn(call, source)
    return {
        "created": int(call.started),
        "data": [{name: value for name, value in image.items() if value is not None} for image in found],
    }


def _events(call: Call, kind: str, found: list[Event], used: Event) -> Iterator[Event]:
    (width, height), _ = size_of(call.text("size"), None)
    described = {
        "created_at": int(call.started),
        "size": f"{width}x{height}",
        "quality": call.text("quality", "auto"),
        "background": call.text("background", "auto"),
        "output_format": "png",
    }
    partial = call.whole("partial_images", 0)
    for image in found:
        for index in range(partial):
            sketch = png_image(call.body["prompt"], f"sketch {index}", width, height)
            encoded = base64.b64encode(sketch).decode()
            yield {
                "type": f"{kind}.partial_image",
                "b64_json": encoded,
                "partial_image_index": index,
                **described,
            }
        tokens = used["tokens_prompt"]
        usage = {
            "total_tokens": tokens,
            "input_tokens": tokens,
            "output_tokens": 0,
            "input_tokens_details": {"text_tokens": tokens, "image_tokens": 0},
        }
        yield {"type": f"{kind}.completed", "b64_json": image["b64_json"], "usage": usage, **described}
