"""openapi-python-client's parser, run over the lowered description; its warnings are errors here."""

from __future__ import annotations

from pathlib import Path

from openapi_python_client.config import Config, ConfigFile, MetaType
from openapi_python_client.parser import GeneratorData
from openapi_python_client.parser.errors import GeneratorError
from openapi_python_client.strings import ClassName

from ..description.read import Reading
from ..schema.components import Components
from ..schema.shapes import Component
from ..source.problems import Problem, SpecRefused
from .lowering import lower


def configuration(output: Path, package: str, media_types: dict[str, str]) -> Config:
    """The parser's configuration: literal enums, because every enum is open; no tag is dropped."""
    return Config.from_sources(
        ConfigFile(
            literal_enums=True,
            package_name_override=package,
            project_name_override=package,
            content_type_overrides=media_types,
            post_hooks=[],
            use_path_prefixes_for_title_model_names=False,
        ),
        MetaType("none"),
        Path("openapi.yaml"),
        "utf-8",
        True,
        output,
    )


def parse(reading: Reading, package: str, output: Path) -> tuple[GeneratorData, Config]:
    """Run the parser.

    Raises:
        SpecRefused: for every warning and error that it has.
    """
    document, media_types = lower(reading.description, reading.components)
    config = configuration(output, package, media_types)
    data = GeneratorData.from_dict(document, config=config)
    root = reading.description.node
    if isinstance(data, GeneratorError):
        raise SpecRefused([root.problem(f"openapi-python-client: {_text(data)}")])
    errors = [*data.errors]
    for collection in data.endpoint_collections_by_tag.values():
        errors.extend(collection.parse_errors)
    if errors:
        problems: list[Problem] = [root.problem(f"openapi-python-client: {_text(error)}") for error in errors]
        raise SpecRefused(problems)
    return data, config


def class_names(components: Components, config: Config) -> dict[str, Component]:
    """Components by the name that the parser gives their classes: `Exception_`, `GrÖßE`. Ours may differ from it."""
    return {str(ClassName(component.name, config.field_prefix)): component for component in components}


def _text(error: GeneratorError) -> str:
    return " ".join(f"{error.header} {error.detail or ''}".split())
