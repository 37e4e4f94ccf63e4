"""What is called by name: the operations of `client.api`, and functions that name the arguments of a wrong call."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import wraps
from typing import TYPE_CHECKING, Any, TypeVar, cast

from ..codecs.base import near_names, no_attribute

__all__ = ["Named", "names_arguments"]

_COROUTINE = 128  # `inspect.CO_COROUTINE`, without the cost of the module

FunctionT = TypeVar("FunctionT", bound=Callable[..., Any])


class Named:
    """The base of classes whose misspelt attributes are answered with the nearest name."""

    if not TYPE_CHECKING:  # hidden from type checkers, so that they report misspelt names

        def __getattr__(self, name: str) -> Any:
            raise no_attribute(self, name)


def names_arguments(function: FunctionT) -> FunctionT:
    """Let a call with wrong arguments name them and what was meant, which Python's own error does not.

    A call raises `InvalidParametersError` then. `__wrapped__` keeps the signature. A coroutine function stays one.
    """
    called: Any = function

    def call(*args: Any, **keywords: Any) -> Any:
        try:
            return called(*args, **keywords)
        except TypeError as error:
            problem = _problem(called, args, keywords, error)
        raise problem

    async def call_async(*args: Any, **keywords: Any) -> Any:
        return await call(*args, **keywords)

    lenient: Any = call_async if called.__code__.co_flags & _COROUTINE else call
    return cast("FunctionT", wraps(called)(lenient))


def _problem(
    function: Any, given: tuple[Any, ...], keywords: Mapping[str, Any], error: TypeError
) -> Exception:
    """The error to raise in place of `error`; the same for one that the body of the function raised."""
    import inspect  # cost: for errors only

    from ...errors import InvalidParametersError  # cost: as above

    if error.__traceback__ is None or error.__traceback__.tb_next is not None:
        return error
    parameters = [
        each
        for each in inspect.signature(function).parameters.values()
        if each.name != "self" and each.kind not in (each.VAR_POSITIONAL, each.VAR_KEYWORD)
    ]
    method = function.__qualname__.removesuffix(".__init__").rpartition(".")[2] + "()"
    ordered = [each for each in parameters if each.kind is not each.KEYWORD_ONLY]
    count = len(given) - (function.__qualname__ != function.__name__)
    missing = [
        each.name
        for index, each in enumerate(parameters)
        if each.default is each.empty and each.name not in keywords and index >= count
    ]
    names = [each.name for each in parameters]
    for name in keywords:
        if name not in names:
            listed = f"use {missing[0]}" if len(missing) == 1 else f"it takes {', '.join(names)}"
            hint = near_names(name, names, listed)
            return InvalidParametersError(f"{name}: {method} has no such argument; {hint}", argument=name)
    if missing:
        return InvalidParametersError(f"{missing[0]}: required by {method}, but missing", argument=missing[0])
    named = ", ".join(f"{each.name}=…" for each in parameters if each.kind is each.KEYWORD_ONLY)
    if count > len(ordered) and named:
        return InvalidParametersError(f"{method} takes further arguments by name: {named}")
    return error
