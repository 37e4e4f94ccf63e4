"""An agent with tools: run the functions that the model requests, until it answers with text.

python examples/tool_agent.py "How warm is it in Paris, in Fahrenheit?"
"""

from __future__ import annotations

import sys

from indoxrouter import Client, Tools, run_tools
from indoxrouter.params import ChatMessageParam

MOST_ROUNDS = 5


def get_weather(city: str) -> float:
    """The temperature in a city, in degrees Celsius.

    Args:
        city: The city's name.
    """
    return 15 + len(city) % 10


def to_fahrenheit(celsius: float) -> float:
    """Convert a temperature.

    Args:
        celsius: Degrees Celsius.
    """
    return celsius * 9 / 5 + 32


TOOLS: Tools = [get_weather, to_fahrenheit]


def main(question: str) -> None:
    """Print each step and the answer."""
    messages: list[ChatMessageParam] = [{"role": "user", "content": question}]
    with Client() as client:
        response = client.chat(messages, tools=TOOLS)
        for _ in range(MOST_ROUNDS):
            if not response.tool_calls:
                break
            messages.append(
                {"role": "assistant", "content": response.text, "tool_calls": response.tool_calls}
            )
            for call, result in zip(response.tool_calls, run_tools(response.tool_calls, TOOLS), strict=True):
                print(f"→ {call.name}({call.arguments}) = {result['content']}")
                messages.append(result)
            response = client.chat(messages, tools=TOOLS)
    print(response.text or f"The model still requests tools after {MOST_ROUNDS} rounds.")


if __name__ == "__main__":
    main(" ".join(sys.argv[1:]) or "How warm is it in Paris, in Fahrenheit?")
