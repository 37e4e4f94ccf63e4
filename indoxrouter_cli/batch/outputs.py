"""The files of a batch.

`OUT` holds one line for each request that succeeded, `OUT.failed.jsonl` the requests that failed. A table (CSV or
Parquet) has a row for failed requests as well, with `error` and `error_type`. `OUT.batch` is the journal of
`indoxrouter_bulk`, from which an unfinished batch resumes; it is removed when the batch is complete. Both files are
rewritten by each run, from the journal and the new answers.
"""

from __future__ import annotations

from pathlib import Path
from typing import IO, Any

from indoxrouter.errors import InvalidParametersError

from indoxrouter_bulk.journal import Journal, remove_journal
from indoxrouter_bulk.keys import request_hash, row_key
from indoxrouter_bulk.results import ArgumentBinder
from indoxrouter_bulk.tables import RowWriter, import_arrow

from ..base.errors import CommandError
from ..output.files import check_writable
from ..output.json_text import dump_json
from .lines import Line


class Outputs:
    """The files of one batch, for one process.

    Args:
        output: the file of results.
        method: of the client.
        defaults: arguments of every request; a run with others is another batch.
        force: start over, whatever exists.
        format: jsonl, csv or parquet; None for that of the output's suffix.
        full: whether a row holds the whole response.

    Attributes:
        table: whether the output is a table.
        journal: of the batch.
        secrets: names of arguments that are never written to disk.
        resumed: whether an earlier run left results.

    Raises:
        CommandError: when the output exists and does not belong to an unfinished batch, when the options differ, when
            another process is writing to it, or for Parquet without pyarrow.
    """

    def __init__(
        self,
        output: Path,
        method: str,
        defaults: dict[str, Any],
        *,
        force: bool,
        format: str | None = None,
        full: bool = False,
    ) -> None:
        self.output = output
        suffixes = {".csv": "csv", ".parquet": "parquet"}
        self._format = format or suffixes.get(output.suffix.lower(), "jsonl")
        self._columns = _columns(method, full=full)
        self.table = self._format != "jsonl"
        if self._format == "parquet":
            try:
                import_arrow()
            except InvalidParametersError as error:
                raise CommandError(error.message) from None
        self.failures = output.with_name(f"{output.name}.failed.jsonl")
        self._directory = output.with_name(f"{output.name}.batch")
        self._binder = ArgumentBinder(method, defaults)
        if force or not self._directory.exists():
            check_writable(output, force=force)
        try:
            self._directory.mkdir(exist_ok=True)
            self._lock: IO[bytes] = (self._directory / "lock").open("ab")
        except OSError as error:
            raise CommandError(f"{self._directory}: {error.strerror or error}") from None
        try:
            self._take_lock()
            self.journal = self._open(
                {"method": method, **{k: v for k, v in defaults.items() if k not in self._binder.secrets}},
                force,
            )
        except BaseException:
            self._lock.close()
            raise
        self.secrets = self._binder.secrets
        self.resumed = self.journal.done > 0
        self.failed = 0
        self._results: IO[bytes] | None = None
        self._rows: RowWriter | None = None
        self._failed: IO[bytes] | None = None

    def _take_lock(self) -> None:
        try:
            import fcntl  # optional: not on Windows
        except ImportError:  # Windows: two runs at the same time are not detected
            return
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise CommandError(
                f"{self.output}: another run is writing to it", "Wait for it, or name another file."
            ) from None

    def _open(self, options: dict[str, Any], force: bool) -> Journal:
        if force:
            remove_journal(self._directory)
        try:
            return Journal(self._directory, options=options)
        except InvalidParametersError as error:
            try:
                with Journal(self._directory) as old:
                    empty = not old.done
            except InvalidParametersError:
                empty = False
            if empty:  # for example a mistyped model: there are no results to lose
                remove_journal(self._directory)
                return Journal(self._directory, options=options)
            raise CommandError(error.message, "Use the same options, or start over with --force.") from None

    def has_result(self, line: Line) -> bool:
        """Whether an earlier run has answered the request of a line."""
        digest = request_hash(self._binder.arguments(line.arguments), self._binder.secrets)
        return self.journal.find(row_key(self.journal.job, line.key, digest or "")) is not None

    def begin(self) -> None:
        """Empty the files; the run fills them."""
        self.failures.unlink(missing_ok=True)
        self._results = self.output.open("wb")
        self._rows = RowWriter(self._results, self._format, self._columns)

    def add_result(self, row: dict[str, Any]) -> None:
        """Write a result."""
        assert self._results is not None
        assert self._rows is not None
        self._rows.add(row)
        self._results.flush()

    def add_failure(self, row: dict[str, Any]) -> None:
        """Write a failure; the first one creates the file."""
        if self._failed is None:
            self._failed = self.failures.open("wb", buffering=0)
        self._failed.write((dump_json(row) + "\n").encode())
        self.failed += 1
        if self.table:
            error = row["error"]
            names = {"id": row.get("id", row["line"]), "line": row["line"]}
            self.add_result({**names, "error": error["message"], "error_type": error["type"]})

    def close(self, *, finished: bool) -> None:
        """Close the files. If `finished`, the batch is complete, or sent nothing, and its journal is removed."""
        self.journal.close()
        if self._rows is not None:
            self._rows.close()
        for file in (self._results, self._failed):
            if file is not None:
                file.close()
        if finished:
            remove_journal(self._directory)
            (self._directory / "lock").unlink(missing_ok=True)
            self._directory.rmdir()
        self._lock.close()


def _columns(method: str, *, full: bool) -> dict[str, str]:
    """The columns of a table of results, and their kinds."""
    answer = {"embedding": "vector"} if method == "embeddings" else {"text": "text", "finish_reason": "text"}
    whole = {"response": "text"} if full else {}
    return {"id": "text", "line": "int", **answer, "model": "text", "usage": "text", "cost": "float", **whole,
            "error": "text", "error_type": "text"}  # fmt: skip
