"""Answers questions from local text files: it embeds their paragraphs and asks with the most similar ones as context.

python examples/rag.py "Who wrote the first program?" notes.txt more.md
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from indoxrouter import Client

NEAREST = 3


def paragraphs(paths: list[str]) -> list[str]:
    """The paragraphs of all files, without empty ones."""
    texts = (Path(path).read_text(encoding="utf-8") for path in paths)
    return [part.strip() for text in texts for part in text.split("\n\n") if part.strip()]


def main(question: str, *paths: str) -> None:
    """Print the answer and the paragraphs that were used as context."""
    parts = paragraphs(list(paths))
    if not parts:
        raise SystemExit("The files contain no text.")
    with Client() as client:
        index = client.embeddings(parts).to_numpy()
        wanted = client.embeddings(question).to_numpy()[0]
        # The vectors have unit length, so the dot product is the cosine of the angle between them.
        best: list[int] = np.argsort(index @ wanted)[::-1][:NEAREST].tolist()
        context = "\n\n".join(parts[number] for number in best)
        response = client.chat(
            [
                {"role": "system", "content": "Answer from the context. If it says nothing, say so."},
                {"role": "user", "content": f"Context:\n{context}\n\nQuestion: {question}"},
            ]
        )
    print(response.text)
    print(f"\nfrom {len(best)} of {len(parts)} {'paragraph' if len(parts) == 1 else 'paragraphs'}:")
    for number in best:
        print(f"  {float(index[number] @ wanted):.2f}  {parts[number][:70]}")


if __name__ == "__main__":
    if len(sys.argv) < 3:
        raise SystemExit(__doc__)
    main(*sys.argv[1:])
