"""Embeds every line of a file into one NumPy file, with a hundred lines per request and several concurrent requests.

python examples/batch_embedding.py lines.txt vectors.npy
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import numpy as np
from indoxrouter import AsyncClient
from numpy.typing import NDArray

LINES_A_REQUEST = 100
AT_ONCE = 4


async def embed(client: AsyncClient, gate: asyncio.Semaphore, lines: list[str]) -> NDArray[np.floating]:
    """Send one request; returns one row per line."""
    async with gate:
        response = await client.embeddings(lines)
    counted = "1 line" if len(lines) == 1 else f"{len(lines)} lines"
    print(f"✓ {counted}, {response.dimensions} dimensions, ${response.cost or 0:.6f}")
    return response.to_numpy()


async def main(source: str, target: str) -> None:
    """Embed all lines, in order."""
    lines = [line for line in Path(source).read_text(encoding="utf-8").splitlines() if line.strip()]
    if not lines:
        raise SystemExit(f"{source} has no lines")
    pieces = [lines[start : start + LINES_A_REQUEST] for start in range(0, len(lines), LINES_A_REQUEST)]
    gate = asyncio.Semaphore(AT_ONCE)
    async with AsyncClient() as client:
        vectors = np.vstack(await asyncio.gather(*(embed(client, gate, piece) for piece in pieces)))
    np.save(target, vectors)
    print(f"{target} contains an array of {vectors.shape[0]} × {vectors.shape[1]} numbers")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        raise SystemExit(__doc__)
    asyncio.run(main(sys.argv[1], sys.argv[2]))
