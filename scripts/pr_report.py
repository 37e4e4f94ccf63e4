"""Writes what a change does to users into one page of Markdown, for a pull request.

`python scripts/pr_report.py BASE` compares the work tree with a git ref: the description in Python names, the public
surface, size and start-up, and the speed of the parts whose files changed. Both trees are measured with this
interpreter, in turns, without a network. Any CI can call it; nothing is sent anywhere.
"""

from __future__ import annotations

import argparse
import html
import io
import json
import os
import subprocess
import sys
import tarfile
import tempfile
import zlib
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "build" / "pr-report.md"
WHEEL = ("generated/indoxrouter", "indoxrouter_ext")
IMPORT, CLIENT = (
    "import indoxrouter",
    "from indoxrouter import Client; Client('indox-' + 'k' * 32, authenticate=False)",
)

# Types that are longer are shortened, and this many names with the same difference become one line.
LONGEST = 90
MANY = 5

# What is measured when files below one of these folders changed.
PARTS = {
    "chat": ("indoxrouter_ext/", "templates/runtime/", "generated/"),
    "stream of 2,000 events": ("indoxrouter_ext/streaming/", "indoxrouter_ext/calls/"),
    "256 embeddings": (
        "indoxrouter_ext/responses/",
        "templates/runtime/codecs/",
        "templates/runtime/models/",
    ),
    "400 models": ("templates/runtime/codecs/", "templates/runtime/models/", "templates/model", "generated/"),
}
_PROGRAM = """
import json, sys, time

from indoxrouter import Client
from indoxrouter._runtime.http.interface import Headers

CASES = json.loads(sys.argv[1])
ANSWER = {"success": True, "message": "", "data": "An answer.", "model": "m", "provider": "p"}
VECTORS = {**ANSWER, "data": [[0.1] * 1536 for _ in range(256)]}
MODELS = [{"id": "p", "models": [{"id": f"m{n}", "name": "M", "pricing": {"input": 0.1}} for n in range(400)]}]
EVENT = {"id": "c", "choices": [{"index": 0, "delta": {"content": "word "}, "finish_reason": None}]}
EVENTS = b"".join(b"data: " + json.dumps(EVENT).encode() + b"\\n\\n" for _ in range(2000)) + b"data: [DONE]\\n\\n"


class Response:
    status = 200
    deadline = None

    def __init__(self, body, kind):
        self.headers = Headers([("Content-Type", kind)])
        self.body = body

    def iter_raw(self):
        yield self.body

    def close(self):
        pass

    abort = close


class Engine:
    name = "canned"

    def __init__(self, body, kind):
        self.body, self.kind = body, kind

    def send(self, request):
        return Response(self.body, self.kind)

    def close(self):
        pass


def client(value):
    stream = isinstance(value, bytes)
    body, kind = (value, "text/event-stream") if stream else (json.dumps(value).encode(), "application/json")
    engine = Engine(body, kind)
    return Client("indox-" + "k" * 32, base_url="http://127.0.0.1:1", auth="api_key", engine=engine)


MESSAGES = [{"role": "user", "content": "x"}]
chatting, streaming, embedding, listing = client(ANSWER), client(EVENTS), client(VECTORS), client(MODELS)
DO = {
    "chat": (300, lambda: chatting.chat(MESSAGES).text),
    "stream of 2,000 events": (3, lambda: sum(len(c.text) for c in streaming.chat(MESSAGES, stream=True))),
    "256 embeddings": (3, lambda: len(embedding.embeddings("x", "m").data)),
    "400 models": (20, lambda: [m.name for p in listing.models().providers for m in p.models]),
}
found = {}
for name in CASES:
    times, action = DO[name]
    action()
    taken = []
    for _ in range(5):
        began = time.perf_counter()
        for _ in range(times):
            action()
        taken.append((time.perf_counter() - began) / times)
    found[name] = min(taken)
print(json.dumps(found))
"""


class NoSuchBase(Exception):
    """The ref does not exist, or there is no git repository."""


def checkout(base: str, target: Path, root: Path = ROOT) -> None:
    """Write the files of a git ref into a directory.

    Raises:
        NoSuchBase: with what git says.
    """
    done = subprocess.run(["git", "archive", base], cwd=root, capture_output=True, check=False)
    if done.returncode != 0:
        raise NoSuchBase(done.stderr.decode(errors="replace").strip() or f"{base}: no such ref")
    with tarfile.open(fileobj=io.BytesIO(done.stdout)) as archive:
        archive.extractall(target, filter="data")


def fork_of(base: str, root: Path = ROOT) -> str:
    """The commit where this branch left a ref, so that what others did since then does not count."""
    command = ["git", "merge-base", base, "HEAD"]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    return done.stdout.strip() if done.returncode == 0 else base


def changed_files(base: str, root: Path = ROOT) -> list[str]:
    """The files that differ from a git ref, those that are not committed included."""
    command = ["git", "diff", "--name-only", base, "--"]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True)
    return done.stdout.splitlines()


def parts_of(files: Sequence[str]) -> list[str]:
    """What to measure for a set of changed files."""
    return [
        name
        for name, folders in PARTS.items()
        if any(f.startswith(folder) for f in files for folder in folders)
    ]


# ── sections ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def description(base: Path, root: Path) -> str:
    """The changes of the description, as `make diff` shows them."""
    spec = root / "openapi.yaml"
    if (base / "openapi.yaml").read_bytes() == spec.read_bytes():
        return "`openapi.yaml` did not change."
    command = ["diff", str(base / "openapi.yaml"), str(spec), "--format", "markdown", "--fail-on", "never"]
    # Without its heading: the files have the same name, and the section has a heading.
    text = _run(root, ["-m", "generator", *command]).strip().partition("\n\n")[2]
    return text.replace(f"{base}/", "").replace(f"{root}/", "")


def surface(base: Path, root: Path) -> str:
    """The public names whose signatures or types differ: what breaks by itself, the rest grouped by what happened."""
    program = (
        "import json, sys; from pathlib import Path\n"
        "from generator.compatibility.surface import surface_of\n"
        "from generator.compatibility.surface_compare import compare_surfaces\n"
        "from generator.compatibility.surface_record import load_config\n"
        "here, there = load_config(Path(sys.argv[1])), load_config(Path(sys.argv[2]))\n"
        "old, new = surface_of(there.roots, there.search), surface_of(here.roots, here.search)\n"
        "print(json.dumps([(d.path, d.what, d.breaks) for d in compare_surfaces(old, new)]))\n"
    )
    found: list[tuple[str, str, str]] = json.loads(_run(root, ["-c", program, str(root), str(base)]))
    if not found:
        return "No public name changed."
    breaks: dict[str, list[str]] = {}
    keeps: dict[str, list[str]] = {}
    for path, what, why in found:
        what = shortened(what)
        (breaks if why else keeps).setdefault(f"{what} ({why})" if why else what, []).append(path)
    parts: list[str] = []
    for title, groups in (("Breaks code", breaks), ("Breaks nothing", keeps)):
        if groups:
            lines = [in_one_line(what, paths) for what, paths in groups.items()]
            parts.append("\n".join([f"### {title} ({sum(map(len, groups.values()))})", "", *lines]))
    return "\n\n".join(parts)


def shortened(text: str) -> str:
    """Long types, such as unions of all the values of an enum, say by their ends what they are."""
    return " → ".join(
        part if len(part) <= LONGEST else f"{part[: LONGEST // 2]} … {part[-LONGEST // 2 :]}"
        for part in text.split(" → ")
    )


def in_one_line(what: str, paths: Sequence[str]) -> str:
    """One row of a list: a single name, or how many names, unfolded on request."""
    if len(paths) < MANY:
        return "\n".join(f"- {path}: {what}" for path in paths)
    listed = "<br>".join(paths)
    return f"- <details><summary>{len(paths)} names: {html.escape(what)}</summary>{listed}</details>"


def size(base: Path, root: Path) -> str:
    """Modules and bytes of what the wheel holds; compressed as a wheel compresses them."""
    rows = ["| | base | this | |", "| --- | ---: | ---: | ---: |"]
    before, after = _sizes(base), _sizes(root)
    for name, old, new in zip(("modules", "bytes", "bytes, compressed"), before, after, strict=True):
        rows.append(f"| {name} | {old:,} | {new:,} | {new - old:+,} |")
    return "\n".join(rows)


def _sizes(root: Path) -> tuple[int, int, int]:
    files = [path for folder in WHEEL for path in sorted((root / folder).rglob("*.py"))]
    texts = [path.read_bytes() for path in files]
    return len(files), sum(map(len, texts)), sum(len(zlib.compress(text, 6)) for text in texts)


def start_up(base: Path, root: Path, rounds: int) -> str:
    """Milliseconds of a fresh interpreter, and how many modules it loads; the best of alternating runs."""
    rows = ["| | base | this | ratio |", "| --- | ---: | ---: | ---: |"]
    for name, code in (("`import indoxrouter`", IMPORT), ("the same, and a client", CLIENT)):
        program = (
            f"import sys, time; began = time.perf_counter(); {code}; "
            "print(time.perf_counter() - began, len(sys.modules))"
        )
        taken: dict[Path, list[float]] = {base: [], root: []}
        modules: dict[Path, int] = {}
        for tree in (base, root):
            _run(tree, ["-c", program])  # compiles the modules, which is not to be measured
        for _ in range(rounds):
            for tree in (base, root):
                seconds, count = _run(tree, ["-c", program]).split()
                taken[tree].append(float(seconds))
                modules[tree] = int(count)
        old, new = (min(taken[tree]) * 1000 for tree in (base, root))
        rows.append(f"| {name}, ms | {old:.1f} | {new:.1f} | {new / old:.2f} |")
        rows.append(
            f"| {name}, modules | {modules[base]} | {modules[root]} | {modules[root] - modules[base]:+} |"
        )
    return "\n".join(rows)


def benchmark(base: Path, root: Path, names: Sequence[str], rounds: int) -> str:
    """Microseconds without a network; the best of alternating processes."""
    if not names:
        return "No file of a part that is measured changed."
    taken: dict[tuple[Path, str], list[float]] = {}
    for _ in range(rounds):
        for tree in (base, root):
            for name, seconds in json.loads(_run(tree, ["-c", _PROGRAM, json.dumps(list(names))])).items():
                taken.setdefault((tree, name), []).append(seconds)
    rows = ["| | base, µs | this, µs | ratio |", "| --- | ---: | ---: | ---: |"]
    for name in names:
        old, new = (min(taken[tree, name]) * 1e6 for tree in (base, root))
        rows.append(f"| {name} | {old:,.0f} | {new:,.0f} | {new / old:.2f} |")
    return "\n".join(rows)


def _run(tree: Path, arguments: list[str]) -> str:
    """What this interpreter prints with the packages of a tree."""
    environment = {**os.environ, "PYTHONPATH": f"{tree}{os.pathsep}{tree / 'generated'}"}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)  # each tree has its modules compiled when it is measured
    command = [sys.executable, *arguments]
    done = subprocess.run(command, cwd=tree, env=environment, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(
            f"{tree}: {done.stderr.strip().splitlines()[-1] if done.stderr.strip() else 'no message'}"
        )
    return done.stdout


# ── the page ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def page(ref: str, base: Path, root: Path, files: Sequence[str], rounds: int) -> str:
    """All sections."""
    sections = {
        "The API": description(base, root),
        "Public names": surface(base, root),
        "Size": size(base, root),
        "Start-up": start_up(base, root, rounds),
        "Speed of the changed parts": benchmark(base, root, parts_of(files), rounds),
        "How this was measured": (
            f"One interpreter ran both trees in turns; each number is the best of {rounds}. "
            "Other work on the machine shows as ratios that a second run does not repeat."
        ),
    }
    head = f"# Against `{ref}`: {len(files)} file{'' if len(files) == 1 else 's'} changed"
    return "\n\n".join([head, *(f"## {title}\n\n{text}" for title, text in sections.items())]) + "\n"


def main(arguments: list[str] | None = None) -> int:
    """Write the page; the exit code: 0, or 2 for a ref that does not exist."""
    parser = argparse.ArgumentParser(prog="pr_report", description=__doc__)
    parser.add_argument("base", metavar="BASE", help="a git ref, such as main or v0.2.0")
    parser.add_argument(
        "--output", type=Path, default=PAGE, metavar="FILE", help="the page (default: build/pr-report.md)"
    )
    parser.add_argument("--rounds", type=int, default=5, help="how often each tree is measured (default: 5)")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="indoxrouter-base-") as directory:
        base = Path(directory).resolve()
        try:
            fork = fork_of(options.base)
            checkout(fork, base)
            files = changed_files(fork)
        except NoSuchBase as error:
            print(f"error: BASE: {options.base!r} is no commit of this repository ({error})", file=sys.stderr)
            return 2
        text = page(options.base, base, ROOT, files, max(1, options.rounds))
    options.output.parent.mkdir(parents=True, exist_ok=True)
    options.output.write_text(text, encoding="utf-8")
    print(f"{options.output}: {len(text.splitlines())} lines")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
