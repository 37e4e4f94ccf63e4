"""The operations of the documented methods, and the names of their arguments."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache, update_wrapper
from importlib import import_module
from types import FunctionType
from typing import Any, TypeVar, cast

from ..codecs.base import raise_invalid_argument
from ..values.unset import UNSET, Unset
from .operation import Call, Operation

MethodT = TypeVar("MethodT", bound=Callable[..., Any])

_PACKAGE = __name__.rsplit(".", 3)[0]


class FacadeEntry:
    """One documented method of the clients.

    Args:
        name: name of the method.
        operation: tag and name of its operation, or a mapping of dispatch values to such pairs.
        dispatch: the argument whose value chooses among several operations.
        rename: names in the spec, and the names of the arguments.
        accepts_additional: whether unknown keywords are sent in `additional_params`.
        typed_fields: arguments that take Python types and are sent as fields of the body.
    """

    __slots__ = ("accepts_additional", "dispatch", "name", "operation", "rename", "typed_fields")

    def __init__(
        self,
        name: str,
        operation: tuple[str, str] | Mapping[str, tuple[str, str]],
        *,
        dispatch: str | None = None,
        rename: Mapping[str, str] | None = None,
        accepts_additional: bool = False,
        typed_fields: Sequence[str] = (),
    ) -> None:
        self.name = name
        self.operation = operation
        self.dispatch = dispatch
        self.rename = dict(rename or {})
        self.accepts_additional = accepts_additional
        self.typed_fields = frozenset(typed_fields)

    @cache  # noqa: B019  # an entry lives as long as its module
    def load(self, choice: str | None = None) -> Operation[Any]:
        """Import the operation. `choice` is the value of the dispatch argument, if there is one.

        Raises:
            InvalidParametersError: when `choice` is not a documented value.
        """
        if isinstance(self.operation, tuple):
            tag, name = self.operation
        elif choice is not None and choice in self.operation:
            tag, name = self.operation[choice]
        else:
            return raise_invalid_argument(
                self.dispatch or self.name, choice, "one of " + ", ".join(map(repr, self.operation))
            )
        operation: Operation[Any] = import_module(f"{_PACKAGE}.api.{tag}.{name}").OPERATION
        return operation

    def call(
        self, operation: Operation[Any], parameters: Mapping[str, Any], body: dict[str, Any] | Unset
    ) -> Call[Any]:
        """The call of an operation, as `Operation.call` makes it. Errors name the arguments of the method."""
        try:
            return operation.call(parameters, body)
        except ValueError as error:
            name = getattr(error, "argument", None)
            if name not in self.rename:
                raise
            problem = str(error).removeprefix(name)
        from ...errors import InvalidParametersError  # cost: for errors only

        name = self.rename[name]
        raise InvalidParametersError(f"{name}{problem}", argument=name)


def required_inside(method: MethodT) -> MethodT:
    """Let a call without a required argument reach the method, which can say more; `__wrapped__` keeps its signature."""
    function: Any = method
    code, defaults = function.__code__, function.__defaults__ or ()
    defaults = (UNSET,) * (code.co_argcount - 1 - len(defaults)) + defaults  # `self` has none
    lenient = FunctionType(code, function.__globals__, function.__name__, defaults, function.__closure__)
    lenient.__kwdefaults__ = function.__kwdefaults__
    return cast("MethodT", update_wrapper(lenient, function))
