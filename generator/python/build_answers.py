"""The answer of an operation: its annotation, its description, and the exceptions."""

from __future__ import annotations

from ..description.model import AnswerSpec, Description, OperationSpec
from ..schema.shapes import ObjectShape, RefShape, Shape, UnionShape
from .build_models import RenderContext
from .type_hints import members


def returned(operation: OperationSpec, context: RenderContext) -> list[AnswerSpec]:
    """The answers that a method returns; redirects are among them where the package's client knows them."""
    left_out = "1" if context.standalone else "13"
    return [answer for answer in documented(operation, context) if answer.status[0] not in left_out]


def documented(operation: OperationSpec, context: RenderContext) -> list[AnswerSpec]:
    """The answers; those that are streams are among them where the package's client reads them as other answers."""
    streams = operation.stream.answers if operation.stream is not None and context.standalone else []
    return [*operation.answers, *streams]


def streamed(operation: OperationSpec, context: RenderContext) -> list[AnswerSpec]:
    """The answers that are streams."""
    return [answer for answer in returned(operation, context) if answer.framing and context.standalone]


def result_shapes(operation: OperationSpec, context: RenderContext) -> list[Shape | str | None]:
    """The results of a success: shapes for JSON, `str` or `bytes` for raw bodies, None for no body.

    Where a server may send other shapes in place of one (`x-response-shapes`), that one represents all: the layer
    above converts each to it.
    """
    found: list[Shape | str | None] = []
    if operation.method == "HEAD":
        return [None]  # the answer to HEAD has no body, whatever it documents
    for answer in returned(operation, context):
        if answer.status[0] == "3":
            found.append("Redirect")
            continue
        match answer.kind:
            case "none":
                found.append(None)
            case "stream" if context.standalone:
                found.append("stream")
            case "stream" if answer.framing == "lines":
                found.append("bytes")
            case "text" if answer.shape is not None:  # its values are documented
                found.append(answer.shape)
            case "text" | "stream":
                found.append("str")
            case "bytes":
                found.append("bytes")
            case "json":
                found.append(_envelope(answer, context))
    return found


def _envelope(answer: AnswerSpec, context: RenderContext) -> Shape | str | None:
    shape = answer.shape
    if shape is None:
        return "Any"
    target = context.components.resolve(shape)
    if not isinstance(target, UnionShape):
        return shape
    names = {variant.name for variant in target.variants if isinstance(variant, RefShape)}
    for variant in target.variants:
        meaning = context.components.resolve(variant)
        if isinstance(variant, RefShape) and isinstance(meaning, ObjectShape) and meaning.response_shapes:
            known = {
                c.name
                for wire in meaning.response_shapes
                if (c := context.components.by_wire(wire)) is not None
            }
            if names <= known | {variant.name} and len(names) == len(target.variants):
                return variant
    return shape


def stream_type(operation: OperationSpec, context: RenderContext, stream: str) -> str:
    """The annotation of a success that is a stream. `stream`: the class of streams."""
    codes: dict[str, None] = {}
    for answer in streamed(operation, context):
        value = context.type_hints.read(answer.shape) if answer.shape is not None else "Any"
        codes[f"{stream}[{value}]"] = None
    return " | ".join(codes)


def result_type(operation: OperationSpec, context: RenderContext, stream: str = "") -> str:
    """The annotation of a success. `stream`: the class of streams; without it they are left out."""
    codes = dict.fromkeys(members(stream_type(operation, context, stream)) if stream else ())
    for shape in result_shapes(operation, context):
        match shape:
            case None:
                codes["None"] = None
            case "stream":
                continue
            case str():
                codes[shape] = None
            case _:
                for member in context.type_hints.read_members(shape):
                    codes[member] = None
    if not codes and operation.stream is not None:
        codes["Any"] = None  # the description has the events only, not what they add up to
    if "Any" in codes and not stream:
        return "Any"
    if not codes and (only_events(operation, context) or not (operation.answers or operation.failures)):
        return "Any"
    null = codes.pop("None", "absent") != "absent"
    return " | ".join([*codes, *(["None"] if null or not codes else [])])


def only_events(operation: OperationSpec, context: RenderContext) -> bool:
    """Whether an operation always answers with a stream of typed events."""
    stream = operation.stream
    return stream is not None and stream.parameter is None and not context.standalone


def is_assembled(operation: OperationSpec, context: RenderContext) -> bool:
    """Whether events add up to the answer: a text, which the layer above knows in several shapes."""
    shapes = [shape for shape in result_shapes(operation, context) if isinstance(shape, RefShape)]
    meanings = [context.components.resolve(shape) for shape in shapes]
    return any(isinstance(meaning, ObjectShape) and meaning.response_shapes for meaning in meanings)


def stream_classes(operation: OperationSpec, context: RenderContext) -> tuple[str, str]:
    """The classes of an operation's streams, for the two clients: of chunks of an answer, or of typed events."""
    return (
        ("Stream", "AsyncStream") if is_assembled(operation, context) else ("EventStream", "AsyncEventStream")
    )


def event_type(operation: OperationSpec, context: RenderContext) -> str | None:
    """The annotation of one event, where events are delivered as they are; None if they add up to an answer."""
    stream = operation.stream
    if stream is None or is_assembled(operation, context) or context.standalone:
        return None
    return context.type_hints.read(stream.shape)


def raises(operation: OperationSpec, description: Description) -> list[tuple[str, str]]:
    """Exception and the documented reason, by status; statuses that share an exception share a line."""
    found: dict[str, list[str]] = {"InvalidParametersError": ["Before sending, when an argument is invalid."]}
    for failure in operation.failures:
        status = int(failure.status) if failure.status.isdecimal() else 0
        name = operation.error_statuses.get(status) or description.error_statuses.get(status) or "APIError"
        text = " ".join((failure.description or "").split())
        found.setdefault(name, []).append(f"{failure.status}{': ' + text if text else ''}")
    return [(name, " ".join(full_stop(text) for text in texts)) for name, texts in found.items()]


def full_stop(text: str) -> str:
    """The text with a full stop at its end."""
    return text if text.endswith((".", "!", "?")) else f"{text}."


def returns_words(operation: OperationSpec, context: RenderContext) -> str:
    """The result, with its description."""
    pieces: dict[str, None] = {}
    for answer, shape in zip(
        returned(operation, context),
        result_shapes(operation, context),
        strict=operation.method != "HEAD",
    ):
        text = " ".join((answer.description or "").split())
        kind = (
            {
                "str": "Text.",
                "bytes": "Bytes.",
                "Any": "The JSON value.",
                "Redirect": "A `Redirect`, with its `location`.",
                "stream": "A stream of values, as they arrive.",
            }.get(shape)
            if isinstance(shape, str)
            else None
        )
        head = kind or context.describer.summary_of(shape if not isinstance(shape, str) else None)
        pieces[f"{full_stop(head)} {full_stop(text) if text else ''}".strip()] = None
    if operation.stream is not None and not is_assembled(operation, context) and not context.standalone:
        pieces["A stream of its events, as they arrive."] = None
    return " ".join(pieces) or "Nothing."
