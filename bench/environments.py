"""One environment for each subject, under bench/.envs: so that none of them pays for another's packages."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

__all__ = ["PACKAGES", "ROOT", "pin", "python_of"]

ROOT = Path(__file__).resolve().parent.parent
ENVIRONMENTS = ROOT / "bench" / ".envs"
# The versions of everything that these packages brought along, so that figures can be compared over time. They are
# constraints: another platform may need other packages, and gets them.
PINS = ROOT / "bench" / "pins.json"

OUR_PACKAGES = ["httpx==0.28.1", "attrs", "msgspec", "sniffio", "typing_extensions; python_version < '3.11'"]
PACKAGES: dict[str, list[str]] = {
    "httpx": ["httpx==0.28.1"],
    "aiohttp": ["aiohttp==3.14.1"],
    "default": OUR_PACKAGES,
    "fast": [*OUR_PACKAGES, "httptools==0.9.0"],
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
OURS = frozenset({"default", "fast"})


def _place(subject: str) -> Path:
    return ENVIRONMENTS / subject


def _python(subject: str) -> Path:
    return _place(subject) / ("Scripts" if sys.platform == "win32" else "bin") / "python"


def python_of(subject: str) -> Path:
    """The interpreter of a subject's environment, built when it is first asked for and when its packages change."""
    python, ready = _python(subject), _place(subject) / "ready"
    pins: list[str] = json.loads(PINS.read_text()).get(subject, []) if PINS.exists() else []
    wanted = "\n".join([*PACKAGES[subject], "", *pins])
    if ready.exists() and ready.read_text() == wanted:
        return python
    print(f"bench: building the environment of {subject}", file=sys.stderr, flush=True)
    subprocess.run([sys.executable, "-m", "venv", "--clear", str(_place(subject))], check=True)
    constraints = _place(subject) / "constraints.txt"
    constraints.write_text("\n".join(pins) + "\n")
    install = ["-m", "pip", "install", "-qq", "--disable-pip-version-check", "-c", str(constraints)]
    subprocess.run([str(python), *install, *PACKAGES[subject]], check=True)
    if subject in OURS:
        place = _output(subject, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))").strip()
        Path(place, "checkout.pth").write_text(f"{ROOT}\n{ROOT / 'generated'}\n")
    ready.write_text(wanted)
    return python


def pin(subjects: Sequence[str]) -> None:
    """Write down what the environments hold: all packages with their versions, and no addresses."""
    pins: dict[str, list[str]] = {}
    for subject in subjects:
        python_of(subject)
        pins[subject] = _output(subject, "-m", "pip", "freeze").split()
        wanted = "\n".join([*PACKAGES[subject], "", *pins[subject]])
        (_place(subject) / "ready").write_text(wanted)
    PINS.write_text(json.dumps(pins, indent=1) + "\n")


def _output(subject: str, *arguments: str) -> str:
    return subprocess.run(
        [str(_python(subject)), *arguments], check=True, capture_output=True, text=True
    ).stdout
