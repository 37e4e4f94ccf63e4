"""The documented client's methods: arguments, order, defaults, types and text come from the description."""

from __future__ import annotations

import inspect
import re
from pathlib import Path
from typing import Any

import pytest

from tests.generator.support import Made, document, generate, refusals

PATHS = """
/speak/{voice_id}:
  post:
    operationId: speak
    tags: [audio]
    summary: Say it
    x-facade:
      - name: say
        positional: [text, voice_id, loud]
        defaults: {speed: 2}
        rename: {voice_id: voice}
        extra: {loud: {type: boolean, default: true, description: How to say it.}, tone: {type: string}}
      - {name: whisper, positional: [text, voice_id]}
    parameters:
      - {name: voice_id, in: path, required: true, x-client-default: ada, schema: {type: string}}
    requestBody:
      required: true
      content:
        application/json:
          schema:
            type: object
            required: [text]
            properties:
              text: {type: string, description: What to say., maxLength: 10}
              speed: {type: integer, default: 1, minimum: 1, maximum: 5}
              additional_params: {type: object}
    responses: {'204': {description: Said.}, '429': {description: Too much.}}
/by/one: {get: {operationId: one, tags: [by], x-facade: [{name: pick, positional: [kind], fixed: {kind: one}}],
  responses: {'204': {description: One.}}}}
/by/two: {get: {operationId: two, tags: [by], x-facade: [{name: pick, positional: [kind], fixed: {kind: two}}],
  responses: {'204': {description: Two.}}}}
"""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """A small package with a facade."""
    return generate(document(PATHS), tmp_path_factory.mktemp("facade"))


STREAMING = """
/ask:
  post:
    operationId: ask
    tags: [chat]
    x-facade: [{name: ask}]
    x-stream: {parameter: stream}
    requestBody:
      content: {application/json: {schema: {type: object, properties: {stream: {type: boolean}}}}}
    responses:
      '200':
        description: Fine.
        content:
          application/json: {schema: {type: string}}
          text/event-stream: {schema: {type: object, properties: {text: {type: string}}}}
"""


def test_the_result_of_a_method_that_may_stream_is_a_type(tmp_path: Path) -> None:
    # A package without a layer above: its own methods for operations return the streams.
    text = generate(document(STREAMING), tmp_path).text("facade.py")
    assert re.findall(r"\) -> (.*):\n", text) == ["Any", "str"]  # of what every method calls, and of `ask`


@pytest.fixture(scope="module")
def facade(made: Made) -> Any:
    """Its facade module."""
    return made("facade")


def recording(facade: Any) -> Any:
    class Recording(facade.Facade):  # type: ignore[misc]  # a module made in this test
        def _call_facade(self, entry: Any, values: Any, extra: Any, **own: Any) -> Any:
            return entry.name, values, dict(extra), own

    return Recording()


def test_order_defaults_and_names_are_those_of_the_description(facade: Any) -> None:
    parameters = inspect.signature(facade.Facade.say).parameters
    assert [(p.name, p.kind.name, p.default) for p in parameters.values()][1:] == [
        ("text", "POSITIONAL_OR_KEYWORD", inspect.Parameter.empty),
        ("voice", "POSITIONAL_OR_KEYWORD", "ada"),
        ("loud", "POSITIONAL_OR_KEYWORD", True),
        ("speed", "KEYWORD_ONLY", 2),
        ("additional_params", "KEYWORD_ONLY", None),
        ("tone", "KEYWORD_ONLY", None),
        ("kwargs", "VAR_KEYWORD", inspect.Parameter.empty),
    ]
    assert inspect.signature(facade.Facade.whisper).parameters["speed"].default is None


def test_values_travel_under_the_names_of_the_description(facade: Any) -> None:
    said = recording(facade).say("hi", loud=False, whispered=1)
    values = {"voice_id": "ada", "text": "hi", "speed": 2, "additional_params": None}
    assert said == ("say", values, {"whispered": 1}, {"loud": False, "tone": None})


def test_an_argument_of_its_own_may_be_a_field_that_takes_another_type(tmp_path: Path) -> None:
    documented = PATHS.replace("speed: {type", "loud: {type: integer}\n              speed: {type")
    package = generate(document(documented), tmp_path)
    said = recording(package("facade")).say("hi", loud=False)
    assert (said[1].keys(), said[3].keys()) == (
        {"voice_id", "text", "speed", "additional_params"},
        {"loud", "tone"},
    )
    loud = inspect.signature(package("facade").Facade.say).parameters["loud"]
    assert (loud.annotation, loud.default) == ("bool", True)
    entries = package("facade_entries").ENTRIES
    assert (entries["say"].typed_fields, entries["whisper"].typed_fields) == ({"loud"}, set())
    assert "loud" in inspect.signature(package("facade").Facade.whisper).parameters


def test_a_call_without_a_required_argument_reaches_the_method_that_has_former_keywords(
    tmp_path: Path,
) -> None:
    renamed = PATHS.replace("speed: {type", "speed: {x-renamed-from: pace, type")
    package = generate(document(renamed), tmp_path)
    unset = package("_runtime.values.unset").UNSET
    assert recording(package("facade")).whisper(speed=3)[1]["text"] is unset
    with pytest.warns(DeprecationWarning, match=r"whisper\(\): pace is now called speed"):
        assert recording(package("facade")).whisper(pace=3)[1] == {
            "voice_id": "ada",
            "text": unset,
            "speed": 3,
            "additional_params": None,
        }


def test_former_keywords_of_a_method_warn_and_travel_under_the_present_name(tmp_path: Path) -> None:
    renamed = PATHS.replace("required: [text]", "required: [phrase]").replace(
        "positional: [text", "positional: [phrase"
    )
    renamed = renamed.replace("text: {type: string, ", "phrase: {type: string, x-renamed-from: text, ")
    renamed = renamed.replace(
        "name: voice_id, in: path, required: true,",
        "name: voice_id, in: path, required: true, x-renamed-from: speaker,",
    )
    package = generate(document(renamed), tmp_path)
    facade = package("facade")
    client = recording(facade)
    with pytest.warns(DeprecationWarning, match=r"say\(\): text is now called phrase; .*next major") as heard:
        said = client.say(text="hi", speed=3)
    assert said[1] == {"voice_id": "ada", "phrase": "hi", "speed": 3, "additional_params": None}
    assert heard[0].filename == __file__
    with pytest.warns(DeprecationWarning, match=r"whisper\(\): speaker is now called voice_id"):
        assert client.whisper("hi", speaker="bob")[1]["voice_id"] == "bob"
    operations = [package("about").load_operation(name) for name in package("about").OPERATIONS]
    assert ("voice_id", ("speaker",)) in [
        (each.name, each.former) for o in operations for each in o.parameters
    ]
    with (
        pytest.warns(DeprecationWarning, match="text is now called"),
        pytest.raises(Exception, match="text: expected the argument once; phrase is"),
    ):
        client.say(phrase="hi", text="ho")
    assert inspect.iscoroutinefunction(package("async_facade").AsyncFacade.say)
    assert inspect.signature(package("async_facade").AsyncFacade.say).parameters["text"].default is None
    assert "text: Deprecated: the former name of `phrase`." in facade.Facade.say.__doc__


def test_operations_that_share_a_method_are_chosen_by_value(facade: Any) -> None:
    assert recording(facade).pick("two") == ("pick", {"kind": "two"}, {}, {})
    entry = facade.ENTRIES["pick"]
    assert (entry.dispatch, entry.load("one").id, entry.load("two").id) == ("kind", "one", "two")


def test_text_gives_bounds_defaults_and_errors(facade: Any) -> None:
    text = inspect.getdoc(facade.Facade.say)
    assert text is not None
    assert text.startswith("Say it.")
    assert "text: What to say. At most 10 characters." in text
    assert (
        "speed: 1 to 5. The server assumes 1. This client sends 2; pass None to leave it to the server."
        in text
    )
    assert "loud: How to say it." in text
    assert "RateLimitError: 429: Too much." in text


def test_async_form_has_the_same_signature(made: Made) -> None:
    for name in made("facade_entries").ENTRIES:
        sync, twin = getattr(made("facade").Facade, name), getattr(made("async_facade").AsyncFacade, name)
        assert inspect.iscoroutinefunction(twin)
        assert list(inspect.signature(sync).parameters.values()) == list(
            inspect.signature(twin).parameters.values()
        )


def test_every_method_of_the_projects_facade_names_a_real_operation() -> None:
    from indoxrouter.about import OPERATIONS
    from indoxrouter.async_facade import AsyncFacade
    from indoxrouter.facade import Facade
    from indoxrouter.facade_entries import ENTRIES

    for entry in ENTRIES.values():
        targets = [entry.operation] if isinstance(entry.operation, tuple) else list(entry.operation.values())
        assert set(targets) <= set(OPERATIONS.values())
        assert hasattr(Facade, entry.name)
        assert hasattr(AsyncFacade, entry.name)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (
            ("positional: [text, voice_id, loud]", "positional: [loud, text]"),
            "'text', which is required, after 'loud'",
        ),
        (("rename: {voice_id: voice}", "rename: {gone: voice}"), "`rename` names 'gone'"),
        (("defaults: {speed: 2}", "defaults: {gone: 2}"), "`defaults` names 'gone'"),
        (("defaults: {speed: 2}", "defaults: {speed: 9}"), "the default of speed does not fit"),
        (("rename: {voice_id: voice}", "rename: {voice_id: text}"), "two arguments would be called 'text'"),
        (("name: say", "name: list"), "the name of a Python method"),
        (("fixed: {kind: two}", "fixed: {kind: one}"), "fixed to the same kind"),
        (("{name: pick, positional: [kind], fixed: {kind: two}}", "{name: pick}"), "each needs `fixed`"),
    ],
)
def test_what_cannot_be_a_method_is_refused(tmp_path: Path, change: tuple[str, str], reason: str) -> None:
    assert change[0] in PATHS
    found = refusals(document(PATHS.replace(*change)), tmp_path)
    assert any(reason in message for message in found), found
