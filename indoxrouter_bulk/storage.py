"""A journal on a file system of pyarrow: s3://, gs://, hdfs://, a directory that the machines of a cluster share.

Object stores cannot append, so each worker keeps its segment on its own disk and uploads what is new as an object of
its own: about once a second, and before a batch is returned. A killed worker loses the rows of the last second at
most; they are sent again under the same keys, so that a server that honours the keys does not bill them twice.
"""

from __future__ import annotations

import logging
import os
import re
import shutil
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

from indoxrouter.errors import InvalidParametersError

from .journal import Journal, Record, segment_name
from .tables import import_arrow

if TYPE_CHECKING:
    from typing_extensions import Self

    from .results import MapResult

__all__ = ["StorageJournal", "open_journal"]

_EVERY = 1.0  # seconds between uploads
_log = logging.getLogger("indoxrouter")


def open_journal(
    place: str | os.PathLike[str],
    job: str | None = None,
    options: Mapping[str, Any] | None = None,
    *,
    filesystem: Any = None,
) -> Journal:
    """The journal in a directory, or at a URI such as `s3://bucket/jobs/night`.

    Raises:
        InvalidParametersError: as `Journal` and `StorageJournal` do, or for a URI without pyarrow.
    """
    if filesystem is not None or (isinstance(place, str) and "://" in place):
        return StorageJournal(str(place), job, options, filesystem=filesystem)
    return Journal(place, job, options)


class StorageJournal(Journal):
    """The journal of a job on shared storage, for one process; see `Journal`.

    Args:
        uri: of a directory, such as `s3://bucket/jobs/night`; with `filesystem`, its path there.
        job: name of the job; None for the URI, which all workers have.
        options: what all requests of the job have in common; None to accept any.
        filesystem: of pyarrow; None for that of the URI.

    Raises:
        InvalidParametersError: when the storage cannot be reached, or holds the journal of another job.
    """

    def __init__(
        self,
        uri: str,
        job: str | None = None,
        options: Mapping[str, Any] | None = None,
        *,
        filesystem: Any = None,
    ) -> None:
        self._arrow = pafs = import_arrow("pyarrow.fs")
        self._local = Path(tempfile.mkdtemp(prefix="indoxrouter-journal-"))
        try:
            found: Any = (filesystem, uri) if filesystem is not None else pafs.FileSystem.from_uri(uri)
            self._storage, self._root = found[0], str(found[1]).rstrip("/")
            self._storage.create_dir(self._root, recursive=True)
            self._download()
            new = not (self._local / "job.json").exists()
            super().__init__(self._local, job or (_without_secrets(uri) if new else None), options)
            if new:  # all workers of a job write the same head
                self._upload("job.json", (self._local / "job.json").read_bytes())
        except (OSError, ValueError) as error:
            shutil.rmtree(self._local, ignore_errors=True)
            if isinstance(error, InvalidParametersError):
                raise
            raise InvalidParametersError(
                f"journal: {_without_secrets(uri)}: {str(error).replace(uri, '…')}", argument="journal"
            ) from None
        self._name = segment_name()
        self._theirs = set(self._local.glob("*.jsonl"))
        # Bytes of each segment of this process; a full disk starts a second one.
        self._sent: dict[Path, int] = {}
        self._parts = 0
        self._uploading = threading.Lock()
        self._uploader = ThreadPoolExecutor(1, "indoxrouter-journal")
        self._due = time.monotonic() + _EVERY

    def add(self, key: str, result: MapResult[Any]) -> bool:
        """Append a result; it is uploaded within about a second."""
        added = super().add(key, result)
        if time.monotonic() > self._due:
            self._due = time.monotonic() + _EVERY
            self._uploader.submit(self.flush)
        return added

    def flush(self) -> bool:
        """Upload what is new, and wait. Returns False if the storage refused it; it is tried again next time."""
        with self._uploading:
            for segment in set(self._local.glob("*.jsonl")) - self._theirs:
                with segment.open("rb") as file:
                    file.seek(self._sent.get(segment, 0))
                    lines = file.read()
                lines = lines[: lines.rfind(b"\n") + 1]
                if not lines:
                    continue
                try:
                    self._upload(f"{self._name}-{self._parts:06}.jsonl", lines)
                except OSError as error:
                    _log.warning("The journal cannot be uploaded to %s: %s", self._root, error)
                    return False
                self._sent[segment] = self._sent.get(segment, 0) + len(lines)
                self._parts += 1
            return True

    def _upload(self, name: str, data: bytes) -> None:
        with self._storage.open_output_stream(f"{self._root}/{name}") as out:
            out.write(data)

    def _download(self) -> None:
        for info in self._storage.get_file_info(self._arrow.FileSelector(self._root)):
            target = self._local / info.base_name
            if info.is_file and target.suffix in (".json", ".jsonl") and not target.exists():
                with self._storage.open_input_stream(info.path) as source, target.open("wb") as file:
                    shutil.copyfileobj(source, file)

    def records(self) -> Iterator[Record]:
        """One record for each row, merged from the segments of all workers; reads the storage again."""
        self.flush()
        self._download()
        self._theirs |= {path for path in self._local.glob("*.jsonl") if path.name.count("-") > 1}
        return super().records()

    def __enter__(self) -> Self:
        return self

    def close(self) -> None:
        """Upload everything, and remove the copy on this machine; one that cannot be uploaded is kept, and logged."""
        super().close()
        self._uploader.shutdown()
        if self.flush():
            shutil.rmtree(self._local, ignore_errors=True)
        else:
            _log.error("The journal in %s lacks the last results; they are in %s", self._root, self._local)


def _without_secrets(uri: str) -> str:
    """A URI without user name, password and query, which may hold the keys of the storage."""
    return re.sub(r"//[^/]*@", "//", uri.partition("?")[0])
