"""Checks a description: valid OpenAPI, read alike by both YAML libraries, and its `x-` keys correct."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import yaml
from openapi_spec_validator import OpenAPIV30SpecValidator, OpenAPIV31SpecValidator

from ..description.read import read_leniently
from ..package.files import render
from ..rules.extensions import EXTENSIONS, check_extensions
from ..rules.house import check_house_rules
from ..rules.rules import check_front_door, check_rules, check_streams
from ..source.files import SourceFile, Sources, UnreadableSource
from ..source.json_types import is_array, is_object
from ..source.node import Node
from ..source.problems import Problem, SpecRefused
from ..source.settings import GeneratorSettings


def lint(settings: GeneratorSettings) -> tuple[list[Problem], list[str]]:
    """Every problem, and the names of the checks that were made.

    A file that cannot be read ends the list early: later checks would only repeat it.
    """
    done = ["YAML 1.2 (ruamel)"]
    try:
        sources = Sources(settings.spec)
    except UnreadableSource as error:
        return [Problem(error.path, (), error.line, error.message)], done
    problems: list[Problem] = []
    problems.extend(_same_in_both(sources.root))
    done.append("YAML 1.1 (PyYAML)")
    problems.extend(_valid(sources.root))
    done.append("openapi-spec-validator")
    try:
        reading = read_leniently(settings.spec, strict=settings.strict)
        problems.extend([*reading.problems, *check_rules(reading)])
        problems.extend(check_streams(reading) if settings.front_door else ())
        problems.extend(check_front_door(reading, settings.front_door))
        problems.extend(check_extensions(reading.resolver))
        if settings.house_rules:
            problems.extend(check_house_rules(reading.resolver))
            done.append("house rules")
        if not problems:
            render(settings, reading)
    except SpecRefused as refusal:
        problems.extend(refusal.problems)
    except (AttributeError, IndexError, KeyError, TypeError, ValueError):
        # The other checks rely on the forms of OpenAPI. Where these do not hold, the validator has named the places.
        if not problems:
            raise
    done.append(f"{len(EXTENSIONS)} extensions")
    return SpecRefused(problems).problems, done


def _same_in_both(file: SourceFile) -> Iterator[Problem]:
    """PyYAML reads YAML 1.1, where `on`, `1_000` and `12:30` mean other things than in 1.2, and rejects more."""
    try:
        # The loader in C takes a tenth of the time.
        other = yaml.load(file.text, getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        line = mark.line + 1 if mark is not None else 0
        yield Problem(file.path, (), line, f"PyYAML cannot read this: {error.problem}")
        return
    yield from _differences(file, (), file.data, other)


def _differences(file: SourceFile, pointer: tuple[str, ...], ours: Any, theirs: Any) -> Iterator[Problem]:
    if is_object(ours) and is_object(theirs):
        their_keys = {str(key): value for key, value in theirs.items()}
        for key, value in ours.items():
            if str(key) not in their_keys:
                yield _differs(file, (*pointer, str(key)), f"the key {key!r}", "another key")
            else:
                yield from _differences(file, (*pointer, str(key)), value, their_keys[str(key)])
    elif is_array(ours) and is_array(theirs) and len(ours) == len(theirs):
        for index, (one, other) in enumerate(zip(ours, theirs, strict=True)):
            yield from _differences(file, (*pointer, str(index)), one, other)
    elif type(ours) is not type(theirs) or ours != theirs:
        yield _differs(file, pointer, repr(ours), repr(theirs))


def _differs(file: SourceFile, pointer: tuple[str, ...], ours: str, theirs: str) -> Problem:
    message = f"YAML 1.2 reads {ours} here, YAML 1.1 reads {theirs}; put it in quotes"
    return Problem(file.path, pointer, file.line_of(pointer), message)


def _valid(file: SourceFile) -> Iterator[Problem]:
    if not is_object(file.data):
        return
    version = str(file.data.get("openapi", ""))
    validator = OpenAPIV30SpecValidator if version.startswith("3.0") else OpenAPIV31SpecValidator
    try:
        for error in validator(_text_keys(file.data), base_uri=file.path.as_uri()).iter_errors():
            path = [*error.absolute_path]
            deepest = error
            while deepest.context:
                deepest = max(deepest.context, key=lambda e: len(e.absolute_path))
                path = [*deepest.absolute_path] or path
            pointer = tuple(str(piece) for piece in path)
            shown = _shortened(deepest.message)
            yield Problem(file.path, pointer, file.line_of(pointer), f"openapi-spec-validator: {shown}")
    except Exception as error:  # noqa: BLE001  its resolver raises errors of any kind; the other checks still run
        why = _shortened(str(error))  # some messages quote the whole description
        yield Node(file.data, file, ()).problem(
            f"openapi-spec-validator gave up: {type(error).__name__}: {why}"
        )


def _shortened(message: str) -> str:
    text = " ".join(message.split())
    return text if len(text) <= 300 else f"{text[:200]} ... {text[-80:]}"


def _text_keys(value: Any) -> Any:
    """The same with text as keys: in YAML the status 200 is a number."""
    if is_object(value):
        return {str(key): _text_keys(item) for key, item in value.items()}
    if is_array(value):
        return [_text_keys(item) for item in value]
    return value
