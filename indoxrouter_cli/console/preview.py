"""Images in terminals that support the protocols of Kitty or iTerm2."""

from __future__ import annotations

import base64
import os
import sys
from collections.abc import Iterator, Mapping

_CHUNK = 4096  # characters of base64; the maximum of one chunk in Kitty's protocol


def detect_protocol(environment: Mapping[str, str] = os.environ) -> str | None:
    """The image protocol of the terminal: "kitty", "iterm", or None if it has none or does not announce it.

    Inside tmux and screen it is None: they discard both protocols.
    """
    term = environment.get("TERM", "")
    program = environment.get("TERM_PROGRAM", "")
    if environment.get("TMUX") or term.startswith(("screen", "tmux", "dumb")):
        return None
    if "kitty" in term or environment.get("KITTY_WINDOW_ID") or program == "ghostty":
        return "kitty"
    if program in ("iTerm.app", "WezTerm") or environment.get("LC_TERMINAL") == "iTerm2":
        return "iterm"
    return None


def show_image(data: bytes, name: str) -> bool:
    """Show an image on the standard output; returns whether the terminal supports it."""
    if not sys.stdout.isatty():
        return False
    sequence = encode_image(data, name, detect_protocol())
    if sequence is None:
        return False
    sys.stdout.write(sequence + "\n")
    sys.stdout.flush()
    return True


def encode_image(data: bytes, name: str, protocol: str | None) -> str | None:
    """The escape sequence that shows an image, or None if the protocol cannot. Kitty supports PNG only."""
    if protocol == "kitty":
        return "".join(_kitty(data)) if data.startswith(b"\x89PNG") else None
    if protocol == "iterm":
        label = base64.b64encode(name.encode()).decode()
        body = base64.b64encode(data).decode()
        return f"\x1b]1337;File=name={label};size={len(data)};inline=1;preserveAspectRatio=1:{body}\a"
    return None


def _kitty(data: bytes) -> Iterator[str]:
    body = base64.b64encode(data).decode()
    for start in range(0, len(body), _CHUNK):
        piece = body[start : start + _CHUNK]
        more = int(start + _CHUNK < len(body))
        control = f"a=T,f=100,m={more}" if start == 0 else f"m={more}"
        yield f"\x1b_G{control};{piece}\x1b\\"
