"""The older spelling of the import: `from indoxRouter import Client` is `from indoxrouter import Client`."""

from typing import TYPE_CHECKING

import indoxrouter

if TYPE_CHECKING:  # a star import at run time would load every name that the front door hands out lazily
    from indoxrouter import *

__all__: list[str] = []
__all__ += indoxrouter.__all__


def __getattr__(name: str) -> object:
    return getattr(indoxrouter, name)


def __dir__() -> list[str]:
    return dir(indoxrouter)
