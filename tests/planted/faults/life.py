"""Forks, closing and forgetting."""

from __future__ import annotations

from typing import Any

from ..fault import Original, fault


@fault(
    "indoxrouter_ext: BlockingDriver.reset_after_fork",
    rule=26,
    noticed_by="TestFork::test_a_child_opens_connections_of_its_own",
)
def a_child_uses_the_connections_of_its_parent(original: Original, self: Any) -> None:
    return None


@fault(
    "indoxrouter_ext: TokenStore.reset_after_fork",
    rule=26,
    noticed_by="TestFork::test_locks_held_by_other_threads_do_not_hang_a_child",
)
def a_child_waits_for_locks_of_its_parents_threads(original: Original, self: Any) -> None:
    return None


@fault(
    "indoxrouter_ext: ClientState.check_open",
    noticed_by="TestClosing::test_use_after_close_is_an_error_that_says_so",
)
def a_closed_client_opens_connections_again(original: Original, self: Any) -> None:
    return None


@fault(
    "indoxrouter_ext: warn_unclosed",
    noticed_by="TestForgetting::test_a_client_that_was_never_closed_warns_once",
)
def a_client_that_was_never_closed_is_silent(original: Original, client: Any) -> None:
    return None


@fault(
    "indoxrouter_ext: ClientBase.with_options",
    noticed_by="test_senseless_options_are_refused_by_name",
    sample=False,
)
def a_copy_with_senseless_options_closes_the_client(original: Original, self: Any, **options: Any) -> Any:
    try:
        return original(self, **options)
    except ValueError:
        if not self._asynchronous:
            self.close()
        raise
