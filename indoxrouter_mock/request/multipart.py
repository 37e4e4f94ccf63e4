"""The parts of a multipart form, in their order."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from ..spec.errors import invalid_value
from . import limits
from .limits import check_most

LONGEST_PART_HEADER = 8192


@dataclass(slots=True)
class Part:
    """One part of a form. `filename` is None for a field that is not a file; `headers` have lower-case names."""

    headers: dict[str, str]
    name: str
    filename: str | None
    data: bytes = field(repr=False)

    @property
    def media_type(self) -> str:
        """What the part says that it is."""
        return self.headers.get("content-type", "application/octet-stream")


def read_parts(header: str, content: bytes) -> list[Part]:
    """The parts of a form whose `Content-Type` is `header`. Raises ApiError 400 for what is no form."""
    from python_multipart.exceptions import FormParserError  # 10 ms, which only servers that get a form pay
    from python_multipart.multipart import MultipartParser, parse_options_header

    boundary = parse_options_header(header)[1].get(b"boundary")
    if not boundary:
        raise invalid_value("body", "the content type names no boundary", keyword="multipart")
    found: list[tuple[dict[str, str], list[bytes]]] = []
    name = bytearray()
    value = bytearray()

    def header_end() -> None:
        # latin-1 keeps all bytes unchanged; the names are decoded as UTF-8 after the header has been parsed.
        found[-1][0][name.decode("latin-1").lower()] = value.decode("latin-1")
        name.clear()
        value.clear()

    def part_begin() -> None:
        check_most("body", "parts of a form", len(found) + 1, limits.MOST_FORM_PARTS)
        found.append(({}, []))

    def part_data(data: bytes, start: int, end: int) -> None:
        found[-1][1].append(data[start:end])

    def header_field(data: bytes, start: int, end: int) -> None:
        name.extend(data[start:end])
        check_most("body", "bytes of a part's header", len(name), LONGEST_PART_HEADER)

    def header_value(data: bytes, start: int, end: int) -> None:
        value.extend(data[start:end])
        check_most("body", "bytes of a part's header", len(name) + len(value), LONGEST_PART_HEADER)

    callbacks: dict[str, Any] = {
        "on_part_begin": part_begin,
        "on_part_data": part_data,
        "on_header_field": header_field,
        "on_header_value": header_value,
        "on_header_end": header_end,
    }
    try:
        parser = MultipartParser(boundary, callbacks)  # type: ignore[arg-type]  # its callback type can't be written outside of its stubs
        parser.write(content)
        parser.finalize()
    except FormParserError as error:
        raise invalid_value("body", f"not a valid multipart form: {error}", keyword="multipart") from error
    parts: list[Part] = []
    for headers, pieces in found:
        _, options = parse_options_header(headers.get("content-disposition", ""))
        filename = options.get(b"filename")
        parts.append(
            Part(
                headers,
                options.get(b"name", b"").decode("utf-8", "replace"),
                None if filename is None else filename.decode("utf-8", "replace"),
                b"".join(pieces),
            )
        )
    return parts
