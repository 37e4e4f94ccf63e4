"""Why a message that is written into a call may have a wrong key. Never run; `test_limits.py` has it checked.

`messages` has to accept a variable of the type `list[dict[str, str]]`. Where a display such as `[{"role": "usr"}]`
matches none of the TypedDicts of its context, a checker infers it without the context, and gets this very type. So no
annotation accepts the variable and refuses the display.

Overloads can tell them apart: a key type that nobody else has, `str | Nobody`, fits a display only, because `dict` is
invariant in it. The overload that catches wrong displays costs more than it gives. It can only return something
useless, so the error is reported where the result is used. And what comes from untyped code (`list[dict]`,
`json.load`) fits it as well, so the checkers no longer know the type of the answer.

It may return the same answer and be marked as deprecated. Then pyright alone reports it, in strict mode alone, and a
display whose role is a variable of the type `str` as well, which is no mistake.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Literal, TypedDict, overload

from typing_extensions import Required, assert_type, deprecated


class Message(TypedDict, total=False):
    role: Required[Literal["user", "assistant"]]
    content: Required[str]


class Answer:
    text: str


class Nobody:
    pass


class Wrong:
    pass


def one_signature(messages: Iterable[Message | Mapping[str, Any]]) -> Answer: ...  # type: ignore[empty-body]


def known_keys_only(messages: Iterable[Message]) -> Answer: ...  # type: ignore[empty-body]


@overload
def with_a_trap(messages: Iterable[Message | dict[Nobody, Nobody]]) -> Answer: ...  # type: ignore[overload-overlap]
@overload
def with_a_trap(messages: list[dict[str | Nobody, object]]) -> Wrong: ...  # type: ignore[overload-overlap]
@overload
def with_a_trap(messages: Iterable[Message | Mapping[str, Any]]) -> Answer: ...
def with_a_trap(messages: Any) -> Any: ...


@overload
def with_a_mark(messages: Iterable[Message | dict[Nobody, Nobody]]) -> Answer: ...
@overload
@deprecated("a wrong key or role")
def with_a_mark(messages: list[dict[str | Nobody, object]]) -> Answer: ...
@overload
def with_a_mark(messages: Iterable[Message | Mapping[str, Any]]) -> Answer: ...
def with_a_mark(messages: Any) -> Any: ...


def variables(plain: list[dict[str, str]], loose: list[dict[str, Any]]) -> None:
    one_signature(plain)
    one_signature(loose)
    known_keys_only(plain)  # refused
    known_keys_only(loose)  # refused
    assert_type(with_a_trap(plain), Answer)
    assert_type(with_a_trap(loose), Answer)
    assert_type(with_a_mark(plain), Answer)
    assert_type(with_a_mark(loose), Answer)


def displays(role: str) -> None:
    one_signature([{"role": "user", "contnet": "x"}])
    one_signature([{"role": "usr", "content": "x"}])
    known_keys_only([{"role": "user", "contnet": "x"}])  # refused
    known_keys_only([{"role": "usr", "content": "x"}])  # refused
    with_a_trap([{"role": "user", "contnet": "x"}])
    _ = with_a_trap([{"role": "user", "contnet": "x"}]).text  # refused
    _ = with_a_trap([{"role": "usr", "content": "x"}]).text  # refused
    with_a_mark([{"role": "user", "content": "x"}])
    with_a_mark([{"role": "usr", "content": "x"}])  # refused by pyright
    with_a_mark([{"role": role, "content": "x"}])  # refused by pyright


def from_untyped_code(untyped: list[Any], read: Any) -> None:
    assert_type(one_signature(untyped), Answer)
    assert_type(one_signature(read), Answer)
    assert_type(with_a_trap(untyped), Answer)  # refused by mypy
    assert_type(with_a_trap(read), Answer)  # refused
    assert_type(with_a_mark(untyped), Answer)
    assert_type(with_a_mark(read), Answer)
