"""Keywords of methods that have another name now."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any, TypeVar

from ..codecs.base import raise_invalid_argument
from ..values.unset import UNSET

MethodT = TypeVar("MethodT", bound=Callable[..., Any])
_COROUTINE = 0x80  # `inspect.CO_COROUTINE`


def renamed_keywords(names: Mapping[str, str]) -> Callable[[MethodT], MethodT]:
    """Let a method take keywords by their former names as well, with a `DeprecationWarning`.

    Args:
        names: the present name of each former one.
    """

    def decorate(method: MethodT) -> MethodT:
        @wraps(method)
        def accepting(*args: Any, **kwargs: Any) -> Any:
            try:
                _rename(method.__name__, names, kwargs)
                return method(*args, **kwargs)
            finally:
                del args, kwargs  # a traceback keeps local variables

        @wraps(method)
        async def accepting_async(*args: Any, **kwargs: Any) -> Any:
            try:
                _rename(method.__name__, names, kwargs)
                return await method(*args, **kwargs)
            finally:
                del args, kwargs

        accepted: Any = accepting_async if method.__code__.co_flags & _COROUTINE else accepting
        return accepted  # type: ignore[no-any-return]  # takes what the method takes

    return decorate


def _rename(method: str, names: Mapping[str, str], keywords: dict[str, Any]) -> None:
    for old in keywords.keys() & names.keys():
        new, value = names[old], keywords.pop(old)
        if value is UNSET:
            continue
        text = f"{method}(): {old} is now called {new}; the old name will be removed in the next major version"
        warnings.warn(text, DeprecationWarning, stacklevel=3)
        if keywords.get(new, UNSET) not in (None, UNSET):
            raise_invalid_argument(old, value, f"the argument once; {new} is its present name", secret=True)
        keywords[new] = value
