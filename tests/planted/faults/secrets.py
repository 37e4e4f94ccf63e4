"""What must never be shown."""

from __future__ import annotations

import types
from typing import Any

from ..fault import Original, fault

NO_ECHO = "test_no_echo_of_a_failure_shows_a_secret"


@fault(
    "indoxrouter_ext: check_api_key",
    rule=21,
    noticed_by="TestApiKeys::test_anything_but_visible_ascii_is_refused_without_an_echo",
)
def an_api_key_may_hold_any_character(original: Original, api_key: Any) -> str:
    return str(api_key).strip()


@fault("indoxrouter: mask", rule=22, noticed_by=NO_ECHO)
def secrets_that_a_server_echoes_are_shown(original: Original, value: Any, secrets: Any) -> Any:
    return value


@fault("indoxrouter: mask", rule=22, noticed_by="test_a_secret_that_begins_with_another_is_masked_whole")
def the_shortest_secret_is_masked_first(original: Original, value: Any, secrets: Any) -> Any:
    for secret in sorted(secrets, key=len):
        value = original(value, [secret])
    return value


@fault("indoxrouter_ext: CallSteps._call_facade", rule=22, noticed_by=NO_ECHO)
def a_frame_of_the_client_keeps_what_was_passed(
    original: Original, self: Any, entry: Any, values: Any, *arguments: Any, **own: Any
) -> Any:
    def call(kept: Any) -> Any:
        return original(self, entry, values, *arguments, **own)

    # Only frames of the product are looked at, so this one has to count as one.
    code = call.__code__.replace(co_filename=original.__code__.co_filename)
    return types.FunctionType(code, call.__globals__, closure=call.__closure__)(dict(values))


@fault("indoxrouter_ext: log_call", rule="logging", noticed_by="test_query_strings_are_not_logged")
def query_strings_are_logged(original: Original, call: Any, *arguments: Any) -> None:
    shown = types.SimpleNamespace(operation=call.operation, path=f"{call.path}?{call.query}")
    original(shown, *arguments)


@fault("indoxrouter: mask", rule=22, noticed_by="test_no_echo_of_a_failure_shows_a_secret")
def a_secret_is_masked_where_it_first_stands_only(original: Original, value: Any, secrets: Any) -> Any:
    if not isinstance(value, str):
        return original(value, secrets)
    for secret in sorted(secrets, key=len, reverse=True):
        value = value.replace(secret, "***", 1)
    return value


@fault("indoxrouter: mask", rule=22, noticed_by="test_a_secret_is_masked_wherever_it_is_echoed")
def secrets_in_the_keys_of_details_are_shown(original: Original, value: Any, secrets: Any) -> Any:
    if isinstance(value, dict):
        return {name: original(item, secrets) for name, item in value.items()}
    return original(value, secrets)
