"""Images: real PNGs of the size asked for, by URL or as base64."""

from __future__ import annotations

import base64
from typing import Any

from ..answers.billing import enter, envelope, find_model, must_afford, simulated_latency, usage
from ..content import fake_text as prose
from ..content.png import LARGEST, picture, size_of
from ..request.call import Call, operation
from ..spec.errors import bad
from ..state.models import Model

HD_FACTOR = 2.0
MOST_IMAGES = 10


@operation("createImage")
def create_image(call: Call) -> dict[str, Any]:
    model, images, used = draw(call)
    message = "Successfully generated image"
    size = call.field("size")
    if not size_of(size, call.field("aspect_ratio"))[1]:
        message = f"the size {(size or call.field('aspect_ratio'))!r} is not known here; 1024x1024 was made"
    return envelope(call, model, images, used, message)


def draw(call: Call) -> tuple[Model, list[dict[str, Any]], dict[str, Any]]:
    """The model, the images with a URL or base64 each, and the usage, billed. Raises Problem 404, 402, or 400 for
    an impossible size.
    """
    prompt = call.body["prompt"]
    model = find_model(call, "image")
    (width, height), _ = size_of(call.field("size"), call.field("aspect_ratio"))
    if not 1 <= width <= LARGEST or not 1 <= height <= LARGEST:
        raise bad("body/size", f"{width}x{height} is not a size from 1x1 to {LARGEST}x{LARGEST}")
    count = call.field("n", 1)
    if isinstance(count, float) and count.is_integer():  # 2.0 is an integer to JSON Schema
        count = int(count)
    if not isinstance(count, int) or not 1 <= count <= MOST_IMAGES:
        raise bad("body/n", f"{count!r} is not a number of images from 1 to {MOST_IMAGES}")
    tokens = prose.count(prompt)
    fixed = model.unit * count * (HD_FACTOR if call.field("quality") in ("hd", "high") else 1.0)
    used = usage(call, model, tokens, 0, fixed=fixed)
    must_afford(call, used["cost"])
    seed = f"{call.state.seed}/{call.field('seed', '')}/{call.field('style', '')}"
    inline = call.field("response_format") == "b64_json" or (
        model.id.startswith("gpt-image") and call.field("response_format") is None
    )
    images: list[dict[str, Any]] = []
    for index in range(count):
        content = picture(
            prompt, f"{seed}/{index}", width, height, transparent=call.field("background") == "transparent"
        )
        images.append(
            {
                "url": None if inline else call.url(call.state.serve(content, "image/png", "png")),
                "b64_json": base64.b64encode(content).decode() if inline else None,
                "revised_prompt": f"{prompt}, in bright tiles" if model.id == "dall-e-3" else None,
            }
        )
    enter(
        call,
        model,
        tokens_in=tokens,
        tokens_out=0,
        cost=used["cost"],
        latency=simulated_latency(0),
        prompt=prompt,
    )
    return model, images, used
