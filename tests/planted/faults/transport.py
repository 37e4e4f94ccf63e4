"""HTTP: connections, bodies, proxies, certificates, and what both engines promise."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

from ..fault import Original, fault

REUSED = "test_a_stream_that_ended_leaves_its_connection_to_the_next_call"
ELSEWHERE = "test_the_rest_arrives_while_the_consumer_is_elsewhere"
IN_USE = "test_the_deadline_covers_a_body_that_stalls"
OVER_THE_LIMIT = "TestWeight::test_a_body_over_the_limit_is_refused"


@fault("indoxrouter_ext.streaming: BlockingStream._finish", rule=8, noticed_by=REUSED)
def a_stream_that_ended_drops_its_connection(original: Original, self: Any) -> None:
    self.close()


@fault("indoxrouter_ext.streaming: AsynchronousStream._finish", rule=8, noticed_by=REUSED)
async def an_asynchronous_stream_that_ended_drops_its_connection(original: Original, self: Any) -> None:
    await self.close()


@fault("indoxrouter_ext: finisher_of", rule=8, noticed_by=REUSED)
def the_end_of_a_body_is_not_read_after_the_last_event(original: Original, response: Any) -> Any:
    return response.close


@fault("indoxrouter_ext: DirectEngine.release", noticed_by="test_many_calls_share_connections")
def no_connection_is_used_twice(original: Original, self: Any, connection: Any, reusable: bool) -> None:
    original(self, connection, False)


@fault(
    "indoxrouter_ext: Connection.is_usable",
    noticed_by="test_a_connection_that_went_stale_in_the_pool_is_not_used",
)
def a_connection_that_the_server_closed_is_used_again(
    original: Original, self: Any, seconds: float = 0
) -> bool:
    return True


@fault("indoxrouter_ext: ResponseParser.end_of_data", rule=14, noticed_by="test_half_of_it_is_a_failure")
def half_of_a_body_is_taken_for_all_of_it(original: Original, self: Any, *, in_order: bool = True) -> None:
    if self.headers is None:
        original(self, in_order=in_order)
    self.complete = True


@fault("indoxrouter_ext: AsyncConnection._receive", noticed_by=f"{ELSEWHERE}[async-chunked]")
def what_arrives_while_nobody_waits_is_lost(original: Original, self: Any, data: bytes) -> None:
    if self._waiter is not None:
        original(self, data)


@fault("indoxrouter_ext: AsyncConnection._end", noticed_by=f"{ELSEWHERE}[async-chunked, then closed]")
def the_end_of_a_connection_drops_what_nobody_has_read(
    original: Original, self: Any, error: Exception | None
) -> None:
    if self._waiter is None and self.parser is not None:
        self.parser.take()
    original(self, error)


@fault(
    "indoxrouter_ext: AsyncConnection.connection_lost",
    noticed_by="test_it_is_delivered_over_tls[async-large-closes]",
)
def an_answer_behind_a_failed_write_is_not_read(original: Original, self: Any, exc: Exception | None) -> None:
    self._end(exc)


@fault("indoxrouter: time_left", rule=16, noticed_by=f"{IN_USE}[sync]")
def a_deadline_ends_no_wait(original: Original, kind: Any, seconds: Any, deadline: Any) -> Any:
    return original(kind, seconds, None)


@fault(
    "indoxrouter: foreign_errors",
    rule=19,
    noticed_by="test_no_foreign_exception_escapes_from_a_broken_answer",
)
def errors_of_httpx_escape(original: Original) -> tuple[type[Exception], ...]:
    return tuple(error for error in original() if error.__module__ == "builtins")


@fault("indoxrouter: _HeaderRedaction.filter", rule=22, noticed_by="test_no_echo_of_a_failure_shows_a_secret")
def httpcore_logs_the_headers_of_answers(original: Original, self: Any, record: Any) -> bool:
    return True


@fault("indoxrouter: Headers.masked", rule=22, noticed_by="test_no_echo_inside_a_stream_shows_a_secret")
def headers_show_what_they_echo(original: Original, self: Any, secrets: Any = ()) -> Any:
    return self


@fault("indoxrouter: Clients.of", rule=23, noticed_by="test_a_callers_own_http_client_follows_none_either")
def redirects_are_followed(original: Original, self: Any, url: str) -> Any:
    client = original(self, url)

    class Following:
        def __getattr__(self, name: str) -> Any:
            return getattr(client, name)

        def send(self, request: Any, **options: Any) -> Any:
            return client.send(request, **{**options, "follow_redirects": True})

    return Following()


@fault("indoxrouter: proxy_for", rule=25, noticed_by="TestProxies::test_the_default_engine_honours_it")
def proxies_are_ignored(original: Original, url: str) -> None:
    return None


@fault(
    "indoxrouter: tls_context",
    rule=25,
    noticed_by="TestTls::test_a_certificate_that_nobody_vouches_for_is_refused",
)
def any_certificate_will_do(original: Original) -> Any:
    import ssl

    context = original()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


@fault("indoxrouter: httpx_is_patched", noticed_by="test_a_tool_sees_each_request_while_it_is_there")
def a_tool_that_replaces_methods_of_httpx_is_overlooked(original: Original, asynchronous: bool) -> bool:
    return False


@fault(
    "indoxrouter: BodyReader.SUSPICIOUS_SIZE",
    rule=26,
    noticed_by="TestWeight::test_a_decompression_bomb_is_refused_in_little_memory",
)
def a_decompression_bomb_is_unpacked(value: int) -> int:
    return 1 << 62


@fault("indoxrouter: BodyReader._count", rule=26, noticed_by=OVER_THE_LIMIT)
def a_compressed_body_may_have_any_size(original: Original, self: Any, size: int) -> None:
    return None


@fault(
    "indoxrouter_ext: WholeBody.feed",
    rule=26,
    noticed_by="TestWeight::test_an_endless_body_ends_at_the_limit",
)
def a_body_may_have_any_size(original: Original, self: Any, piece: bytes) -> None:
    self._limit = float("inf")
    original(self, piece)


@fault(
    "indoxrouter_ext: WholeBody.__init__",
    rule=26,
    noticed_by="test_one_that_says_it_is_too_large_is_refused_before_it_comes",
)
def a_body_that_announces_too_many_bytes_is_read(
    original: Original, self: Any, response: Any, limit: int, deadline: Any, **more: Any
) -> None:
    headers = response.headers
    known = type(headers)((name, value) for name, value in headers.items() if name != "content-length")
    original(self, SimpleNamespace(headers=known), limit, deadline, **more)


@fault(
    "indoxrouter: BodyReader.feed",
    noticed_by="test_no_answer_loses_anything_on_its_way_to_the_caller[getHealth-sync]",
)
def the_end_of_a_compressed_body_is_lost(original: Original, self: Any, piece: bytes) -> Iterator[bytes]:
    parts = [*original(self, piece)]
    yield from parts if self.identity else parts[:-1]
