"""The body of an answer, decompressed piece by piece and under a limit, whatever engine received it."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from ..values.text import plural
from .interface import Headers, TransportFailure

# What servers write into Content-Encoding for a body that is not compressed at all. Only "identity" is registered.
_NO_CODINGS = (
    "", "identity", "none", "null", "utf-8", "utf8", "binary", "7bit", "8bit", "aws-chunked", "chunked",
)  # fmt: skip
_GZIP_MARKS = (0x1F, 0x78)  # the first bytes of gzip and of zlib
_TEXT_STARTS = (b"{", b"[", b"<", b":", b"data:", b"event:", b"id:", b"retry:")
_UTF8_BOM = b"\xef\xbb\xbf"
_ENOUGH = 4  # bytes that tell text from a compressed body
_COMPRESSIONS = frozenset({"br", "zstd", "compress", "x-compress", "lzma", "dcb", "dcz"})


class BodyReader:
    """Decompresses a body piece by piece, under a limit.

    Args:
        headers: of the response; `Content-Encoding` may be gzip, deflate, identity, or up to five of them. A layer that
            is plain in spite of it is taken as it is; another compression is refused when its first bytes arrive.
        limit: bytes after decompression; None for bodies that are not kept in memory.
    """

    STEP = 1024 * 1024  # a compressed kilobyte may hold a megabyte: it is passed on in pieces of this size
    # Text and vectors shrink to a tenth or a twentieth. A body that expands more, and is big already, is a bomb.
    SUSPICIOUS_SIZE = 16 * 1024 * 1024
    SUSPICIOUS_RATIO = 200

    def __init__(self, headers: Headers, limit: int | None) -> None:
        codings = [coding.strip() for coding in headers.get("content-encoding", "").lower().split(",")]
        *inner, self._encoding = ["", *(coding for coding in codings if coding not in _NO_CODINGS)]
        if len(inner) > 5:  # no server needs more
            inner, self._encoding = [], "too many codings"
        self.identity = not self._encoding
        under = Headers([("content-encoding", ", ".join(inner))])  # the last coding was applied last
        self._inner = BodyReader(under, limit) if len(inner) > 1 else None
        self._limit = limit
        self._seen = self._arrived = self._delivered = 0
        self._inflate: Any = None
        self._head = b""  # too short to tell whether the body is plain
        self._is_plain: bool | None = True if self.identity else None

    def feed(self, piece: bytes) -> Iterator[bytes]:
        """Take what the network gave, and yield what it holds.

        Raises:
            TransportFailure: when the compression is damaged or the limit is passed.
        """
        self._arrived += len(piece)
        for part in self._decompress(piece):
            for out in (part,) if self._inner is None else self._inner.feed(part):
                self._delivered += len(out)
                self._check_ratio(self._delivered)
                yield out

    def _decompress(self, piece: bytes) -> Iterator[bytes]:
        """Take off the outermost layer."""
        if self._is_plain is None:
            self._head += piece
            self._is_plain = self._begins_plainly(self._head) if piece else None
            piece, self._head = (b"", self._head) if self._is_plain is None else (self._head, b"")
        if self._is_plain or not piece:
            self._count(len(piece))
            yield from (piece,) if piece else ()
        while piece and not self._is_plain:
            if self._inflate is None:
                self._inflate = self._new_inflate(piece)
            out: bytes | None = None
            with suppress(zlib.error):
                out = self._inflate.decompress(piece, self.STEP)
            if out is None:
                raise TransportFailure("decode", f"the {self._encoding} compression of the body is damaged")
            self._count(len(out))
            self._check_ratio(self._seen)
            yield from (out,) if out else ()
            piece = self._inflate.unconsumed_tail
            if self._inflate.eof:  # gzip allows several members, one after the other
                piece = self._inflate.unused_data.lstrip(b"\0")
                self._inflate = None

    def finish(self) -> None:
        """Say that the body ended, so that a compressed body that was cut short is noticed."""
        if self._inflate is not None or self._head:
            raise TransportFailure("decode", f"the {self._encoding} body is incomplete")
        if self._inner is not None:
            self._inner.finish()

    def _check_ratio(self, size: int) -> None:
        if size > self.SUSPICIOUS_SIZE and size > self._arrived * self.SUSPICIOUS_RATIO:
            reason = f"the compressed body expands {size // self._arrived} times, as decompression bombs do"
            raise TransportFailure("too_large", reason)

    def _begins_plainly(self, piece: bytes) -> bool | None:
        """Whether a body is not compressed, whatever its header says. None if more bytes are needed.

        Raises:
            TransportFailure: when it is compressed with something else than what was asked for.
        """
        encoding = self._encoding
        if encoding in ("gzip", "x-gzip"):
            return piece[0] not in _GZIP_MARKS
        start, starts = piece.lstrip(), (_UTF8_BOM, *_TEXT_STARTS)
        if len(piece) < _ENOUGH and (
            start.startswith(starts) or any(each.startswith(start) for each in starts)
        ):
            return None
        if _is_text(piece[:32]):
            return True
        if encoding != "deflate":
            shown = encoding if encoding in _COMPRESSIONS else "something unknown"
            raise TransportFailure("decode", f"the body is compressed with {shown}, which was not requested")
        return False

    def _new_inflate(self, first: bytes) -> Any:
        if self._encoding == "deflate":
            # Some servers send zlib for "deflate", others raw deflate; the first nibble shows which.
            return zlib.decompressobj(zlib.MAX_WBITS if first[0] & 0x0F == 8 else -zlib.MAX_WBITS)
        return zlib.decompressobj(32 + zlib.MAX_WBITS)  # gzip, or zlib under the name of gzip

    def _count(self, size: int) -> None:
        self._seen += size
        if self._limit is not None and self._seen > self._limit:
            raise too_large(self._limit)


def _is_text(start: bytes) -> bool:
    """Whether bytes are the beginning of JSON, events or a page."""
    if len(start) < _ENOUGH or not start.removeprefix(_UTF8_BOM).lstrip().startswith(_TEXT_STARTS):
        return False
    text = start.decode("utf-8", "replace")
    return all(character >= " " or character in "\t\r\n" for character in text) and "\ufffd" not in text[:-1]


def too_large(limit: int) -> TransportFailure:
    """The failure of a body that outgrew its limit."""
    return TransportFailure("too_large", f"the body is larger than the limit of {plural(limit, 'byte')}")
