"""The model of a description: operations with their parameters, bodies and answers, and what applies to all."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from ..schema.shapes import MISSING, Shape
from ..source.node import Node

Where: TypeAlias = Literal["path", "query", "header", "cookie"]
BodyKind: TypeAlias = Literal["json", "form", "multipart", "binary", "text", "document"]
AnswerKind: TypeAlias = Literal["json", "text", "bytes", "none", "stream"]
Framing: TypeAlias = Literal["", "events", "envelopes", "lines"]
Retry: TypeAlias = Literal["safe", "billed", "unbilled", "never"]


@dataclass(eq=False)
class ParameterSpec:
    """A parameter of an operation.

    `json`: its value travels as JSON text (`content: application/json`). `former`: its former names.
    """

    wire: str
    name: str
    where: Where
    shape: Shape
    required: bool
    node: Node
    description: str | None = None
    deprecated: bool = False
    allow_slash: bool = False
    secret: bool = False
    style: str = "form"
    explode: bool = True
    allow_reserved: bool = False
    json: bool = False
    client_default: Any = MISSING
    former: tuple[str, ...] = ()


@dataclass(eq=False)
class EncodingSpec:
    """How one field of a form, or one part of a multipart body, is encoded; None is the usual way."""

    style: str | None
    explode: bool
    content_type: str | None


@dataclass(eq=False)
class BodySpec:
    """One request media type."""

    media_type: str
    kind: BodyKind
    shape: Shape
    node: Node
    encoding: dict[str, EncodingSpec] = field(default_factory=dict[str, "EncodingSpec"])


@dataclass(eq=False)
class AnswerSpec:
    """One documented success: a status and a media type. `framing`: how the values of a stream follow one another."""

    status: str
    media_type: str | None
    kind: AnswerKind
    shape: Shape | None
    node: Node
    description: str | None = None
    framing: Framing = ""
    headers: dict[str, Shape] = field(default_factory=dict[str, Shape])


@dataclass(eq=False)
class FailureSpec:
    """One documented failure."""

    status: str
    description: str | None
    shape: Shape | None
    node: Node


@dataclass(eq=False)
class StreamInfo:
    """How an operation streams.

    Attributes:
        parameter: the field that asks for events; None where nothing else is answered.
        shape, envelope: of one event's data, and of the event around it.
        named: shapes of the data of events with a certain name.
        done: the data that ends the stream.
        open_ended: no end is documented but that of the body.
        answers: the documented answers that are streams.
    """

    parameter: str | None
    shape: Shape
    envelope: Shape
    done: str
    terminal: tuple[str, ...]
    stop: str | None
    named: dict[str, Shape]
    open_ended: bool
    answers: list[AnswerSpec]


@dataclass(eq=False)
class FacadeSpec:
    """One method of the documented client made from an operation."""

    name: str
    node: Node
    positional: tuple[str, ...] = ()
    defaults: dict[str, Any] = field(default_factory=dict[str, Any])
    fixed: dict[str, str] = field(default_factory=dict[str, str])
    rename: dict[str, str] = field(default_factory=dict[str, str])
    extra: dict[str, Node] = field(default_factory=dict[str, Node])


@dataclass(eq=False)
class OperationSpec:
    """One operation: everything that templates and reports need."""

    id: str
    name: str
    tag: str
    tag_name: str
    method: str
    path: str
    node: Node
    path_item: Node | None = None
    summary: str | None = None
    description: str | None = None
    deprecated: bool = False
    parameters: list[ParameterSpec] = field(default_factory=list[ParameterSpec])
    bodies: list[BodySpec] = field(default_factory=list[BodySpec])
    body_required: bool = False
    body_description: str | None = None
    answers: list[AnswerSpec] = field(default_factory=list[AnswerSpec])
    failures: list[FailureSpec] = field(default_factory=list[FailureSpec])
    stream: StreamInfo | None = None
    security: tuple[tuple[str, ...], ...] = ()
    retry: Retry = "never"
    idempotency_key: bool = False
    token_exchange: bool = False
    strict_success: bool = False
    poll: dict[str, Any] | None = None
    provider_rules: dict[str, Any] | None = None
    facade: list[FacadeSpec] = field(default_factory=list[FacadeSpec])
    error_statuses: dict[int, str] = field(default_factory=dict[int, str])
    servers: tuple[str, ...] = ()


@dataclass(eq=False)
class ExceptionSpec:
    """An exception class: its parent, its documentation, and the attributes it has beyond its parent's.

    `also` is a built-in exception that it is a kind of, so that `except ValueError` catches it too.
    """

    name: str
    parent: str
    description: str
    attributes: dict[str, tuple[str, str]] = field(default_factory=dict[str, tuple[str, str]])
    node: Node | None = None
    also: str | None = None


@dataclass(eq=False)
class WebhookSpec:
    """A request that the service sends: its name, and the shape of its body or, for a GET, of its query."""

    name: str
    python: str
    description: str | None
    shape: Shape
    node: Node
    form: bool = False


ServerTemplate: TypeAlias = tuple[str, dict[str, tuple[str, tuple[str, ...]]]]
"""A URL with variables, and the default and the allowed values of each."""


@dataclass(eq=False)
class Description:
    """The whole description."""

    title: str
    version: str
    servers: tuple[str, ...]
    server_variables: dict[str, ServerTemplate]
    node: Node
    operations: list[OperationSpec]
    tags: dict[str, str | None]
    security_schemes: dict[str, dict[str, Any]]
    exceptions: list[ExceptionSpec]
    error_codes: dict[str, str]
    error_statuses: dict[int, str]
    webhooks: list[WebhookSpec]
