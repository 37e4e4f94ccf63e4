"""A complete first call: start the mock server, call it over real HTTP, and stop it.

Run it with `make demo`, which regenerates the client from openapi.yaml first.
"""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager

from indoxrouter import Client


@contextmanager
def mock_server() -> Generator[tuple[str, str], None, None]:
    """Start the mock on a free port, yield its URL and the demo API key, and stop it at the end."""
    command = [sys.executable, "-u", "-m", "indoxrouter_mock", "--port", "0", "--log-level", "warning"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        url = key = ""
        for line in process.stdout:  # the mock prints its address as soon as it listens
            url = (re.search(r"http://[\d.]+:\d+", line) or [url])[0]
            key = (re.search(r"indox-\w{32}", line) or [key])[0]
            if url and key:
                break
        if not key:
            raise SystemExit("The mock server did not start; its messages are above.")
        yield url, key
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(timeout=10)


def main() -> None:
    """Authenticate, list models, chat, stream, and print the cost."""
    with mock_server() as (url, key), Client(api_key=key, base_url=url) as client:
        print(f"✓ mock server at {url}, authenticated as {client.get_user_info().username}")
        catalog = client.models()
        print(f"✓ {sum(len(models) for models in catalog.values())} models from {len(catalog)} providers\n")

        question = "What makes a good SDK?"
        answer = client.chat([{"role": "user", "content": question}], model="openai/gpt-4o-mini")
        print(f"you    › {question}\nmodel  › {answer.text}\n")

        print("stream › ", end="")
        with client.chat([{"role": "user", "content": "Tell me a story."}], stream=True) as stream:
            for chunk in stream:
                print(chunk["data"], end="", flush=True)
        story = stream.response
        print(f"\n\n✓ {story.usage.total_tokens if story.usage else 0} tokens streamed, ${story.cost:.6f}")

        usage = client.get_usage()
        print(f"✓ {usage.total_requests} requests in total, ${usage.total_cost:.6f}")
        print(f"✓ {usage.remaining_credits:.2f} credits left")
    print("✓ mock server stopped")


if __name__ == "__main__":
    main()
