"""Generates images from prompts, several at a time, and an HTML page that shows them.

python examples/image_gallery.py gallery "a lighthouse at dusk" "a paper boat" "a red bicycle"
"""

from __future__ import annotations

import asyncio
import html
import sys
from pathlib import Path

from indoxrouter import AsyncClient, IndoxRouterError

AT_ONCE = 3


async def draw(client: AsyncClient, gate: asyncio.Semaphore, prompt: str, path: Path) -> str:
    """Generate one image; returns its figure for the page."""
    async with gate:
        try:
            response = await client.images(prompt)
            await response.images[0].save(path)
        except IndoxRouterError as error:
            print(f"✗ {prompt}: {error}")
            return f"<p>{html.escape(prompt)}: {html.escape(error.message)}</p>"
    print(f"✓ {prompt} → {path} (${response.cost or 0:.4f})")
    return (
        f'<figure><img src="{path.name}" width="320"><figcaption>{html.escape(prompt)}</figcaption></figure>'
    )


async def main(directory: str, *prompts: str) -> None:
    """Generate all images and the page."""
    target = Path(directory)
    target.mkdir(parents=True, exist_ok=True)
    gate = asyncio.Semaphore(AT_ONCE)
    async with AsyncClient() as client:
        names = [target / f"{number:02}.png" for number in range(1, len(prompts) + 1)]
        jobs = [draw(client, gate, prompt, path) for prompt, path in zip(prompts, names, strict=True)]
        figures = await asyncio.gather(*jobs)
    page = target / "index.html"
    page.write_text("<!doctype html><title>Gallery</title>\n" + "\n".join(figures), encoding="utf-8")
    print(f"{page} shows {len(figures)} {'image' if len(figures) == 1 else 'images'}")


if __name__ == "__main__":
    if len(sys.argv) < 3:
        raise SystemExit(__doc__)
    asyncio.run(main(*sys.argv[1:]))
