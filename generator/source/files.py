"""Reading a description: YAML 1.2 or JSON, with the line of every place, and the files it refers to.

The values are read with libyaml where that gives the values of YAML 1.2 (`fast_yaml`), else with ruamel. Line numbers
cost ten times as much, so they are computed only when an error has to name its line.
"""

from __future__ import annotations

import contextlib
import io
import json
import math
from collections.abc import Iterable
from functools import cached_property
from pathlib import Path
from typing import Any, NoReturn

from ruamel.yaml import YAML
from ruamel.yaml.constructor import SafeConstructor
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from .fast_yaml import NotPlain, load_plainly
from .json_types import is_array, is_object


class UnreadableSource(Exception):
    """A file that could not be read as YAML or JSON: which, where and why."""

    def __init__(self, path: Path, line: int, message: str) -> None:
        self.path = path
        self.line = line
        self.message = message
        super().__init__(f"{path}:{line}: {message}" if line else f"{path}: {message}")


class _Constructor(SafeConstructor):
    """Reads unquoted dates as text: OpenAPI is JSON, and JSON has no dates."""


def _scalar_text(constructor: Any, node: Any) -> Any:
    return constructor.construct_scalar(node)


_CONSTRUCTOR: Any = _Constructor  # ruamel has no types
_CONSTRUCTOR.add_constructor("tag:yaml.org,2002:timestamp", _scalar_text)


class SourceFile:
    """One file of a description.

    Args:
        path: the file.
        text: its content; read from the file when absent.

    Raises:
        UnreadableSource: no such file, not UTF-8, not YAML, a key given twice, or a value that JSON does not have.
    """

    def __init__(self, path: Path, text: str | None = None) -> None:
        self.path = path
        if text is None:
            try:
                text = path.read_text(encoding="utf-8-sig")
            except UnicodeDecodeError as error:
                raise UnreadableSource(
                    path, 0, f"is not UTF-8: {error.reason} at byte {error.start}"
                ) from error
            except OSError as error:
                raise UnreadableSource(path, 0, error.strerror or "cannot be read") from error
        self.text = text
        self.data: Any = self._load()

    def _load(self) -> Any:
        """Load JSON with Python's own reader, a hundred times faster than YAML's, and everything else as YAML."""
        if self.text.lstrip().startswith("{"):
            with contextlib.suppress(ValueError, RecursionError):
                return json.loads(
                    self.text, object_pairs_hook=_unique, parse_constant=_no_number, parse_float=_finite
                )
        return self._load_yaml()

    def _load_yaml(self) -> Any:
        with contextlib.suppress(NotPlain):
            return load_plainly(self.text)
        yaml = _reader()
        yaml.Constructor = _CONSTRUCTOR
        try:
            data = yaml.load(io.StringIO(self.text))
        except MarkedYAMLError as error:
            marked: Any = error
            mark = marked.problem_mark or marked.context_mark
            raise UnreadableSource(
                self.path,
                mark.line + 1 if mark is not None else 0,
                f"{marked.problem or marked.context or 'invalid YAML'}; correct the YAML",
            ) from error
        except (YAMLError, ValueError) as error:
            raise UnreadableSource(self.path, 0, " ".join(str(error).split())) from error
        except RecursionError as error:
            raise UnreadableSource(
                self.path,
                0,
                "is nested too deeply, or an anchor contains itself; move parts into components, and use `$ref`",
            ) from error
        self._refuse_foreign_values(data)
        return data

    def _refuse_foreign_values(self, data: Any) -> None:
        """Refuse what JSON does not have: cyclic anchors, NaN, bytes, sets."""
        pending: list[tuple[tuple[str, ...], Any, tuple[int, ...]]] = [((), data, ())]
        while pending:
            pointer, value, above = pending.pop()
            problem = ""
            if is_object(value) or is_array(value):
                pairs: Iterable[tuple[Any, Any]] = value.items() if is_object(value) else enumerate(value)
                if id(value) in above:
                    problem = "an anchor contains itself; repeat the value, or use `$ref`"
                else:
                    inner = (*above, id(value))
                    pending.extend(((*pointer, str(key)), item, inner) for key, item in pairs)
            elif isinstance(value, float) and not math.isfinite(value):
                problem = f"{value} is not a JSON number; write it as text, or leave it out"
            elif not isinstance(value, (str, int, float, bool, type(None))):
                problem = f"a {type(value).__name__} is not a JSON value; quote it"
            if problem:
                raise UnreadableSource(self.path, self.line_of(pointer), problem)

    @cached_property
    def _root(self) -> Any:
        try:
            return _reader().compose(io.StringIO(self.text))
        except YAMLError:
            return None

    def line_of(self, pointer: tuple[str, ...]) -> int:
        """The line, from 1, of a place or of its nearest parent that exists; 0 where there is none."""
        node = self._root
        if node is None:
            return 0
        line = node.start_mark.line + 1
        for piece in pointer:
            if node.id == "mapping":
                found: Any = next((pair for pair in node.value if pair[0].value == piece), None)
                if found is None:
                    return int(line)
                line, node = found[0].start_mark.line + 1, found[1]
            elif node.id == "sequence" and piece.isdecimal() and int(piece) < len(node.value):
                node = node.value[int(piece)]
                line = node.start_mark.line + 1
            else:
                return int(line)
        return int(line)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object whose keys are unique; a duplicate is left to the YAML reader, which reports its line."""
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key is declared twice")
    return found


def _no_number(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not a JSON number")


def _finite(text: str) -> float:
    return float(text) if math.isfinite(float(text)) else _no_number(text)


def _reader() -> Any:
    return YAML(typ="safe", pure=True)


class Sources:
    """The files of one description, each read once."""

    def __init__(self, root: Path) -> None:
        self.root = SourceFile(root.resolve())
        self._files: dict[Path, SourceFile] = {self.root.path: self.root}

    @property
    def files(self) -> list[SourceFile]:
        """Every file read so far, the description itself first, then by path."""
        return [self.root, *(self._files[path] for path in sorted(self._files) if path != self.root.path)]

    def beside(self, file: SourceFile, reference: str) -> SourceFile:
        """The file that a relative reference in `file` points to."""
        path = (file.path.parent / reference).resolve()
        if path not in self._files:
            self._files[path] = SourceFile(path)
        return self._files[path]
