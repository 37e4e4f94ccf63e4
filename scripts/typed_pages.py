"""Type-checks what users copy: the code blocks of the README and the docs, and the examples.

    python scripts/typed_pages.py                 mypy and pyright, strict, and pyright basic; any error fails
    python scripts/typed_pages.py --report        ty and pyrefly as well, if they are installed; reports only

The blocks of one page are one program, as a reader would paste them. A page that awaits outside a function becomes the
body of an asynchronous one. Programs for packages that this environment lacks are named and left out.
"""

from __future__ import annotations

import argparse
import ast
import json
import re
import shutil
import subprocess
import sys
import tempfile
import textwrap
from importlib.util import find_spec
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tests.docs.pages import blocks, pages  # noqa: E402  # the tests' own reading of a page

PYRIGHT = ROOT / "node_modules" / ".bin" / "pyright"
# A block that begins with the name of its file is a program of its own.
OWN_FILE = re.compile(r"# \w+\.py$")
# vcrpy leaves the types of most arguments out, so that strict checkers know too little of a program that uses it.
UNTYPED = {"vcr"}
LENIENT = '# pyright: basic\n# mypy: disable-error-code="import-untyped"\n'
_PATHS = ["--search-path", str(ROOT / "generated"), "--search-path", str(ROOT)]
REPORTED = {
    "ty": ["ty", "check", "--python", sys.executable],
    "pyrefly": ["pyrefly", "check", "--python-interpreter-path", sys.executable, *_PATHS],
}


def write_pages(folder: Path) -> None:
    """One module for each page that has Python blocks. Each line stays where it is on the page."""
    for page in pages():
        programs: list[list[str]] = [[]]
        for block in blocks(page):
            if block.language == "python":
                text = block.text.splitlines()
                if text and OWN_FILE.match(text[0]):
                    programs.append([])
                lines = programs[-1] if text and OWN_FILE.match(text[0]) else programs[0]
                lines += [""] * (block.line - len(lines)) + text
        for number, lines in enumerate(programs):
            if lines:
                name = re.sub(r"\W", "_", page.relative_to(ROOT).with_suffix("").as_posix())
                _write(folder / f"page_{name}{f'_{number}' if number else ''}.py", "\n".join(lines) + "\n")


def _write(path: Path, text: str) -> None:
    missing = sorted(name for name in _modules(text) if _is_missing(name))
    if missing:
        print(f"typed pages: {path.stem} needs {', '.join(missing)}, which this environment lacks")
    else:
        packages = {name.partition(".")[0] for name in _modules(text)}
        path.write_text((LENIENT if UNTYPED & packages else "") + _callable(text), "utf-8")


def _is_missing(module: str) -> bool:
    try:
        return find_spec(module) is None
    except ModuleNotFoundError:  # of the package that holds it
        return True


def _modules(text: str) -> set[str]:
    """The modules that a program imports at its top level."""
    names: set[str] = set()
    for node in compile(text, "page", "exec", ast.PyCF_ONLY_AST | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT).body:
        if isinstance(node, ast.Import):
            names |= {item.name for item in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module is not None and not node.level:
            names.add(node.module)
    return names


def _callable(text: str) -> str:
    """The text, inside an asynchronous function if it awaits outside of one."""
    try:
        compile(text, "page", "exec")
        return text
    except SyntaxError:
        pass
    imports: list[str] = []
    body = text.splitlines()
    for node in compile(text, "page", "exec", ast.PyCF_ONLY_AST | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT).body:
        if isinstance(node, ast.ImportFrom) and node.module == "__future__":
            imports.append(body[node.lineno - 1])
            body[node.lineno - 1] = ""
    head = "; ".join([*imports, "import asyncio"])
    inner = textwrap.indent("\n".join(body[2:]), "    ")
    return f"{head}\n\nasync def page() -> None:\n{inner}\n\nasyncio.run(page())\n"


def check(folder: Path) -> int:
    """The number of checkers that found errors."""
    failed = 0
    mypy = [
        sys.executable,
        "-m",
        "mypy",
        "--strict",
        "--no-error-summary",
        "--disable-error-code=top-level-await",
    ]
    settings = ["--config-file", str(ROOT / "pyproject.toml"), str(folder)]
    with subprocess.Popen([*mypy, *settings], cwd=ROOT) as running:  # side by side: each takes one core
        if PYRIGHT.exists():
            for mode in ("strict", "basic"):
                failed += _pyright(folder, mode)
    return failed + (running.returncode != 0)


def _pyright(folder: Path, mode: str) -> bool:
    (folder / "pyrightconfig.json").write_text(
        json.dumps(
            {
                "typeCheckingMode": mode,
                "pythonVersion": "3.11",
                "extraPaths": [str(ROOT / "generated"), str(ROOT)],
                "reportUnnecessaryTypeIgnoreComment": False,
                "reportMissingTypeStubs": False,
                "reportMissingModuleSource": False,
            }
        )
    )
    print(f"typed pages: pyright, {mode}", flush=True)
    command = [str(PYRIGHT), "--pythonpath", sys.executable, "-p", str(folder)]
    return subprocess.run(command, cwd=folder, check=False).returncode != 0


def report(folder: Path) -> None:
    """What the checkers say that nothing depends on."""
    for name, command in REPORTED.items():
        program = shutil.which(command[0]) or str(Path(sys.executable).parent / command[0])
        if not Path(program).exists():
            print(f"typed pages: {name} is not installed: pip install {name}")
            continue
        print(f"typed pages: {name}", flush=True)
        subprocess.run([program, *command[1:], str(folder)], cwd=ROOT, check=False)


def main(arguments: list[str]) -> int:
    """Write the pages and the examples into a folder and check them."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--report", action="store_true", help="run ty and pyrefly instead; never fails")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_pages(folder)
        for example in sorted((ROOT / "examples").glob("*.py")):
            _write(folder / f"example_{example.name}", example.read_text("utf-8"))
        if options.report:
            report(folder)
            return 0
        failed = check(folder)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
