"""Another model answers when one is unavailable, and never when an answer was begun or may be paid for already."""

from __future__ import annotations

from typing import Any

import indoxrouter
import pytest
from indoxrouter import Budget, ModelAttempt

from indoxrouter_mock import MockServer

from .harness import ENVELOPE, KEY, MESSAGES, USAGE, Clock, Mode, do, texts_and_error
from .server import CLOSE, DONE, STALL, answer, event, streamed, text_event

CHAT = "/chat/completions"
FIRST, SECOND, THIRD = "openai/gpt-4o-mini", "anthropic/claude-3-5-haiku", "openai/gpt-4o"
PROVIDER_DOWN = {"error": "provider_error", "message": "overloaded", "status_code": 502}
ANSWER = answer({**ENVELOPE, "model": "claude-3-5-haiku"})
STREAM = streamed(
    text_event("a"), text_event("b", "stop"), event({"choices": [], "usage": ENVELOPE["usage"]}), DONE
)


def sent_models(mode: Mode) -> list[str]:
    return [request.json["model"] for request in mode.server.sent(CHAT)]


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize("given", ["client", "copy", "call"])
async def test_the_next_model_answers_when_a_provider_fails(mode: Mode, given: str, stream: bool) -> None:
    mode.server.on(CHAT, answer(PROVIDER_DOWN, 502), answer(PROVIDER_DOWN, 404), STREAM if stream else ANSWER)
    models: Any = [SECOND, THIRD]
    client = mode.client(**({"fallback_models": models} if given == "client" else {}))
    if given == "copy":
        client = client.with_options(fallback_models=models)
    options = {"fallback_models": models} if given == "call" else {}
    response = await do(client.chat(MESSAGES, model=FIRST, stream=stream, **options))
    if stream:
        assert [each.model for each in response.http.models] == [FIRST, SECOND, THIRD]
        response = await do(response.until_done())
        assert response.text == "ab"
    assert sent_models(mode) == [FIRST, SECOND, THIRD]
    first, second, third = response.model_attempts
    assert (first.model, first.cost, type(first.error)) == (FIRST, None, indoxrouter.ProviderError)
    assert (second.model, second.cost, type(second.error)) == (SECOND, 0.0, indoxrouter.ProviderError)
    assert third == ModelAttempt(THIRD, 0.001, None)
    assert first.error.__traceback__ is None


async def test_another_model_is_asked_after_the_retries_of_the_first(mode: Mode, clock: Clock) -> None:
    mode.server.on(CHAT, answer({"error": "busy"}, 503), answer({"error": "busy"}, 503), ANSWER)
    response = await do(mode.client(max_retries=1, fallback_models=[SECOND]).chat(MESSAGES, model=FIRST))
    assert sent_models(mode) == [FIRST, FIRST, SECOND]
    first, _ = response.model_attempts
    assert (first.cost, [each.status for each in first.error.attempts]) == (0.0, [503, 503])
    assert [each.status for each in response.http.attempts] == [200]


@pytest.mark.parametrize(
    "reply",
    [
        answer({"error": "invalid_request"}, 400),
        answer({"error": "no"}, 402),
        answer({"error": "x"}, 429),
        [CLOSE],
    ],
    ids=["invalid", "credits", "rate limit", "connection lost"],
)
async def test_other_failures_are_raised(mode: Mode, reply: Any) -> None:
    mode.server.on(CHAT, reply, ANSWER)
    client = mode.client(max_retries=0, fallback_models=[SECOND])
    await mode.failure(lambda: client.chat(MESSAGES, model=FIRST))
    assert sent_models(mode) == [FIRST]


async def test_a_status_of_a_call_that_was_charged_is_raised(mode: Mode) -> None:
    mode.server.on(CHAT, answer({**PROVIDER_DOWN, "usage": {"cost": 0.7}}, 502), ANSWER)
    error = await mode.failure(
        lambda: mode.client(max_retries=0, fallback_models=[SECOND]).chat(MESSAGES, model=FIRST)
    )
    assert isinstance(error, indoxrouter.ProviderError)
    assert sent_models(mode) == [FIRST]


async def test_a_whole_answer_that_is_late_is_not_asked_for_twice(mode: Mode) -> None:
    mode.server.on(CHAT, [STALL], ANSWER)
    client = mode.client(timeout=0.3, fallback_models=[SECOND])
    error = await mode.failure(lambda: client.chat(MESSAGES, model=FIRST))
    assert isinstance(error, indoxrouter.RequestTimeoutError)
    assert sent_models(mode) == [FIRST]


@pytest.mark.parametrize(
    "late", [[STALL], streamed(b": thinking\n\n", ending=[STALL])], ids=["before the head", "before an event"]
)
async def test_a_late_first_token_lets_another_model_answer(mode: Mode, late: Any) -> None:
    mode.server.on(CHAT, late, STREAM)
    client = mode.client(first_token_timeout=0.3, fallback_models=[SECOND])
    stream = await do(client.chat(MESSAGES, model=FIRST, stream=True))
    assert await texts_and_error(stream) == (["a", "b", ""], None)
    first, second = stream.response.model_attempts
    assert (first.cost, first.error.error_type) == (None, "first_token_timeout")
    assert (second.model, second.cost) == (SECOND, 0.001)


async def test_a_failure_that_is_the_first_event_lets_another_model_answer(mode: Mode) -> None:
    mode.server.on(CHAT, streamed(event({"error": PROVIDER_DOWN})), STREAM)
    stream = await do(mode.client(fallback_models=[SECOND]).chat(MESSAGES, model=FIRST, stream=True))
    assert await texts_and_error(stream) == (["a", "b", ""], None)


async def test_an_answer_that_began_is_not_begun_again(mode: Mode) -> None:
    mode.server.on(CHAT, streamed(text_event("a"), event({"error": PROVIDER_DOWN})), STREAM)
    stream = await do(mode.client(fallback_models=[SECOND]).chat(MESSAGES, model=FIRST, stream=True))
    texts, error = await texts_and_error(stream)
    assert (texts, type(error)) == (["a"], indoxrouter.ProviderError)
    assert sent_models(mode) == [FIRST]


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
async def test_a_failure_that_was_charged_is_raised(mode: Mode, stream: bool) -> None:
    failure = {**PROVIDER_DOWN, "success": False, "usage": ENVELOPE["usage"]}
    mode.server.on(CHAT, streamed(event(failure)) if stream else answer(failure), ANSWER)
    client = mode.client(fallback_models=[SECOND])
    error = await mode.failure(lambda: client.chat(MESSAGES, model=FIRST, stream=stream))
    assert isinstance(error, indoxrouter.ProviderError)
    assert sent_models(mode) == [FIRST]


async def test_the_last_error_is_raised_and_names_the_models_before(mode: Mode) -> None:
    mode.server.on(CHAT, answer(PROVIDER_DOWN, 502), answer({"error": "invalid_request"}, 400))
    client = mode.client(fallback_models=[SECOND, THIRD])
    error = await mode.failure(lambda: client.chat(MESSAGES, model=FIRST))
    assert isinstance(error, indoxrouter.InvalidParametersError)
    assert list(error.details["fallbacks"]) == [FIRST]
    assert "overloaded" in error.details["fallbacks"][FIRST]
    assert error.__context__ is None


async def test_no_model_is_left_after_the_last_one(mode: Mode) -> None:
    mode.server.on(CHAT, answer(PROVIDER_DOWN, 502))
    client = mode.client(fallback_models=[SECOND])
    error = await mode.failure(lambda: client.chat(MESSAGES, model=FIRST))
    assert isinstance(error, indoxrouter.ProviderError)
    assert sent_models(mode) == [FIRST, SECOND]


async def test_the_deadline_bounds_all_models_together(mode: Mode, clock: Clock) -> None:
    def late(request: Any) -> bytes:
        clock.advance(20)
        return answer(PROVIDER_DOWN, 502)

    mode.server.on(CHAT, late, ANSWER)
    client = mode.client(clock=clock, deadline=10, fallback_models=[SECOND])
    error = await mode.failure(lambda: client.chat(MESSAGES, model=FIRST))
    assert isinstance(error, indoxrouter.ProviderError)
    assert sent_models(mode) == [FIRST]


async def test_each_model_has_an_idempotency_key_of_its_own(mode: Mode) -> None:
    mode.server.on(CHAT, answer(PROVIDER_DOWN, 404), ANSWER)
    client = mode.client(fallback_models=[SECOND], idempotency_key="order-1")
    await do(client.chat(MESSAGES, model=FIRST))
    await do(client.chat(MESSAGES, model=FIRST))
    keys = [request.header("idempotency-key") for request in mode.server.sent(CHAT)]
    assert keys[0] == "order-1"
    assert len(set(keys)) == 2


async def test_the_provider_argument_is_left_out_for_a_model_that_names_its_own(mode: Mode) -> None:
    mode.server.on(CHAT, answer(PROVIDER_DOWN, 404), answer(PROVIDER_DOWN, 404), ANSWER)
    client = mode.client(fallback_models=["gpt-4o", SECOND])
    await do(client.chat(iter(MESSAGES), model="gpt-4o-mini", provider="openai"))
    bodies = [request.json for request in mode.server.sent(CHAT)]
    assert [body.get("provider") for body in bodies] == ["openai", "openai", None]
    assert [len(body["messages"]) for body in bodies] == [1, 1, 1]


async def test_a_provider_key_is_not_sent_to_another_provider(mode: Mode) -> None:
    client = mode.client(fallback_models=[SECOND])
    error = await mode.failure(lambda: client.chat(MESSAGES, model=FIRST, byok_api_key="sk-own"))
    assert isinstance(error, indoxrouter.InvalidParametersError)
    assert error.argument == "fallback_models"
    assert "sk-own" not in repr(error)
    assert mode.server.sent(CHAT) == []
    mode.server.on(CHAT, answer(PROVIDER_DOWN, 404), ANSWER)
    own = client.with_options(fallback_models=[THIRD])
    assert (await do(own.chat(MESSAGES, model=FIRST, byok_api_key="sk-own"))).model_attempts[
        -1
    ].model == THIRD


async def test_a_failed_token_exchange_asks_no_other_model(mode: Mode, clock: Clock) -> None:
    mode.server.on("/auth/token", answer({"error": "down"}, 500))
    mode.server.on("/auth/api-key", answer({"error": "down"}, 500))
    mode.server.on(CHAT, ANSWER)
    client = mode.lazy_client(max_retries=0, fallback_models=[SECOND])
    await mode.failure(lambda: client.chat(MESSAGES, model=FIRST))
    exchanges = len(mode.server.sent("/auth/token")) + len(mode.server.sent("/auth/api-key"))
    with pytest.raises(indoxrouter.IndoxRouterError):
        await do(mode.lazy_client(max_retries=0).chat(MESSAGES, model=FIRST))
    again = len(mode.server.sent("/auth/token")) + len(mode.server.sent("/auth/api-key"))
    assert again == 2 * exchanges > 0


async def test_the_budget_counts_what_each_model_costs(mode: Mode) -> None:
    mode.server.on(CHAT, [STALL], STREAM)
    client = mode.client(
        first_token_timeout=0.3, fallback_models=[SECOND], budget=Budget(usd=1, expected_usd=0.25)
    )
    await do((await do(client.chat(MESSAGES, model=FIRST, stream=True))).until_done())
    # The first may have been charged, and counts by its estimate.
    assert (client.spend.usd, client.spend.calls, client.spend.unreported) == (0.251, 2, 1)


async def test_reads_and_calls_without_the_option_have_no_model_attempts(mode: Mode) -> None:
    mode.server.on(CHAT, ANSWER)
    mode.server.on("/user/usage", answer(USAGE))
    client = mode.client()
    assert (await do(client.chat(MESSAGES))).model_attempts == ()
    assert (await do(client.with_options(fallback_models=[SECOND]).get_usage())).total_cost == 0.5


@pytest.mark.parametrize("models", ["openai/gpt-4o", [""], [1], None])
def test_anything_but_a_list_of_names_is_refused(models: Any) -> None:
    with pytest.raises(ValueError, match="fallback_models: expected a list of model names"):
        indoxrouter.Client(KEY, authenticate=False, fallback_models=models)


def test_the_word_of_other_libraries_is_corrected() -> None:
    client = indoxrouter.Client(KEY, authenticate=False)
    with pytest.raises(indoxrouter.InvalidParametersError, match="use fallback_models"):
        client.chat(MESSAGES, fallbacks=["openai/gpt-4o"])


def test_every_method_that_generates_falls_back(tmp_path: Any) -> None:
    with MockServer() as mock, indoxrouter.Client(mock.api_key, base_url=mock.url, max_retries=0) as client:

        def after_a_fault(method: Any, *arguments: Any, other: str, **named: Any) -> Any:
            mock.faults.add("error", status=502, times=1)
            response = method(*arguments, fallback_models=[other], **named)
            assert [(each.model == other, each.error is None) for each in response.model_attempts] == [
                (False, False),
                (True, True),
            ]
            return response

        assert after_a_fault(client.completion, "Say", other=THIRD).text
        assert (
            len(after_a_fault(client.embeddings, "text", other="openai/text-embedding-3-large").data[0])
            == 3072
        )
        after_a_fault(client.images, "a boat", other="openai/dall-e-2")
        speech = after_a_fault(client.text_to_speech, "hello", other="openai/tts-1-hd")
        speech.save(tmp_path / "speech.mp3")
        with open(tmp_path / "speech.mp3", "rb") as recording:
            after_a_fault(
                client.speech_to_text, recording, other="openai/whisper-1", model="openai/gpt-4o-transcribe"
            )
