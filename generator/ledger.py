"""What the description holds against what came out: a difference is a loss, and a loss is an error."""

from __future__ import annotations

from openapi_python_client.parser import GeneratorData

from .failures import Problem
from .project import PackageProject
from .read import Reading


def check_losses(
    reading: Reading, openapi: GeneratorData, project: PackageProject
) -> tuple[dict[str, int], list[Problem]]:
    """Counts for the summary, and one problem for everything that would be lost."""
    problems: list[Problem] = []
    for operation in reading.description.operations:
        if f"api/{operation.tag_name}/{operation.name}.py" not in project.files:
            problems.append(operation.node.problem(f"the operation {operation.id} would be lost"))
    for component in reading.components:
        if f"models/{component.module}.py" not in project.files:
            problems.append(component.node.problem(f"the schema {component.wire} would be lost"))
    facts = {"operations": len(reading.description.operations), "schemas": len(list(reading.components))}
    return facts, problems


__all__ = ["check_losses"]
