"""The package in memory: openapi-python-client's `Project` with our templates and more files.

The parser's result decides what is rendered: one class for each model it kept, one enum for each enum, one module for
each endpoint. Their content is given by our views.
"""

from __future__ import annotations

from typing import Any

from jinja2 import FileSystemBytecodeCache, FileSystemLoader
from openapi_python_client import Project
from openapi_python_client.config import Config
from openapi_python_client.parser import GeneratorData
from openapi_python_client.parser.errors import GeneratorError
from openapi_python_client.strings import PythonCode, PythonIdentifier

from ..description.exceptions import CARRIED
from ..description.model import ExceptionSpec, WebhookSpec
from ..description.read import Reading
from ..python.build_facade import facade_views
from ..python.build_models import RenderContext, param_view, schema_view
from ..python.build_operations import operation_view, resource_views
from ..python.docstrings import doc, render
from ..python.imports import OPTIONS
from ..python.py_source import literal
from ..python.type_hints import members
from ..python.views import ExceptionView, FrontDoorName, OperationView, WebhookView
from ..schema.interpreter import Interpreter
from ..schema.names import constant, pascal
from ..schema.shapes import Component, ObjectShape
from ..source.settings import GeneratorSettings
from ..upstream.parse import class_names
from .manifest import GENERATOR, HEADER, tree_digest
from .standalone import CLIENT_NAMES, client_files


class UntrustedOutput(Exception):
    """A template printed text of the description without a filter that escapes it."""


class PackageProject(Project):
    """Renders every file of the package: from the description as it was read, and from the parser's result for it."""

    def __init__(
        self, reading: Reading, openapi: GeneratorData, config: Config, settings: GeneratorSettings
    ) -> None:
        templates, front_door = settings.templates, settings.front_door
        super().__init__(openapi=openapi, config=config, custom_template_path=templates)
        # Upstream's templates are not a fallback: a missing template of ours is an error.
        self.env.loader = FileSystemLoader(str(templates))
        # Compiling our templates takes longer than rendering a small package. Jinja caches them in a directory of the
        # user, by hash of the template; the generator's hash is added because filters may be evaluated at compile time.
        mark = tree_digest(GENERATOR, ("*.py",))[:16]
        self.env.bytecode_cache = FileSystemBytecodeCache(pattern=f"indoxrouter-{mark}-%s.cache")
        self.env.finalize = _only_safe
        self.env.filters.update(code=_code, literal=literal, doc=render, constant=constant)
        self.reading = reading
        self.templates = templates
        self.front_door = front_door
        self.context = RenderContext.of(reading.description, reading.components, front_door)
        self.package = settings.package
        self.files: dict[str, str] = {}
        self.operation_views: dict[str, list[OperationView]] = {}

    def build(self) -> list[GeneratorError]:
        """Render everything into `files`; nothing is written to disk here."""
        self._runtime("runtime")
        self._models()
        self._params()
        self._operations()
        self._resources()
        self._facade()
        self._errors()
        self._about()
        self._front_door()
        self.files["py.typed"] = ""
        self._runtime("optional")
        if self.context.standalone:
            self.files.update(client_files(self.package, self.reading.description.exceptions[0].name))
        return []

    def _render(self, path: str, template: str, **context: Any) -> None:
        values = {"imports": self.context.imports, "path": path, **context}
        self.files[path] = HEADER + self.env.get_template(template).render(values)

    # ── parts ────────────────────────────────────────────────────────────────────────────────────────────────────

    def _runtime(self, folder: str) -> None:
        """The modules of the runtime; those of `optional` that a file of the package imports."""
        root = self.templates / folder
        for source in sorted(root.rglob("*.py")):
            path = source.relative_to(root).with_suffix("")
            module = ".".join(("_runtime", *path.parts))
            if folder == "runtime" or any(module in text for text in self.files.values()):
                self.files[f"_runtime/{path.as_posix()}.py"] = HEADER + source.read_text(encoding="utf-8")

    def _models(self) -> None:
        by_class = class_names(self.reading.components, self.config)
        kept = {by_class[model.class_info.name].name for model in self.openapi.models}
        modules: dict[str, list[Component]] = {}
        for component in self.reading.components:  # the parser does not know aliases, and not all enums
            if component.kind != "model" or component.name in kept:
                modules.setdefault(component.module, []).append(component)
        for module, components in modules.items():
            self._render(
                f"models/{module}.py",
                "models_module.py.jinja",
                doc=doc(None, self.reading.module_docs[module], module),
                schemas=[schema_view(component, self.context) for component in components],
            )
        self._render(
            "models/__init__.py",
            "models_init.py.jinja",
            names=[
                FrontDoorName(name, self.package if name in self.front_door else f".{module}")
                for name, module in self._model_names()
            ],
            renamed=self._renamed(),
        )

    def _model_names(self) -> list[tuple[str, str]]:
        """Every name that `models` exports, and its module."""
        pairs: list[tuple[str, str]] = []
        for component in self.reading.components:
            pairs.append((component.name, component.module))
            if component.kind == "enum":
                pairs.append((component.literal_name, component.module))
        return sorted(pairs)

    def _renamed(self) -> list[tuple[str, str]]:
        """Former names of schemas, with today's."""
        taken = {name for name, _ in self._model_names()}
        found: dict[str, str] = {}
        for component in self.reading.components:
            for old in component.meaning.annotations.renamed_from if not component.lifted else ():
                name = pascal(old)
                if name in taken or name in found:
                    raise component.node.refuse(f"`x-renamed-from: {old}`: the name {name} is in use")
                found[name] = component.name
        return sorted(found.items())

    def _params(self) -> None:
        views = [
            param_view(component, self.context)
            for component in self.reading.components
            if component.name in self.context.params
        ]
        self._render("params.py", "params.py.jinja", params=views)

    def _operations(self) -> None:
        description = self.reading.description
        prefix = self.config.field_prefix
        by_name = {
            (PythonIdentifier(o.tag_name, "tag"), PythonIdentifier(o.name, prefix)): o
            for o in description.operations
        }
        self.files["api/__init__.py"] = HEADER + self.env.get_template("api_init.py.jinja").render()
        for tag, collection in self.openapi.endpoint_collections_by_tag.items():
            views: list[OperationView] = []
            for endpoint in collection.endpoints:
                operation = by_name[tag, endpoint.name]
                view = operation_view(operation, description, self.context)
                views.append(view)
                self._render(
                    f"api/{operation.tag_name}/{operation.name}.py",
                    "endpoint_module.py.jinja",
                    operation=view,
                )
            tag_name = views[0].spec.tag_name
            self.operation_views[tag_name] = views
            text = doc(None, description.tags.get(views[0].spec.tag), f"Operations of {views[0].spec.tag}.")
            self._render(f"api/{tag_name}/__init__.py", "endpoint_init.py.jinja", doc=text)

    def _resources(self) -> None:
        views = resource_views(self.reading.description, self.operation_views, self.context)
        for view in views:
            self._render(f"resources/{view.tag}.py", "resource.py.jinja", resource=view)
        self._render("resources/__init__.py", "resources_init.py.jinja", resources=views)
        self._render(
            "resources/_send.py", "resources_send.py.jinja", options=self.context.imports.above(OPTIONS)
        )

    def _facade(self) -> None:
        interpreter = Interpreter(self.reading.resolver, self.reading.components)
        methods = facade_views(self.reading.description, self.context, interpreter)
        if not methods:
            return
        self._render("facade_entries.py", "facade_entries.py.jinja", methods=methods)
        # Two modules: a program uses one of the two clients, and does not load the other's.
        for name, asynchronous in (("facade.py", False), ("async_facade.py", True)):
            self._render(name, "facade.py.jinja", asynchronous=asynchronous, methods=methods)

    def _errors(self) -> None:
        description = self.reading.description
        classes = {*self.front_door, *(name for name, _ in self._model_names())}
        attributes = (
            code for exception in description.exceptions for code, _ in exception.attributes.values()
        )
        self._render(
            "errors.py",
            "errors.py.jinja",
            exceptions=[_exception_view(exception, classes) for exception in description.exceptions],
            classes=sorted({name for code in attributes for name in members(code)} & classes),
            root=description.exceptions[0].name,
            codes=PythonCode(literal(description.error_codes)),
            statuses=PythonCode(literal(dict(sorted(description.error_statuses.items())))),
        )

    def _about(self) -> None:
        description = self.reading.description
        operations = {o.id: (o.tag_name, o.name) for o in description.operations}
        self._render(
            "about.py",
            "about.py.jinja",
            title=PythonCode(literal(description.title)),
            version=PythonCode(literal(description.version)),
            servers=PythonCode(literal(description.servers)),
            server_variables=PythonCode(literal(description.server_variables)),
            schemes=PythonCode(literal(description.security_schemes)),
            operations=PythonCode(literal(operations)),
            limits=PythonCode(literal(_limits(self.reading))),
        )
        if description.webhooks:
            views = [
                WebhookView(
                    name=PythonCode(literal(hook.name)),
                    constant=self._constant_of(hook),
                    annotation=PythonCode(self.context.type_hints.read(hook.shape)),
                    codec=PythonCode(self.context.codecs.expression(hook.shape)),
                    doc=doc(None, hook.description, f"The body of {hook.name}."),
                    form=hook.form,
                )
                for hook in description.webhooks
            ]
            self._render("webhooks.py", "webhooks.py.jinja", webhooks=views)

    def _constant_of(self, hook: WebhookSpec) -> str:
        """The constant of a webhook: `SMS_WEBHOOK` where a schema is called `SMS`."""
        name = constant(hook.python)
        return f"{name}_WEBHOOK" if name in self.reading.components else name

    def _front_door(self) -> None:
        names: dict[str, str] = {
            name: module for name, module in self.front_door.items() if name != "__version__"
        }
        for exception in self.reading.description.exceptions:
            names.setdefault(exception.name, ".errors")
        for name, module in self._model_names():
            names.setdefault(name, f".models.{module}")
        for name in ("UNSET", "Unset"):
            names.setdefault(name, "._runtime.values.unset")
        names.update(CLIENT_NAMES if self.context.standalone else {})
        layer = self.front_door.get("__version__", "").partition(".")[0]
        listed = [
            FrontDoorName(name, names[name], names[name].partition(".")[0] not in ("", layer))
            for name in sorted(names)
        ]
        description = self.reading.description
        self._render(
            "__init__.py",
            "package_init.py.jinja",
            names=listed,
            renamed=[pair for pair in self._renamed() if pair[0] not in names],
            version_module=self.front_door.get("__version__"),
            version=PythonCode(literal(description.version)),
            doc=doc(description.title, None, description.title),
        )


def _exception_view(exception: ExceptionSpec, classes: set[str]) -> ExceptionView:
    def known(code: str) -> str:
        return code if {*members(code)} <= {*classes, "str", "int", "float", "None"} else "Any"

    document = doc(None, exception.description, exception.name)
    document.section("Attributes", ((name, text) for name, (_, text) in exception.attributes.items()))
    parent = "BaseError" if exception.parent == "Exception" else exception.parent
    bases = parent if exception.also is None else f"{parent}, {exception.also}"
    return ExceptionView(
        spec=exception,
        doc=document,
        bases=PythonCode(bases),
        properties=[
            (name, PythonCode(known(code)), doc(None, text, name))
            for name, (code, text) in exception.attributes.items()
            if name not in CARRIED
        ],
        carried=[
            (name, PythonCode(known(code)))
            for name, (code, _) in exception.attributes.items()
            if name in CARRIED and known(code) != "Any"
        ],
    )


def _limits(reading: Reading) -> dict[str, int]:
    """Documented size limits of all schemas; the smallest where there are several."""
    found: dict[str, int] = {}
    for component in reading.components:
        shape = component.meaning
        fields = shape.fields if isinstance(shape, ObjectShape) else ()
        for notes in (shape.annotations, *(field.shape.annotations for field in fields)):
            for name, limit in notes.media_limit:
                found[name] = min(limit, found.get(name, limit))
    return dict(sorted(found.items()))


# ── filters ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def _only_safe(value: Any) -> Any:
    """Jinja's `finalize`: called with everything that a template prints."""
    if type(value) in (int, str) or isinstance(value, PythonIdentifier):
        return value
    raise UntrustedOutput(f"a template printed a {type(value).__name__} bare; use `code`, `doc` or `literal`")


def _code(value: PythonCode) -> str:
    """Code as code. Never inside quotes."""
    return value.as_unembedded_code()
