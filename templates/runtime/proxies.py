"""Whether a proxy stands between this program and the network."""

from __future__ import annotations

import os
import sys

__all__ = ["proxies_are_set"]

_VARIABLES = frozenset({"http_proxy", "https_proxy", "all_proxy"})


def proxies_are_set() -> bool:
    """Whether the environment, or the system, names a proxy for anything; exceptions are not looked at."""
    if any(value and name.lower() in _VARIABLES for name, value in os.environ.items()):
        return True
    if sys.platform == "darwin" or sys.platform == "win32":  # type checkers know this form
        from urllib.request import getproxies  # reads the system's settings there

        return bool(getproxies())
    return False
