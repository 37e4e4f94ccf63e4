"""Which module of `models/` holds which schema: schemas that are used together stand together.

A module for each schema costs a wheel a fifth of its size, and a program the import of each one that it needs; one
module for all makes a program that chats execute the classes of the videos. So the operations decide, by their tags:

| Who uses the schema, directly or through another one | Its module |
| --- | --- |
| operations of one tag | the tag's |
| operations of two tags | `<tag>_<tag>`, in alphabetical order |
| operations of three tags or more | `shared` |
| operations of any number of tags, but as the body of a failure only | `failures` |
| nothing | `unused` |

A webhook counts like a tag called `webhooks`. Nothing else decides, so a schema moves only when somebody begins or ends
to use it. A module of more than `LARGEST` schemas, as large descriptions have, is divided by the letters that their
names begin with, one letter where that is enough: `repos_b`, `webhooks_issue_c`.

No circle of imports can arise. Modules import one another for type checkers only: at run time a codec knows a schema,
of its own module or of another, by module and name, and looks it up when it is first used. (References between groups
lead to those with more users, because who uses a schema uses what it refers to. The parts of a divided group refer to
one another in any way.)
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from itertools import takewhile

from ..schema.components import Components
from ..schema.names import Register, constant, safe, snake
from ..schema.shapes import Component, Shape
from .model import Description
from .reachability import closure, leads_to, mentioned, received_by, refused_by, sent_by

LARGEST = 60


def assign_modules(description: Description, components: Components) -> None:
    """Give every component its module, and the names in there that are made of its own."""
    classes = frozenset(component.name for component in components)
    literals, codecs = Register(classes), Register(classes)
    groups: dict[str, list[Component]] = {}
    grouped = _groups(description, components)
    for component in components:
        groups.setdefault(grouped[component.name], []).append(component)
        component.codec_name = codecs.claim(f"{constant(component.name)}_CODEC")
        if component.kind == "enum":
            component.literal_name = literals.claim(f"{component.name}Literal")
    for group, members in groups.items():
        for name, part in _divided(group, members):
            module = _module(name, classes)
            for component in part:
                component.module = module


def _groups(description: Description, components: Components) -> dict[str, str]:
    """The group of each component."""
    uses: dict[str, list[Shape]] = {}
    failing: list[Shape] = []
    for operation in description.operations:
        shapes = uses.setdefault(operation.tag_name, [])
        shapes.extend([*sent_by(operation), *received_by(operation)])
        failing.extend(refused_by(operation))
    uses.setdefault("webhooks", []).extend(hook.shape for hook in description.webhooks)
    leads = leads_to(components)
    users: dict[str, list[str]] = {component.name: [] for component in components}
    for user in sorted(uses):
        for name in closure(mentioned(uses[user], components), leads):
            users[name].append(user)
    failures = closure(mentioned(failing, components), leads)
    return {name: _group(tags, failure=name in failures) for name, tags in users.items()}


def _group(users: list[str], *, failure: bool) -> str:
    match users:
        case []:
            return "failures" if failure else "unused"
        case [tag]:
            return tag
        case [first, second]:
            return f"{first.rstrip('_')}_{second}"
        case _:
            return "shared"


def _divided(group: str, members: list[Component], prefix: str = "") -> Iterator[tuple[str, list[Component]]]:
    """The members under the names of their modules, divided by the letters after `prefix` while there are too many."""
    if len(members) <= LARGEST:
        yield f"{group}_{prefix}".rstrip("_") if prefix else group, members
        return
    names = [snake(component.name) for component in members]
    common = _beginning(min(names), max(names))  # of the first and the last in order is of all
    parts: dict[str, list[Component]] = {}
    for name, component in zip(names, members, strict=True):
        parts.setdefault(name[: len(common) + 1], []).append(component)
    for longer, part in parts.items():
        if longer == common:  # names that end here
            yield f"{group}_{common}", part
        else:
            yield from _divided(group, part, longer)


def _beginning(first: str, second: str) -> str:
    """What both begin with."""
    pairs = zip(first, second, strict=False)
    return first[: sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))]


def _module(name: str, classes: frozenset[str]) -> str:
    """The name as a module's: the same on file systems that know no case, no keyword, and no class of the package."""
    return safe(unicodedata.normalize("NFKC", name.casefold()), classes)


__all__ = ["LARGEST", "assign_modules"]
