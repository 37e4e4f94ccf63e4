"""One exchange for all who need a token, and what a refusal and an outage mean."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from typing import Any

from ..fault import Original, fault


@fault(
    "indoxrouter_ext: TokenStore.begin_or_join",
    rule=9,
    noticed_by="test_many_callers_without_a_token_make_one_exchange",
)
def every_caller_makes_an_exchange(
    original: Original, self: Any, start: Callable[[], Any], usable: Callable[[Any], bool]
) -> Any:
    return original(self, start, lambda flight: False)


@fault("indoxrouter_ext: Refresh.finish", rule=9, noticed_by="test_waiters_share_the_failure_of_the_exchange")
def callers_that_waited_try_for_themselves(original: Original, self: Any, error: Any = None) -> None:
    original(self, None)


@fault("indoxrouter_ext: AsyncDriver._wait_for", rule=9, noticed_by="test_a_cancelled_leader_harms_no_one")
async def a_cancelled_caller_cancels_the_exchange(
    original: Original, self: Any, flight: Any, *arguments: Any
) -> None:
    await flight
    await original(self, flight, *arguments)


@fault(
    "indoxrouter_ext: TokenStore.discard",
    rule=10,
    noticed_by="test_a_401_for_an_old_token_does_not_discard_the_new_one",
)
def a_401_discards_whichever_token_there_is(original: Original, self: Any, token: str) -> Any:
    return original(self, self.token)


@fault("indoxrouter_ext: call_flow", rule=10, noticed_by="test_a_permanent_401_ends_after_two")
def a_second_401_is_answered_with_a_new_token_too(
    original: Original, core: Any, *arguments: Any
) -> Generator[Any, Any, Any]:
    from indoxrouter import AuthenticationError

    try:
        return (yield from original(core, *arguments))
    except AuthenticationError:
        pass
    return (yield from original(core, *arguments))


@fault("indoxrouter_ext: lifetime", rule=11, noticed_by="test_lifetimes_are_read_in_all_forms")
def text_is_no_lifetime(original: Original, expires_in: Any) -> float:
    seconds: float = original(None if isinstance(expires_in, str) else expires_in)
    return seconds


@fault(
    "indoxrouter_ext: LONGEST_MARGIN", rule=11, noticed_by="test_a_token_is_replaced_a_margin_before_its_end"
)
def a_token_is_used_until_its_last_second(value: float) -> float:
    return 0.0


@fault(
    "indoxrouter_ext: _refusal", rule=12, noticed_by="test_an_outage_of_the_token_endpoint_is_not_a_bad_key"
)
def an_outage_of_the_token_endpoint_means_a_bad_key(original: Original, failure: Any, *arguments: Any) -> Any:
    from indoxrouter import AuthenticationError

    return AuthenticationError(failure.message, status_code=failure.status_code)


@fault(
    "indoxrouter_ext: TokenStore.drop_refresh_token",
    rule=12,
    noticed_by="TestRefreshTokens::test_the_exchange_follows_when_it_is_refused",
)
def a_refused_refresh_token_ends_the_call(original: Original, self: Any, refresh_token: str) -> None:
    from indoxrouter import AuthenticationError

    raise AuthenticationError("the refresh token was refused")


_written: set[int] = set()


@fault("indoxrouter: Upload.__iter__", rule=13, noticed_by="test_an_upload_is_replayed_from_its_first_byte")
def an_upload_that_is_sent_again_starts_in_its_middle(original: Original, self: Any) -> Iterator[bytes]:
    content = b"".join(original(self))
    middle = len(content) // 2 if id(self) in _written else 0
    _written.add(id(self))
    yield content[middle:] + content[:middle]


@fault(
    "indoxrouter_ext: RequestHeaders.of",
    noticed_by="test_what_the_client_sends_fits_the_spec[getCurrentUser-sync]",
)
def requests_are_sent_without_a_token(
    original: Original, self: Any, call: Any, settings: Any, token: Any, key: Any
) -> Any:
    return original(self, call, settings, None, key)


@fault("indoxrouter_ext: TokenStore.accept", noticed_by="TestRefreshTokens::test_it_is_used_and_rotated")
def the_first_refresh_token_is_used_for_ever(
    original: Original, self: Any, token: str, expires_in: Any, refresh_token: Any
) -> None:
    original(self, token, expires_in, self.refresh_token or refresh_token)


@fault(
    "indoxrouter_ext: ClientState.ready_token",
    noticed_by="TestAutoRefreshOff::test_an_expired_token_raises_and_says_how_to_go_on",
)
def an_expired_token_is_used_though_refreshing_is_off(original: Original, self: Any) -> Any:
    return original(self) if self.auto_refresh else self.tokens.token


@fault(
    "indoxrouter_ext: renew_token",
    noticed_by="test_the_token_call_carries_no_key_of_the_callers",
)
def the_key_of_a_paid_call_is_sent_with_its_exchange(
    original: Original, self: Any, settings: Any, *more: Any
) -> Any:
    class Kept(type(settings)):  # type: ignore[misc]
        def _replace(self, **changes: Any) -> Any:
            changes.pop("idempotency_key", None)
            return type(settings)._replace(self, **changes)

    return original(self, Kept(*settings), *more)


@fault(
    "indoxrouter_ext: ClientState.token_after_failed_refresh",
    noticed_by="test_a_failed_refresh_fails_no_call_while_the_token_is_valid",
)
def a_failed_refresh_fails_a_call_though_the_token_is_valid(original: Original, self: Any) -> None:
    return None


@fault(
    "indoxrouter_ext: TokenStore.postpone_refresh",
    noticed_by="test_a_failed_refresh_fails_no_call_while_the_token_is_valid",
)
def a_failed_refresh_is_tried_again_with_every_call(original: Original, self: Any) -> Any:
    return self.unexpired()
