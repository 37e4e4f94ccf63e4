"""Images: real PNGs of the size asked for, by URL or as base64."""

from __future__ import annotations

import base64
import re
from typing import Any

from ..answers.billing import envelope, find_model, record_usage, require_credit, usage
from ..content import fake_text
from ..content.png import LARGEST, png_image, size_of
from ..request.call import Call, operation
from ..request.limits import MOST_PIXELS, check_length, check_most
from ..spec.errors import invalid_value
from ..state.models import Model

HD_FACTOR = 2.0
MOST_IMAGES = 100
"""Bounds the work. How many images a request may ask for is in the description, which may have no limit."""
PIXELS = re.compile(r"\s*[-+]?\d[\d.,_eE]*\s*[xX×*]\s*[-+]?\d")
"""A size that gives a width and a height, valid or not. Other sizes are names, which depend on the provider."""


@operation("createImage")
def create_image(call: Call) -> dict[str, Any]:
    """PNG images for a prompt, by URL or as base64."""
    model, images, used = draw(call)
    message = "Successfully generated image"
    size = call.text("size")
    if not size_of(size, call.text("aspect_ratio"))[1]:
        message = f"the size {(size or call.field('aspect_ratio'))!r} is not known here; 1024x1024 was made"
    return envelope(call, model, images, used, message)


def draw(call: Call, source: str = "") -> tuple[Model, list[dict[str, Any]], dict[str, Any]]:
    """The model, the images with a URL or base64 each, and the usage, billed. `source` is a digest of the images that
    they are made from. Raises ApiError 404, 402, or 400 for an impossible size.
    """
    prompt = call.body["prompt"]
    model = find_model(call, "image")
    size = call.text("size")
    (width, height), known = size_of(size, call.text("aspect_ratio"))
    if not known and PIXELS.match(size):
        raise invalid_value(
            "body/size", f"{size[:100]!r} is not a width and a height in pixels, as 1024x1024"
        )
    if not 1 <= width <= LARGEST or not 1 <= height <= LARGEST:
        raise invalid_value("body/size", f"{width}x{height} is not a size from 1x1 to {LARGEST}x{LARGEST}")
    count = call.whole("n", 1)
    if not 1 <= count <= MOST_IMAGES:
        raise invalid_value("body/n", f"{count!r} is not a number of images from 1 to {MOST_IMAGES}")
    check_most("body/size", "pixels in all images", count * width * height, MOST_PIXELS)
    check_length("body/prompt", len(prompt))
    tokens = fake_text.count_tokens(prompt)
    fixed = model.unit * count * (HD_FACTOR if call.text("quality") in ("hd", "high") else 1.0)
    used = usage(call, model, tokens, 0, fixed=fixed)
    require_credit(call, used["cost"])
    seed = f"{call.state.seed}/{call.field('seed', '')}/{call.field('style', '')}{source}"
    inline = call.text("response_format") == "b64_json" or (
        model.id.startswith("gpt-image") and not call.text("response_format")
    )
    images: list[dict[str, Any]] = []
    for index in range(count):
        content = png_image(
            prompt, f"{seed}/{index}", width, height, transparent=call.text("background") == "transparent"
        )
        images.append(
            {
                "url": None if inline else call.url(call.state.store_file(content, "image/png", "png")),
                "b64_json": base64.b64encode(content).decode() if inline else None,
                "revised_prompt": f"{prompt}, in bright tiles" if model.id == "dall-e-3" else None,
            }
        )
    record_usage(call, model, used, prompt=prompt)
    return model, images, used
