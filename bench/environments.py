"""One environment for each subject, under bench/.envs: so that none of them pays for another's packages."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from collections.abc import Sequence
from functools import cache
from pathlib import Path

__all__ = ["PACKAGES", "ROOT", "pin", "python_of"]

ROOT = Path(__file__).resolve().parent.parent
ENVIRONMENTS = ROOT / "bench" / ".envs"
# The versions of everything that these packages brought along, so that figures can be compared over time. They are
# constraints: another platform may need other packages, and gets them.
PINS = ROOT / "bench" / "pins.json"

OUR_PACKAGES = [
    "httpx==0.28.1",
    "httptools==0.9.0",
    "attrs",
    "msgspec",
    "truststore",
    "typing_extensions; python_version < '3.11'",
]
PACKAGES: dict[str, list[str]] = {
    "httpx": ["httpx==0.28.1"],
    "aiohttp": ["aiohttp==3.14.1"],
    "default": OUR_PACKAGES,
    "over_httpx": OUR_PACKAGES,
    "published": ["indoxrouter==0.1.39"],
    "openai": ["openai==3.51.0"],
    "anthropic": ["anthropic==2.10.0"],
    "litellm": ["litellm==1.106.2"],
    "mistralai": ["mistralai==3.7.0"],
    "openrouter": ["openrouter==1.3.84"],
    "pyreqwest": ["pyreqwest==0.15.1"],
    "urllib3": ["urllib3==2.8.0"],
    "httpx-aiohttp": ["httpx==0.28.1", "httpx-aiohttp==0.2.0"],
    "httpx-pyreqwest": ["httpx==0.28.1", "pyreqwest==0.15.1"],
    "socket": ["orjson==3.13.0"],
}
OURS = frozenset({"default", "over_httpx"})


@cache
def _packages(subject: str) -> list[str]:
    """What is asked for in a subject's environment, and below it what else it holds."""
    pins: list[str] = json.loads(PINS.read_text()).get(subject, []) if PINS.exists() else []
    return [*PACKAGES[subject], "", *pins]


@cache
def _place(subject: str) -> Path:
    """A directory for these packages and no others: another state of this file never meets them half replaced."""
    content = "\n".join(_packages(subject)) + (str(ROOT) if subject in OURS else "")
    return ENVIRONMENTS / f"{subject}-{hashlib.sha256(content.encode()).hexdigest()[:8]}"


def _python(place: Path) -> Path:
    return place / ("Scripts" if sys.platform == "win32" else "bin") / "python"


@cache
def python_of(subject: str) -> Path:
    """The interpreter of a subject's environment, built when it is first asked for and when its packages change."""
    place = _place(subject)
    if not (place / "ready").exists():
        print(f"bench: building the environment of {subject}", file=sys.stderr, flush=True)
        _build(subject, place)
    return _python(place)


def _build(subject: str, place: Path) -> None:
    subprocess.run([sys.executable, "-m", "venv", "--clear", str(place)], check=True)
    wanted = PACKAGES[subject]
    constraints = place / "constraints.txt"
    constraints.write_text("\n".join(_packages(subject)[len(wanted) :]) + "\n")
    install = ["-m", "pip", "install", "-qq", "--disable-pip-version-check", "-c", str(constraints)]
    subprocess.run([str(_python(place)), *install, *wanted], check=True)
    if subject in OURS:
        paths = _output(place, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))").strip()
        Path(paths, "checkout.pth").write_text(f"{ROOT}\n{ROOT / 'generated'}\n")
    (place / "ready").touch()


def pin(subjects: Sequence[str]) -> None:
    """Write down what fresh environments hold: all packages with their versions, and no addresses."""
    PINS.unlink(missing_ok=True)
    _packages.cache_clear()
    _place.cache_clear()
    python_of.cache_clear()
    pins: dict[str, list[str]] = {}
    for subject in subjects:
        python_of(subject)
        pins[subject] = _output(_place(subject), "-m", "pip", "freeze").split()
    PINS.write_text(json.dumps(pins, indent=1) + "\n")


def _output(place: Path, *arguments: str) -> str:
    return subprocess.run(
        [str(_python(place)), *arguments], check=True, capture_output=True, text=True
    ).stdout
