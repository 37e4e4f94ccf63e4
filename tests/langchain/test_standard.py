"""LangChain's own tests of chat models and embeddings, against the mock with scripted answers."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from indoxrouter_mock import MockServer

pytest.importorskip("langchain_tests", reason="LangChain is not installed; `make integrations` installs it")

import httpx
from langchain_tests.integration_tests import ChatModelIntegrationTests, EmbeddingsIntegrationTests
from langchain_tests.unit_tests import ChatModelUnitTests, EmbeddingsUnitTests

from indoxrouter_langchain import ChatIndoxRouter, IndoxRouterEmbeddings

pytestmark = pytest.mark.filterwarnings("default")

PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
JOKE = {"setup": "Why did the cat sit on the computer?", "punchline": "To watch the mouse."}
MODEL = "openai/gpt-4o-mini"


def script(mock: MockServer) -> None:
    """What the model has to say for tests that depend on it."""

    def calls(contains: str, name: str, **arguments: Any) -> None:
        mock.answers.add(tool_calls=[{"name": name, "arguments": arguments}], contains=contains, times=None)

    calls("magic_function(3)", "magic_function", input=3)
    calls("magic_function_no_args()", "magic_function_no_args")
    calls("Pirate", "greeting_generator", answer_style="Pirate")
    calls("你好啊集团", "unicode_customer", customer_name="你好啊集团", description="a company")
    calls(
        "こんにちは株式会社", "unicode_customer", customer_name="こんにちは株式会社", description="a company"
    )
    mock.answers.add(parsed=JOKE, contains="as a JSON", times=None)


class WithMock:
    mock: MockServer

    @pytest.fixture(autouse=True)
    def _mock(self, indoxrouter_mock: MockServer, monkeypatch: pytest.MonkeyPatch) -> None:
        type(self).mock = indoxrouter_mock
        script(indoxrouter_mock)
        # The tests download a picture; they get one without a network.
        monkeypatch.setattr(httpx, "get", lambda *_, **__: httpx.Response(200, content=PIXEL))

    @property
    def connection(self) -> dict[str, Any]:
        return {"api_key": self.mock.api_key, "base_url": self.mock.url}


class ChatParts:
    @property
    def chat_model_class(self) -> type[ChatIndoxRouter]:
        return ChatIndoxRouter

    @property
    def supports_json_mode(self) -> bool:
        return True

    @property
    def supports_image_inputs(self) -> bool:
        return True

    @property
    def supports_image_urls(self) -> bool:
        return True

    @property
    def supports_image_tool_message(self) -> bool:
        return True

    @property
    def supports_anthropic_inputs(self) -> bool:
        return True

    @property
    def model_override_value(self) -> str:
        return "anthropic/claude-3-5-haiku"


class TestChat(WithMock, ChatParts, ChatModelIntegrationTests):
    @property
    def chat_model_params(self) -> dict[str, Any]:
        return {"model": MODEL, **self.connection}


class TestChatWithTools(TestChat):
    """Structured output through tools, in place of `response_format`."""

    @property
    def structured_output_kwargs(self) -> dict[str, Any]:
        return {"method": "function_calling"}


class TestChatWithoutServer(ChatParts, ChatModelUnitTests):
    @property
    def chat_model_params(self) -> dict[str, Any]:
        return {"model": MODEL, "api_key": "indox-test"}

    @property
    def init_from_env_params(self) -> tuple[dict[str, str], dict[str, Any], dict[str, Any]]:
        values = {
            "INDOX_ROUTER_API_KEY": "indox-env",
            "INDOX_ROUTER_BASE_URL": "https://router.example/api/v1",
        }
        expected = {"api_key": "indox-env", "base_url": "https://router.example/api/v1"}
        return values, {"model": MODEL}, expected

    @pytest.mark.xfail(
        strict=True,
        reason="by allowed_objects='all', langchain-core loads only the classes of a list of its own",
    )
    def test_serdes(self, model: Any, snapshot: Any) -> None:
        super().test_serdes(model, snapshot)


class TestEmbeddings(WithMock, EmbeddingsIntegrationTests):
    @property
    def embeddings_class(self) -> type[IndoxRouterEmbeddings]:
        return IndoxRouterEmbeddings

    @property
    def embedding_model_params(self) -> dict[str, Any]:
        return self.connection


class TestEmbeddingsWithoutServer(EmbeddingsUnitTests):
    @property
    def embeddings_class(self) -> type[IndoxRouterEmbeddings]:
        return IndoxRouterEmbeddings

    @property
    def embedding_model_params(self) -> dict[str, Any]:
        return {"api_key": "indox-test"}

    @property
    def init_from_env_params(self) -> tuple[dict[str, str], dict[str, Any], dict[str, Any]]:
        return {"INDOX_ROUTER_API_KEY": "indox-env"}, {}, {"api_key": "indox-env"}
