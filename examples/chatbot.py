"""A chatbot for the terminal: it keeps the conversation, streams the answers and adds up the cost.

INDOX_ROUTER_API_KEY=… python examples/chatbot.py
"""

from __future__ import annotations

from indoxrouter import Client, IndoxRouterError

MODEL = "openai/gpt-4o-mini"


def answer(client: Client, messages: list[dict[str, str]]) -> tuple[str, float]:
    """Stream one answer to the terminal; returns its text and its cost in US dollars."""
    with client.chat(messages, model=MODEL, stream=True) as stream:
        for text in stream.text_stream:
            print(text, end="", flush=True)
    print()
    return stream.response.text, stream.response.cost or 0.0


def main() -> None:
    """Answer questions until the input is empty or ends (Ctrl-D)."""
    messages = [{"role": "system", "content": "You are a helpful assistant. Be brief."}]
    spent = 0.0
    with Client() as client:
        while True:
            try:
                question = input("› ").strip()
            except EOFError:
                break
            if not question:
                break
            messages.append({"role": "user", "content": question})
            try:
                text, cost = answer(client, messages)
            except IndoxRouterError as error:
                print(f"\n{type(error).__name__}: {error}")
                messages.pop()
                continue
            messages.append({"role": "assistant", "content": text})
            spent += cost
    answers = len(messages) // 2
    print(f"\n{answers} {'answer' if answers == 1 else 'answers'}, ${spent:.6f}")


if __name__ == "__main__":
    main()
