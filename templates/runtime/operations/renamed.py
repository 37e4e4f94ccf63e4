"""Keywords of methods that have another name now."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any, TypeVar

from ..codecs.base import raise_invalid_argument
from ..values.unset import UNSET

__all__ = ["renamed_keywords"]

MethodT = TypeVar("MethodT", bound=Callable[..., Any])


def renamed_keywords(names: Mapping[str, str]) -> Callable[[MethodT], MethodT]:
    """Let a method take keywords by their former names as well, with a `DeprecationWarning`.

    Args:
        names: the present name of each former one.
    """

    def decorate(method: MethodT) -> MethodT:
        @wraps(method)
        def accepting(*args: Any, **kwargs: Any) -> Any:
            try:
                for old in kwargs.keys() & names.keys():
                    new, value = names[old], kwargs.pop(old)
                    if value is UNSET:
                        continue
                    text = f"{method.__name__}(): {old} is now called {new}; the old name will be removed in the next major version"
                    warnings.warn(text, DeprecationWarning, stacklevel=2)
                    if kwargs.get(new, UNSET) not in (None, UNSET):
                        raise_invalid_argument(old, value, f"the argument once; {new} is its present name", secret=True)
                    kwargs[new] = value
                return method(*args, **kwargs)
            finally:
                del args, kwargs  # a traceback keeps local variables

        accepted: Any = accepting
        return accepted  # type: ignore[no-any-return]  # takes what the method takes

    return decorate
