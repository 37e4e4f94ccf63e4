"""Plants a fault in the running process, in the moment in which the module of its target has been executed.

At that moment nobody has imported a name from the module, so everybody gets the planted one. `site/sitecustomize.py`
arranges it when an interpreter starts with `PLANTED` in its environment; child processes inherit that.
"""

from __future__ import annotations

import functools
import gc
import os
import sys
from collections.abc import Callable, Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

from .fault import Fault, fault_named

__all__ = ["FAULT", "MODULE", "REPORT", "Planter", "plant", "plant_from_environment"]

FAULT = "PLANTED"
"""Environment variable with the name of the fault."""
MODULE = "PLANTED_MODULE"
"""Environment variable with the module that defines its target, which the finder has found."""
REPORT = "PLANTED_REPORT"
"""Environment variable with a file to which a process adds a line when it plants the fault, and when the fault acts."""


class Planter(MetaPathFinder):
    """Lets the other finders find a module, and calls `planted` with it after its code has run."""

    def __init__(self, module: str, planted: Callable[[ModuleType], None]) -> None:
        self.module = module
        self.planted = planted

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname != self.module:
            return None
        for finder in sys.meta_path:
            spec = finder.find_spec(fullname, path, target) if finder is not self else None
            if spec is not None and spec.loader is not None:
                self._extend(spec.loader)
                return spec
        return None

    def _extend(self, loader: Any) -> None:
        execute = loader.exec_module

        def exec_module(module: ModuleType) -> None:
            execute(module)
            if module.__name__ == self.module:  # a loader may serve many modules
                self.planted(module)

        loader.exec_module = exec_module

    def come_first(self) -> None:
        """Stand before all finders: one that stands before this one would load the module by itself."""
        if self in sys.meta_path:
            sys.meta_path.remove(self)
        sys.meta_path.insert(0, self)


def plant(module: ModuleType, target: str, behaviour: Callable[..., Any], acted: Callable[[], None]) -> None:
    """Put a behaviour in the place of a function or an attribute of a module.

    Args:
        module: has been executed, and defines the target.
        target: a qualified name.
        behaviour: what happens instead; see `Fault`.
        acted: called each time that it happens.
    """
    owner: Any = module
    *path, name = target.split(".")
    for part in path:
        owner = vars(owner)[part]
    found = vars(owner)[name]
    replacement = _replacement(found, behaviour, acted)
    setattr(owner, name, replacement)
    if callable(found):
        _replace_in_tables(found, replacement)


def _replacement(found: Any, behaviour: Callable[..., Any], acted: Callable[[], None]) -> Any:
    if isinstance(found, (classmethod, staticmethod)):
        return type(found)(_wrapped(found.__func__, behaviour, acted))
    if isinstance(found, property):
        assert found.fget is not None
        return property(_wrapped(found.fget, behaviour, acted), found.fset, found.fdel, found.__doc__)
    if callable(found) and not isinstance(found, type):
        return _wrapped(found, behaviour, acted)
    acted()
    return behaviour(found)


def _wrapped(
    original: Callable[..., Any], behaviour: Callable[..., Any], acted: Callable[[], None]
) -> Callable[..., Any]:
    # Coroutines, generators and asynchronous generators pass through: calling their functions makes them.
    @functools.wraps(original)
    def planted(*args: Any, **kwargs: Any) -> Any:
        acted()
        return behaviour(original, *args, **kwargs)

    return planted


def _replace_in_tables(found: Any, replacement: Any) -> None:
    """Replace a function where the code of its module has put it meanwhile, such as in a table of handlers."""
    for table in gc.get_referrers(found):
        if isinstance(table, dict) and table is not vars(replacement):
            table.update({key: replacement for key, value in table.items() if value is found})
        elif isinstance(table, list):
            table[:] = [replacement if value is found else value for value in table]


def plant_from_environment() -> Planter | None:
    """Arrange what `PLANTED` asks for; None if nothing is asked for."""
    name, module = os.environ.get(FAULT), os.environ.get(MODULE)
    if not name or not module:
        return None
    chosen = fault_named(name)
    planter = Planter(module, lambda loaded: _plant_and_report(chosen, loaded))
    planter.come_first()
    return planter


def _plant_and_report(chosen: Fault, module: ModuleType) -> None:
    seen: list[str] = []

    def report(what: str) -> None:
        if what not in seen:
            seen.append(what)
            if path := os.environ.get(REPORT):
                with open(path, "a", encoding="ascii") as file:
                    file.write(f"{what}\n")

    plant(module, chosen.target, chosen.behaviour, lambda: report("acted"))
    report("planted")
