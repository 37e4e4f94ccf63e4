"""The journal of a job: the results of its rows on disk, so that a killed job resumes and pays for nothing twice.

A journal is a directory. `job.json` names the job, from which idempotency keys are derived. Each process appends
results to a segment of its own, one JSON line for each, and never to the segment of another process, dead or alive.
Readers merge the segments. A line that a killed process left incomplete is ignored: its row is sent again, under the
same key.
"""

from __future__ import annotations

import json
import os
import re
import secrets
import sqlite3
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import IO, Any, NamedTuple

import msgspec
from indoxrouter._runtime.values.json import is_object
from indoxrouter.errors import IndoxRouterError, InvalidParametersError

from .results import MapResult

__all__ = ["Journal", "Record", "describe_error", "remove_journal"]

_VERSION = 1
_PACKAGES = ("indoxrouter.", "indoxrouter_ext.")  # whose classes a journal may name


class Record(NamedTuple):
    """One result of a row in a journal.

    Attributes:
        key: of the row; see `row_key`.
        value: the plain data of the result; None for a failure.
        type: the class of the result, as `module:name`; None for plain data.
        cost: USD, or None if it was not reported.
        error: `type`, `message`, `status_code`, `request_id` of a failure.
    """

    key: str
    id: Any
    value: Any = None
    type: str | None = None
    cost: float | None = None
    error: dict[str, Any] | None = None

    def restore(self) -> Any:
        """The result as the method returned it.

        Raises:
            InvalidParametersError: when the journal names a class that is not of this client.
        """
        if self.type is None:
            return self.value
        module, _, name = self.type.partition(":")
        found = getattr(import_module(module), name, None) if module.startswith(_PACKAGES) else None
        build = getattr(found, "from_dict", None)
        if build is None:
            raise InvalidParametersError(
                f"journal: expected a result of this client, got {self.type!r}", argument="journal"
            )
        return build(self.value)


class Journal:
    """The journal of a job, for one process. Several processes may have the same directory open.

    Args:
        path: the directory; created if it does not exist.
        job: the name of the job; None for the name in the journal, or a random one in a new journal.
        options: what all requests of the job have in common; None to accept any.
        sync: write each result through to the disk, so that it survives a power failure. A killed process loses nothing
            either way.

    Attributes:
        path: the directory.
        job: the name of the job.
        cost: USD of all results that the journal held when it was opened.
        done: how many rows had a result when the journal was opened.

    Raises:
        InvalidParametersError: when the directory holds the journal of another job, one with other options, or
            something else.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        job: str | None = None,
        options: Mapping[str, Any] | None = None,
        *,
        sync: bool = False,
    ) -> None:
        self.path = Path(path)
        if "://" in str(path) or re.match(r"[a-z][a-z0-9+.-]+:/", self.path.as_posix()):
            raise InvalidParametersError(
                f"journal: expected a directory, or a URI as text, got {path!r}", argument="journal"
            )
        self._sync = sync
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            self.job: str = self._open_job(job, options)
        except FileExistsError:
            raise InvalidParametersError(
                f"journal: expected a directory, got the file {self.path}", argument="journal"
            ) from None
        except (OSError, ValueError) as error:
            if isinstance(error, InvalidParametersError):
                raise
            reason = getattr(error, "strerror", None) or error
            raise InvalidParametersError(
                f"journal: {str(self.path)[:200]!r} cannot be used: {reason}", argument="journal"
            ) from None
        self._segment: IO[bytes] | None = None
        # An index of positions, on disk when it is large: memory does not grow with the rows.
        self._index = sqlite3.connect("", isolation_level=None, check_same_thread=False)
        self._index.execute("CREATE TABLE rows (key TEXT PRIMARY KEY, segment INT, start INT) WITHOUT ROWID")
        self._segments: list[Path] = sorted(self.path.glob("*.jsonl"))
        self._files: dict[int, IO[bytes]] = {}
        self.done = 0
        self.cost = 0.0
        self._read_segments()

    def __repr__(self) -> str:
        return f"<Journal {str(self.path)!r}, job {self.job!r}: {self.done:,} done, ${self.cost:.6f}>"

    def _open_job(self, job: str | None, options: Mapping[str, Any] | None) -> str:
        file = self.path / "job.json"
        given = None if options is None else json.loads(msgspec.json.encode(options, enc_hook=str))
        head = {"version": _VERSION, "job": job or secrets.token_hex(16), "options": given}
        draft = self.path / f".{secrets.token_hex(8)}"
        with draft.open("wb") as new:
            new.write(msgspec.json.encode(head))
            new.flush()
            os.fsync(new.fileno())  # before anything is sent: without the job's name, its keys are lost
        try:
            os.link(draft, file)  # fails if another process was first; its file is whole
        except FileExistsError:
            try:
                head = json.loads(file.read_bytes())
            except ValueError:
                head = {}
        finally:
            draft.unlink()
        known = is_object(head) and head.get("version") == _VERSION
        if not known or not isinstance(head.get("job"), str) or "options" not in head:
            raise InvalidParametersError(
                f"journal: {file} was not written by this version", argument="journal"
            )
        if job is not None and head["job"] != job:
            raise InvalidParametersError(
                f"journal: expected a journal of the job {job!r}, {self.path} is of {head['job']!r}",
                argument="journal",
            )
        if given is not None and head["options"] is not None and head["options"] != given:
            raise InvalidParametersError(
                f"journal: {self.path} was started with other options: {json.dumps(head['options'])}",
                argument="journal",
            )
        return str(head["job"])

    def _read_segments(self) -> None:
        add = "INSERT INTO rows VALUES (?, ?, ?) ON CONFLICT DO NOTHING"
        self._index.execute("BEGIN")
        for number, segment in enumerate(self._segments):
            for start, record in _lines(segment):
                if record.error is None and self._index.execute(add, (record.key, number, start)).rowcount:
                    self.done += 1
                    self.cost += record.cost or 0.0
        self._index.execute("COMMIT")

    def find(self, key: str) -> Record | None:
        """The result of a row, from when the journal was opened; None if it had none, or a failure."""
        found = self._index.execute("SELECT segment, start FROM rows WHERE key = ?", (key,)).fetchone()
        if found is None:
            return None
        segment, start = int(found[0]), int(found[1])
        file = self._files.get(segment)
        if file is None:
            file = self._files[segment] = self._segments[segment].open("rb")
        file.seek(start)
        return _decode(file.readline())

    def add(self, key: str, result: MapResult[Any]) -> bool:
        """Append a result as one line. Returns False if it is not plain data, and so not recorded.

        Raises:
            OSError: when the disk is full or the directory is gone.
        """
        if result.error is not None:
            record = Record(key, result.id, error=describe_error(result.error))
        else:
            plain: Any = result.value
            convert = getattr(plain, "to_dict", None)
            kind: type[Any] = plain.__class__
            name = f"{kind.__module__}:{kind.__qualname__}" if convert is not None else None
            value = convert() if convert is not None else result.value
            record = Record(key, result.id, value, name, result.cost)
        try:
            line = msgspec.json.encode(record) + b"\n"
        except (TypeError, ValueError):
            return False
        if self._segment is None:
            self._segment = (self.path / f"{segment_name()}.jsonl").open("xb", buffering=0)
        rest = memoryview(line)
        try:
            while rest:  # a disk that fills up writes less than asked, before it raises
                rest = rest[self._segment.write(rest) :]
            if self._sync:
                os.fsync(self._segment.fileno())
        except OSError:
            broken, self._segment = self._segment, None  # ends in a part of a line; nothing may follow it
            with suppress(OSError):
                broken.close()
            raise
        return True

    def records(self) -> Iterator[Record]:
        """One record for each row, merged from all segments: its result, else its last failure. Rereads the disk.

        Results come first, then failures; each in the order in which they were written, segment by segment.
        """
        segments = sorted(self.path.glob("*.jsonl"))
        table = sqlite3.connect("", isolation_level=None)
        try:
            # The place of the last failure of each row; NULL once it has a result.
            table.execute("CREATE TABLE rows (key TEXT PRIMARY KEY, segment INT, start INT) WITHOUT ROWID")
            table.execute("BEGIN")
            succeed = (
                "INSERT INTO rows (key) VALUES (?) ON CONFLICT (key) DO UPDATE"
                " SET segment = NULL WHERE segment NOTNULL"
            )
            fail = (
                "INSERT INTO rows VALUES (?, ?, ?) ON CONFLICT (key) DO UPDATE"
                " SET segment = excluded.segment, start = excluded.start WHERE segment NOTNULL"
            )
            for number, segment in enumerate(segments):
                for start, record in _lines(segment):
                    if record.error is not None:
                        table.execute(fail, (record.key, number, start))
                    elif table.execute(succeed, (record.key,)).rowcount:
                        yield record
            is_last = "SELECT 1 FROM rows WHERE key = ? AND segment = ? AND start = ?"
            for number, segment in enumerate(segments):
                for start, record in _lines(segment):
                    place = (record.key, number, start)
                    if record.error is not None and table.execute(is_last, place).fetchone():
                        yield record
        finally:
            table.close()

    def close(self) -> None:
        """Write everything to the disk and close the files."""
        if self._segment is not None:
            os.fsync(self._segment.fileno())
            self._segment.close()
            self._segment = None
        for file in self._files.values():
            file.close()
        self._files.clear()
        self._index.close()

    def __enter__(self) -> Journal:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()


def remove_journal(path: str | os.PathLike[str]) -> None:
    """Remove the files of a journal, and its directory if nothing else is in it."""
    directory = Path(path)
    for file in (*directory.glob("*.jsonl"), directory / "job.json"):
        file.unlink(missing_ok=True)
    if directory.is_dir() and not any(directory.iterdir()):
        directory.rmdir()


def segment_name() -> str:
    """A name for a segment of this process. Names sort by the time at which they were made."""
    return f"{time.time_ns()}.{os.getpid()}-{secrets.token_hex(6)}"


def describe_error(error: IndoxRouterError) -> dict[str, Any]:
    """The facts of an error that a row keeps: type, message, status code and request id."""
    facts = {
        "type": type(error).__name__,
        "message": error.message,
        "status_code": error.status_code,
        "request_id": error.request_id,
    }
    return {name: value for name, value in facts.items() if value is not None}


def _lines(segment: Path) -> Iterator[tuple[int, Record]]:
    """The records of a segment, each with the byte at which it begins."""
    start = 0
    with segment.open("rb") as file:
        for line in file:
            if line.endswith(b"\n"):
                try:
                    yield start, _decode(line)
                except (msgspec.MsgspecError, UnicodeDecodeError):
                    raise InvalidParametersError(
                        f"journal: {segment} is damaged at byte {start}", argument="journal"
                    ) from None
            start += len(line)


def _decode(line: bytes) -> Record:
    return msgspec.json.decode(line, type=Record)
