"""One environment for each subject, under bench/.envs: so that none of them pays for another's packages."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

__all__ = ["PACKAGES", "python_of"]

ROOT = Path(__file__).resolve().parent.parent
ENVIRONMENTS = ROOT / "bench" / ".envs"

# Versions are pinned where a figure is compared over time; what they depend on is whatever their authors allow.
PACKAGES: dict[str, list[str]] = {
    "httpx": ["httpx==0.28.1"],
    "aiohttp": ["aiohttp==3.14.1"],
    "pyreqwest": ["pyreqwest==0.15.1"],
    "default": ["httpx==0.28.1", "attrs", "msgspec", "sniffio", "typing_extensions; python_version < '3.11'"],
    "fast": [
        "httpx==0.28.1",
        "attrs",
        "msgspec",
        "sniffio",
        "httptools==0.9.0",
        "typing_extensions; python_version < '3.11'",
    ],
    "published": ["indoxrouter==0.1.39"],
    "openai": ["openai"],
    "anthropic": ["anthropic"],
}
OURS = frozenset({"default", "fast"})


def python_of(subject: str) -> Path:
    """The interpreter of a subject's environment, built when it is first asked for."""
    place = ENVIRONMENTS / subject
    python = place / ("Scripts" if sys.platform == "win32" else "bin") / "python"
    ready = place / "ready"
    wanted = "\n".join(PACKAGES[subject])
    if ready.exists() and ready.read_text() == wanted:
        return python
    print(f"bench: building the environment of {subject}", file=sys.stderr, flush=True)
    subprocess.run([sys.executable, "-m", "venv", "--clear", str(place)], check=True)
    subprocess.run(
        [str(python), "-m", "pip", "install", "-qq", "--disable-pip-version-check", *PACKAGES[subject]],
        check=True,
    )
    if subject in OURS:
        site = subprocess.run(
            [str(python), "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"],
            check=True,
            capture_output=True,
            text=True,
        ).stdout.strip()
        Path(site, "checkout.pth").write_text(f"{ROOT}\n{ROOT / 'generated'}\n")
    ready.write_text(wanted)
    return python
