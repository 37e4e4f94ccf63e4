"""The clients on tour, and the environments in which they run."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).resolve().parent
TOURS, REQUIREMENTS = HERE / "tours", HERE / "requirements"
ENVIRONMENTS = ROOT / ".clients"
PUBLISHED = ROOT / ".published-clients"
PUBLISHED_PINS = ROOT / "tests" / "mock" / "published_clients.in"
INSTALL_SECONDS = 400


class Missing(Exception):
    """A client that cannot be installed here; the message says why."""


@dataclass(frozen=True)
class Client:
    """One row of the table. `packages` are those whose versions it shows; `pins` is the file that pins them."""

    name: str
    title: str
    tour: str
    packages: tuple[str, ...]
    arguments: tuple[str, ...] = ()

    @property
    def pins(self) -> Path:
        """The file with the versions."""
        if self.name in ("indoxrouter", "indoxhub"):
            return PUBLISHED_PINS
        return REQUIREMENTS / ("package.json" if self.on_node else f"{self.name}.in")

    @property
    def on_node(self) -> bool:
        """Whether the client is an npm package."""
        return self.tour.endswith(".mjs")

    @property
    def versions(self) -> str:
        """The packages with their pinned versions."""
        text = self.pins.read_text(encoding="utf-8")
        if self.on_node:
            known = json.loads(text)["dependencies"]
        else:
            lines = (line.partition("==") for line in text.splitlines() if "==" in line)
            known = {name.partition("[")[0]: version for name, _, version in lines}
        return ", ".join(f"{package} {known[package]}" for package in self.packages)


CLIENTS = (
    Client("openai", "OpenAI (Python)", "openai_tour.py", ("openai",)),
    Client("openai-npm", "OpenAI (Node)", "openai_npm_tour.mjs", ("openai",)),
    Client("vercel", "Vercel SDK", "vercel_tour.mjs", ("ai", "@ai-sdk/openai", "@ai-sdk/openai-compatible")),
    Client("langchain", "LangChain", "langchain_tour.py", ("langchain-openai", "langchain-tests")),
    Client("litellm", "litellm", "litellm_tour.py", ("litellm",)),
    Client(
        "llama-index",
        "LlamaIndex",
        "llama_index_tour.py",
        ("llama-index-llms-openai", "llama-index-embeddings-openai"),
    ),
    Client("pydantic-ai", "pydantic-ai", "pydantic_ai_tour.py", ("pydantic-ai-slim",)),
    Client("instructor", "instructor", "instructor_tour.py", ("instructor",)),
    Client("openai-agents", "OpenAI Agents", "openai_agents_tour.py", ("openai-agents",)),
    Client("smolagents", "smolagents", "smolagents_tour.py", ("smolagents",)),
    Client("llm", "llm", "llm_tour.py", ("llm",)),
    Client("indoxrouter", "indoxrouter on PyPI", "published_tour.py", ("indoxrouter",), ("indoxrouter",)),
    Client("indoxhub", "indoxhub on PyPI", "published_tour.py", ("indoxhub",), ("indoxhub",)),
)


def command(client: Client) -> tuple[list[str], Path]:
    """The command that runs a client's tour, and the directory to run it in. Raises Missing."""
    if client.on_node:
        place = _node_environment()
        for script in TOURS.glob("*.mjs"):  # Node looks for packages beside the script
            shutil.copy(script, place)
        return ["node", client.tour], place
    python = _python_environment(client)
    return [str(python), str(TOURS / client.tour), *client.arguments], TOURS


def _python_environment(client: Client) -> Path:
    place = PUBLISHED if client.pins == PUBLISHED_PINS else ENVIRONMENTS / client.name
    pins = client.pins.with_suffix(".txt")
    python = place / "bin" / "python"
    if _is_ready(place, pins):
        return python
    uv = str(Path(sys.executable).with_name("uv"))
    _install([uv, "venv", "--quiet", "--no-config", "--clear", "--python", sys.executable, str(place)])
    _install([uv, "pip", "install", "--quiet", "--no-config", "--python", str(python), "-r", str(pins)])
    _mark_ready(place, pins)
    return python


def _node_environment() -> Path:
    place, pins = ENVIRONMENTS / "node", REQUIREMENTS / "package.json"
    if shutil.which("node") is None or shutil.which("npm") is None:
        raise Missing("Node.js is not installed")
    if not _is_ready(place, pins):
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir(parents=True)
        shutil.copy(pins, place)
        _install(
            ["npm", "install", "--no-package-lock", "--no-audit", "--no-fund", "--loglevel", "error"], place
        )
        _mark_ready(place, pins)
    return place


def _install(order: list[str], place: Path = ROOT) -> None:
    environment = {**os.environ, "UV_SYSTEM_CERTS": "1"}
    try:
        found = subprocess.run(
            order,
            cwd=place,
            env=environment,
            capture_output=True,
            text=True,
            timeout=INSTALL_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise Missing(f"not installed after {INSTALL_SECONDS} s") from error
    if found.returncode:
        lines = [line.strip() for line in found.stderr.splitlines() if line.strip()] or [
            "no reason was given"
        ]
        raise Missing(f"the registry lacks it: {lines[-1][:160]}")


def _is_ready(place: Path, pins: Path) -> bool:
    ready = place / ".ready"
    if not ready.is_file():
        return False
    # `make test` builds the environment of the published clients, and leaves its mark empty.
    return ready.read_bytes() in (pins.read_bytes(), b"") and ready.stat().st_mtime >= pins.stat().st_mtime


def _mark_ready(place: Path, pins: Path) -> None:
    (place / ".ready").write_bytes(pins.read_bytes())
