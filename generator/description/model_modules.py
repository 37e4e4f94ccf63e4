"""The module of `models/` for each schema: schemas that are used together share a module.

A module for each schema costs a wheel a fifth of its size, and a program the import of each one that it needs; one
module for all makes a program that chats execute the classes of the videos. So the operations decide, by their tags:

| Who uses the schema, directly or through another one | Its module |
| --- | --- |
| operations of one tag | the tag's |
| operations of two tags | `<tag>_and_<tag>`, in alphabetical order |
| operations of three tags or more | `shared` |
| operations of any number of tags, but as the body of a failure only | `failures` |
| nothing | `other` |

A webhook counts like a tag called `webhooks`. A schema moves only when its users change. A module of more
than `LARGEST` schemas is divided by the first letters of their names, one letter where that is enough: `repos_b`,
`webhooks_issue_c`.

No circle of imports can arise. Modules import one another for type checkers only: at run time a codec knows a schema,
of its own module or of another, by module and name, and looks it up when it is first used. (References between groups
lead to those with more users, because a user of a schema uses what it refers to. The parts of a divided group may refer
to one another.)
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from itertools import takewhile

from ..schema.components import Components
from ..schema.names import NameAllocator, constant, safe, snake
from ..schema.shapes import Component, Shape
from .model import Description
from .reachability import answer_shapes, closure, directly_used, failure_shapes, references_of, request_shapes

LARGEST = 60


def assign_modules(description: Description, components: Components) -> dict[str, str]:
    """Give every component its module, and the names in that module that derive from its own.

    Returns:
        The docstring of each module. It holds names of tags, which are untrusted text.
    """
    classes = frozenset(component.name for component in components)
    literals, codecs = NameAllocator(classes), NameAllocator(classes)
    groups: dict[str, list[Component]] = {}
    docs: dict[str, str] = {}
    grouped = _groups(description, components)
    for component in components:
        group, text = grouped[component.name]
        groups.setdefault(group, []).append(component)
        docs.setdefault(group, text)
        component.codec_name = codecs.allocate(f"{constant(component.name)}_CODEC")
        if component.kind == "enum":
            component.literal_name = literals.allocate(f"{component.name}Literal")
    module_docs: dict[str, str] = {}
    for group, members in groups.items():
        for name, part in _divided(group, members):
            module = _module(name, classes)
            module_docs[module] = docs[group]
            for component in part:
                component.module = module
    return module_docs


def _groups(description: Description, components: Components) -> dict[str, tuple[str, str]]:
    """The group of each component, and what its members have in common."""
    uses: dict[str, list[Shape]] = {}
    failing: list[Shape] = []
    for operation in description.operations:
        shapes = uses.setdefault(operation.tag_name, [])
        shapes.extend([*request_shapes(operation), *answer_shapes(operation)])
        shapes.extend([operation.stream.envelope] if operation.stream is not None else [])
        failing.extend(failure_shapes(operation))
    uses.setdefault("webhooks", []).extend(hook.shape for hook in description.webhooks)
    references = references_of(components)
    users: dict[str, list[str]] = {component.name: [] for component in components}
    for user in sorted(uses):
        for name in closure(directly_used(uses[user], components), references):
            users[name].append(user)
    failures = closure(directly_used(failing, components), references)
    tags = {operation.tag_name: f"`{operation.tag}`" for operation in description.operations}
    return {name: _group(found, tags, failure=name in failures) for name, found in users.items()}


def _group(users: list[str], tags: dict[str, str], *, failure: bool) -> tuple[str, str]:
    named = [tags.get(user, user) for user in users]
    match users:
        case []:
            return (
                ("failures", "Bodies of failures.")
                if failure
                else ("other", "Schemas that no operation uses.")
            )
        case [tag]:
            return tag, f"Schemas of {named[0]}."
        case [first, second]:
            return f"{first.rstrip('_')}_and_{second}", f"Schemas that {named[0]} and {named[1]} share."
        case _:
            return "shared", "Schemas that several groups of operations share."


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
