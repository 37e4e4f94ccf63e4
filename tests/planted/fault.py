"""What a fault is, and the list of all faults."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

__all__ = ["Fault", "Original", "all_faults", "fault", "fault_named"]

Original = Callable[..., Any]
"""The function that a behaviour takes the place of. A method gets its object, and a class method its class, first."""

_FAULTS: dict[str, Fault] = {}


@dataclass(frozen=True)
class Fault:
    """A behaviour in place of a function, or a value in place of an attribute.

    Attributes:
        name: a sentence, from the name of the behaviour.
        subject: the module of `faults/` that it stands in.
        package: the import package that holds the target, wherever in it.
        target: the qualified name, such as `RetryBudget.refund`.
        behaviour: called with the original function and the arguments of the call; for an attribute, with its value.
        rule: the number of the rule that it breaks, or the subject.
        noticed_by: the test that has to fail, such as `TestFork::test_a_child` or `test_a_get[sync]`.
        sample: whether `make test` proves it; `make planted` proves all.
        within: seconds that the test may take; one that hangs has failed.
    """

    name: str
    subject: str
    package: str
    target: str
    behaviour: Callable[..., Any]
    rule: str
    noticed_by: str
    sample: bool = False
    within: float = 120.0

    def __str__(self) -> str:
        return self.name


def fault(
    target: str, *, noticed_by: str, rule: int | str = "", sample: bool = False, within: float = 120.0
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Declare the decorated function as the behaviour of a fault.

    Args:
        target: package and qualified name, such as `indoxrouter_ext: RetryBudget.refund`.
        noticed_by: the test that has to fail.
        rule: of `tests/reliability/README.md`, where it breaks one of these.
        sample: whether `make test` proves the fault.
        within: seconds that the test may take. Set it where the fault makes the test hang, which counts as noticed.
    """
    package, _, name = (part.strip() for part in target.partition(":"))

    def declare(behaviour: Callable[..., Any]) -> Callable[..., Any]:
        sentence = behaviour.__name__.strip("_").replace("_", " ")
        subject = behaviour.__module__.rpartition(".")[2]
        if sentence in _FAULTS:
            raise ValueError(f"two faults are called {sentence!r}")
        _FAULTS[sentence] = Fault(
            sentence, subject, package, name, behaviour, str(rule or subject), noticed_by, sample, within
        )
        return behaviour

    return declare


def all_faults() -> list[Fault]:
    """Every fault of `faults/`."""
    from . import faults

    for module in pkgutil.iter_modules(faults.__path__):
        importlib.import_module(f"{faults.__name__}.{module.name}")
    return [*_FAULTS.values()]


def fault_named(name: str) -> Fault:
    """The fault of a name. Raises KeyError."""
    return {fault.name: fault for fault in all_faults()}[name]
