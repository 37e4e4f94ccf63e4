"""Prints the size and the structure of the project, and fails if a limit is exceeded.

For each part: lines and modules, the widest folder, imports inside functions and import circles. For one chat: the
modules of this project whose code runs. `python scripts/house.py` prints a table; with `--check` it also compares the
numbers with the limits.
"""

from __future__ import annotations

import argparse
import ast
import json
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

WIDEST_FOLDER = 14
"""Most modules of a folder, `__init__.py` not counted."""
CHAT_MODULES = 15
"""Most modules of this project whose code runs in one chat."""
REASONS = ("# cost", "# optional")
"""How the comment begins that gives the reason of an import inside a function."""


@dataclass(frozen=True)
class Part:
    """A part of the project, and its limits.

    Attributes:
        folder: its folder.
        lines: most lines of its modules, or None.
        late_imports: most imports inside functions, or None.
        explained: whether every import inside a function has its reason beside it, and no modules import one another.
    """

    folder: str
    lines: int | None = None
    late_imports: int | None = None
    explained: bool = False


PARTS = {
    "ext": Part("indoxrouter_ext", lines=14_000, late_imports=38, explained=True),
    "bulk": Part("indoxrouter_bulk", explained=True),
    "ray": Part("indoxrouter_ray", explained=True),
    "runtime": Part("templates/runtime", lines=5_130, explained=True),
    "generator": Part("generator", lines=13_830),
    "mock": Part("indoxrouter_mock"),
    "cli": Part("indoxrouter_cli", late_imports=60, explained=True),
}


@dataclass(frozen=True)
class Import:
    """One import statement of a module: the modules that it may name, its lines, and whether a function holds it."""

    targets: tuple[str, ...]
    lines: tuple[int, int]
    in_function: bool


@dataclass(frozen=True)
class Found:
    """What was counted in one part."""

    lines: int
    modules: int
    widest: tuple[str, int]
    late: tuple[tuple[Path, int], ...]
    unexplained: tuple[tuple[Path, int], ...]
    circles: tuple[tuple[str, ...], ...]


def modules_of(folder: Path, package: str) -> dict[str, Path]:
    """The modules below a folder by their dotted names; the folder itself is `package`."""
    found: dict[str, Path] = {}
    for path in sorted(folder.rglob("*.py")):
        parts = [package, *path.relative_to(folder).with_suffix("").parts]
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def imports_of(name: str, path: Path) -> Iterator[Import]:
    """Every import of a module: at its top, inside functions, and for type checkers only."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    package = name.split(".") if path.stem == "__init__" else name.split(".")[:-1]

    def visit(node: ast.AST, in_function: bool) -> Iterator[Import]:
        for child in ast.iter_child_nodes(node):
            inside = in_function or isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda))
            if isinstance(child, ast.Import):
                yield Import(tuple(alias.name for alias in child.names), _lines_of(child), in_function)
            elif isinstance(child, ast.ImportFrom):
                base = package[: len(package) - child.level + 1] if child.level else []
                origin = ".".join([*base, *([child.module] if child.module else [])])
                targets = [origin, *(f"{origin}.{alias.name}" for alias in child.names)]
                yield Import(tuple(targets), _lines_of(child), in_function)
            yield from visit(child, inside)

    return visit(tree, False)


def _lines_of(statement: ast.stmt) -> tuple[int, int]:
    return statement.lineno, statement.end_lineno or statement.lineno


def graph_of(modules: dict[str, Path]) -> dict[str, set[str]]:
    """Which modules import which, among those given. `from a import b` means the module `a.b` if there is one."""
    graph: dict[str, set[str]] = defaultdict(set)
    for name, path in modules.items():
        for found in imports_of(name, path):
            origin, *members = found.targets
            named = [member for member in members if member in modules]
            for target in named or ([origin] if origin in modules else []):
                if target != name:
                    graph[name].add(target)
    return graph


def circles_of(graph: dict[str, set[str]]) -> list[tuple[str, ...]]:
    """Groups of modules that import one another, by Tarjan's algorithm."""
    index: dict[str, int] = {}
    lowest: dict[str, int] = {}
    stack: list[str] = []
    circles: list[tuple[str, ...]] = []

    def visit(name: str) -> None:
        index[name] = lowest[name] = len(index)
        stack.append(name)
        for target in sorted(graph.get(name, ())):
            if target not in index:
                visit(target)
                lowest[name] = min(lowest[name], lowest[target])
            elif target in stack:
                lowest[name] = min(lowest[name], index[target])
        if lowest[name] == index[name]:
            members = stack[stack.index(name) :]
            del stack[stack.index(name) :]
            if len(members) > 1:
                circles.append(tuple(sorted(members)))

    for name in sorted(graph):
        if name not in index:
            visit(name)
    return circles


def count(part: Part, root: Path = ROOT) -> Found:
    """Count one part."""
    folder = root / part.folder
    modules = modules_of(folder, folder.name)
    lines = 0
    width: dict[str, int] = defaultdict(int)
    late: list[tuple[Path, int]] = []
    unexplained: list[tuple[Path, int]] = []
    for name, path in modules.items():
        text = path.read_text(encoding="utf-8").split("\n")
        lines += len(text) - 1
        width[str(path.parent.relative_to(root))] += path.stem != "__init__"
        for found in imports_of(name, path):
            if found.in_function:
                first, last = found.lines
                place = (path.relative_to(root), first)
                late.append(place)
                around = "\n".join(text[max(0, first - 2) : last])  # the line above as well
                if not any(reason in around for reason in REASONS):
                    unexplained.append(place)
    widest = max(width.items(), key=lambda item: item[1])
    graph = graph_of(modules)
    return Found(lines, len(modules), widest, tuple(late), tuple(unexplained), tuple(circles_of(graph)))


_CHAT = """
import json, sys
from pathlib import Path

root, ran = Path(sys.argv[1]), set()

def trace(frame, event, argument):
    ran.add(frame.f_code.co_filename)

class Response:
    status = 200

    def __init__(self):
        self.headers = Headers([("Content-Type", "application/json")])

    def iter_raw(self):
        yield b'{"success": true, "message": "", "data": "An answer.", "model": "m", "provider": "p"}'

    def close(self):
        pass

class Engine:
    name = "canned"

    def send(self, request):
        return Response()

    def close(self):
        pass

from indoxrouter import Client
from indoxrouter._runtime.http.interface import Headers

with Client("indox-" + "k" * 32, base_url="http://127.0.0.1:1", auth="api_key", engine=Engine()) as client:
    messages = [{"role": "user", "content": "x"}]
    assert client.chat(messages).text == "An answer."
    sys.setprofile(trace)
    client.chat(messages).text
    sys.setprofile(None)
places = (root / "indoxrouter_ext", root / "generated")
ours = {name for name in ran if any(place in Path(name).parents for place in places)}
print(json.dumps(sorted(str(Path(name).relative_to(root)) for name in ours)))
"""


class ChatFailed(Exception):
    """The chat whose modules are counted could not be made."""


def chat_modules(root: Path = ROOT, python: str = sys.executable) -> list[str]:
    """The modules of this project whose code runs in one chat, the HTTP engine left out; in a fresh interpreter.

    Raises:
        ChatFailed: when the interpreter lacks the packages of the project, or the chat fails.
    """
    command = [python, "-c", _CHAT, str(root)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=root)
    if done.returncode:
        reason = (done.stderr.strip() or "no message").splitlines()[-1]
        remedy = "use the interpreter of the project: .venv/bin/python scripts/house.py"
        raise ChatFailed(f"one chat cannot be made with {python}: {reason}; {remedy}")
    names: list[str] = json.loads(done.stdout)
    return names


def complaints(part: Part, found: Found) -> Iterator[str]:
    """The limits of a part that are exceeded, as sentences."""
    if found.widest[1] > WIDEST_FOLDER:
        yield f"{found.widest[0]}: expected at most {WIDEST_FOLDER} modules, got {found.widest[1]}"
    if part.lines is not None and found.lines > part.lines:
        yield f"{part.folder}: expected at most {part.lines:,} lines, got {found.lines:,}"
    if part.late_imports is not None and len(found.late) > part.late_imports:
        yield f"{part.folder}: expected at most {part.late_imports} imports inside functions, got {len(found.late)}"
    if part.explained:
        for path, line in found.unexplained:
            yield f"{path}:{line}: an import inside a function needs its reason ({' or '.join(REASONS)} …)"
    for circle in found.circles if part.explained else ():
        yield f"{part.folder}: these modules import one another: {', '.join(circle)}"


def main(arguments: list[str] | None = None) -> int:
    """Print the table. Returns the exit status: 0, 1 if a limit is exceeded, 2 if the chat cannot be made."""
    parser = argparse.ArgumentParser(description="Print the size and the structure of the project.")
    parser.add_argument("--check", action="store_true", help="fail if a limit is exceeded")
    parser.add_argument("--circles", action="store_true", help="also print the modules of each circle")
    options = parser.parse_args(arguments)
    wrong: list[str] = []
    print(f"{'part':<10} {'lines':>7} {'modules':>8} {'late imports':>13} {'circles':>8}  widest folder")
    for name, part in PARTS.items():
        found = count(part)
        widest = f"{found.widest[0]} ({found.widest[1]})"
        late, circles = len(found.late), len(found.circles)
        print(f"{name:<10} {found.lines:>7,} {found.modules:>8} {late:>13} {circles:>8}  {widest}")
        wrong += complaints(part, found)
        for circle in found.circles if options.circles else ():
            print(f"{'':<10} {', '.join(circle)}")
    try:
        modules = chat_modules()
    except ChatFailed as error:
        print(f"house: {error}", file=sys.stderr)
        return 2
    print(f"one chat   {len(modules)} modules run")
    if len(modules) > CHAT_MODULES:
        wrong.append(f"one chat: expected at most {CHAT_MODULES} modules, got {len(modules)}")
    if options.check:
        for line in wrong:
            print(f"house: {line}", file=sys.stderr)
    return int(options.check and bool(wrong))


if __name__ == "__main__":
    raise SystemExit(main())
