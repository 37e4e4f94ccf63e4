"""LangChain's official test package for chat models and embeddings, with `langchain-openai`: 60 tests; and chains."""

import base64
import os
import shutil
import sys
import tempfile
from pathlib import Path

import httpx
import pytest
from langchain_openai import ChatOpenAI, OpenAI, OpenAIEmbeddings
from langchain_tests.integration_tests import ChatModelIntegrationTests, EmbeddingsIntegrationTests
from langchain_tests.unit_tests import ChatModelUnitTests, EmbeddingsUnitTests
from tour import KEY, V1, admin, report, script

PARAMS = {"api_key": KEY, "base_url": V1}


class OfChat:
    @property
    def chat_model_class(self):
        return ChatOpenAI

    @property
    def chat_model_params(self):
        return {"model": "gpt-4o", "stream_usage": True, **PARAMS}

    supports_image_inputs = True
    supports_pdf_inputs = True
    supports_image_tool_message = True
    supports_json_mode = True
    supports_anthropic_inputs = False
    model_override_value = "gpt-4o-mini"


class TestChat(OfChat, ChatModelIntegrationTests):
    pass


class TestChatUnit(OfChat, ChatModelUnitTests):
    @property
    def init_from_env_params(self):
        return (
            {"OPENAI_API_KEY": "key", "OPENAI_API_BASE": "https://base.test"},
            {"model": "gpt-4o"},
            {"openai_api_key": "key", "openai_api_base": "https://base.test"},
        )


class OfEmbeddings:
    @property
    def embeddings_class(self):
        return OpenAIEmbeddings

    @property
    def embedding_model_params(self):
        return {"model": "text-embedding-3-small", "check_embedding_ctx_length": False, **PARAMS}


class TestEmbeddings(OfEmbeddings, EmbeddingsIntegrationTests):
    pass


class TestEmbeddingsUnit(OfEmbeddings, EmbeddingsUnitTests):
    @property
    def init_from_env_params(self):
        return (
            {"OPENAI_API_KEY": "key", "OPENAI_API_BASE": "https://base.test"},
            {"model": "text-embedding-3-small"},
            {"openai_api_key": "key", "openai_api_base": "https://base.test"},
        )


def test_text_model_of_several_prompts():
    found = OpenAI(model="gpt-3.5-turbo-instruct", **PARAMS).generate(["Once", "Then"])
    assert len(found.generations) == 2


def test_scripted_chat():
    script(text="It is raining.")
    assert ChatOpenAI(model="gpt-4o", **PARAMS).invoke("Weather?").content == "It is raining."


def test_scripted_response():
    script(text="It is raining.")
    assert (
        ChatOpenAI(model="gpt-4o", use_responses_api=True, **PARAMS).invoke("Weather?").text
        == "It is raining."
    )


MAGIC = {"tool_calls": [{"name": "magic_function", "arguments": {"input": 3}}]}
SCRIPTS = {
    "test_tool_calling": [MAGIC] * 4,
    "test_tool_calling_async": [MAGIC] * 4,
    "test_json_mode": [{"parsed": {"setup": "Why?", "punchline": "Because."}, "times": None}],
    "test_unicode_tool_call_integration": [
        {"tool_calls": [{"name": "unicode_customer", "arguments": {"customer_name": name}}]}
        for name in ("你好啊集团", "こんにちは株式会社")
    ],
}
"""What a real model is expected to say by itself."""


class Recorder:
    def pytest_runtest_setup(self, item):
        admin("POST", "/reset", {})
        for fields in SCRIPTS.get(item.originalname, ()):
            script(**fields)

    def pytest_runtest_logreport(self, report: pytest.TestReport):
        name = report.nodeid.partition("::")[2].replace("::", " ").replace("test_", "").replace("_", " ")
        if report.when == "call" or report.failed or report.skipped:
            report_outcome(name, report)


def report_outcome(name, found):
    if found.failed:
        report(name, str(found.longrepr)[-700:])
    elif hasattr(found, "wasxfail"):
        report(name, skipped=found.wasxfail or "expected to fail")
    elif found.skipped:
        report(name, skipped=str(found.longrepr[-1] if isinstance(found.longrepr, tuple) else found.longrepr))
    else:
        report(name)


def picture(url, **options):
    """In place of the pictures and documents that the tests fetch from the internet."""
    request = httpx.Request("GET", url)
    return httpx.Response(200, content=base64.b64decode(PIXEL), request=request)


PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="

if __name__ == "__main__":
    httpx.get = picture
    place = Path(tempfile.mkdtemp(prefix="langchain-"))  # one test writes a snapshot beside its script
    shutil.copy(__file__, place)
    sys.exit(
        pytest.main(
            [
                str(place / Path(__file__).name),
                "-q",
                "--noconftest",
                "-c",
                os.devnull,
                "-p",
                "no:cacheprovider",
                "-o",
                "asyncio_mode=auto",
                "-o",
                "asyncio_default_test_loop_scope=session",
                "--snapshot-update",
                "--rootdir",
                str(place),
                "--import-mode=importlib",
                "-W",
                "ignore",
                "--capture=sys",
                "--no-header",
                "--tb=short",
            ],
            plugins=[Recorder()],
        )
    )
