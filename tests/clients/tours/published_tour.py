"""The clients that are published on PyPI, `indoxrouter` and `indoxhub`, through the native API: name one of them."""

import importlib
import sys

from tour import KEY, URL, call, fetch, main, script

package = importlib.import_module(sys.argv[1])
MESSAGES = [{"role": "user", "content": "Hi"}]


def made():
    return package.Client(api_key=KEY, base_url=URL)


def raises(error, function):
    try:
        function()
    except error as found:
        return found
    raise AssertionError(f"{error.__name__} was expected")


@call
def login():
    assert "access_token" in made().session.cookies
    raises(package.AuthenticationError, lambda: package.Client(api_key="indox-wrong", base_url=URL))


@call
def chat():
    script(text="It is raining.")
    assert made().chat(MESSAGES)["data"] == "It is raining."


@call
def chat_streamed():
    client = made()
    whole = client.chat(MESSAGES)["data"]
    assert "".join(chunk.get("data") or "" for chunk in client.chat(MESSAGES, stream=True)) == whole


@call
def completion():
    script(text=" upon a time")
    assert made().completion("Once")["data"] == " upon a time"


@call
def embeddings():
    assert len(made().embeddings("x")["data"][0]) == 1536


@call
def images():
    client = made()
    assert fetch(client.images("fox", size="256x256")["data"][0]["url"]).startswith(b"\x89PNG")
    assert client.images("fox", model="google/imagen-3.0-generate-002", size="1792x1024")["success"]


@call
def video():
    client = made()
    found = client.videos("fox", duration=2)["data"]
    assert found["is_async"] is True
    if hasattr(client, "wait_for_video_job"):
        done = client.wait_for_video_job(found["job_id"], check_interval=1)
        assert done["result"]["video_url"].startswith(URL)
        assert client.list_video_jobs()["total"] == 1


@call
def speech_transcription_and_translation():
    client = made()
    sound = fetch(client.text_to_speech("good morning", voice="alloy")["data"]["url"])
    assert client.speech_to_text(sound)["text"] == "good morning"
    assert client.translate_audio(sound)["text"] == "good morning"


@call
def models():
    client = made()
    assert len(client.models()["providers"]) >= 12
    assert client.models("openai")["id"] == "openai"
    assert client.get_model_info("openrouter", "meta-llama/llama-3-70b")["id"] == "meta-llama/llama-3-70b"


@call
def usage():
    client = made()
    client.chat(MESSAGES)
    assert client.get_usage()["total_requests"] == 1


@call
def connection_tested():
    assert made().test_connection()["status"] == "connected"


@call
def token_renewed():
    client = made()
    client.access_token = "a.b.c"
    assert client.chat(MESSAGES)["success"] is True


@call
def errors_are_its_own():
    client = made()
    raises(package.ValidationError, lambda: client.chat([]))
    found = raises(package.ModelNotFoundError, lambda: client.chat(MESSAGES, model="openai/none"))
    assert "openai/none" in str(found)


main()
