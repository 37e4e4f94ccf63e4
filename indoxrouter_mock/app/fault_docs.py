"""Prints the reference of the faults: `python -m indoxrouter_mock.app.fault_docs > docs/mock-faults.md`."""

from __future__ import annotations

from ..state.fault_types import FAULTS, Argument

REMEDY = "python -m indoxrouter_mock.app.fault_docs > docs/mock-faults.md"

INTRODUCTION = f"""\
<!-- Made from the registry in indoxrouter_mock/state/fault_types.py. Change it there, then run: {REMEDY} -->

# Faults of the mock server

A fault makes an answer of the mock fail on purpose, so that you can see how your code reacts. There are three ways to
request one.

- **For one request**, with a header. Several faults are separated by commas; values may be quoted or percent-encoded:

    ```text
    X-Mock-Fault: truncate;after=3, latency;seconds=0.2
    ```

- **For the next requests of a test**, with the fixture or `MockServer`:

    ```python
    from indoxrouter_mock import MockServer

    with MockServer() as mock:
        mock.faults.add("rate_limit", retry_after=2, times=3, operation="createChatCompletion")
    ```

- **From outside**, with the admin endpoint:

    ```bash
    curl -X POST http://127.0.0.1:8000/__mock__/faults \\
      -d '{{"fault": "rate_limit", "arguments": {{"retry_after": 2}}, "times": 3}}'
    ```

A planned fault affects the next `times` matching requests, after skipping `skip` of them. `operation` is an operationId
or a pattern such as `create*`; without it, the exchange of an API key for a token is not affected. Faults of streams
wait for a streamed request, and faults of jobs for a new video.

With `model`, `contains` or `account`, a fault only affects requests for a model (its id or a pattern such as
`openai/*`), with a text in the conversation or the prompt, or of an account. With `probability`, a matching request is
affected by chance; the chance is seeded, with `seed` or with the server's, so it is the same in every run.

Several faults can be played in order, one for each matching request; None lets a request pass:

```python
from indoxrouter_mock import MockServer

with MockServer() as mock:
    mock.faults.sequence("rate_limit", ("error", {{"status": 500}}), None)  # 429, then 500, then fine
```

From outside, that is `{{"sequence": ["rate_limit", {{"fault": "error", "arguments": {{"status": 500}}}}, null]}}`.

An unknown fault, argument, value, operation or account is refused with a list of the known ones.
`GET /__mock__/faults` returns this list as JSON, together with the planned faults.
"""

APPLIES = {
    "stream": "Affects streamed requests.",
    "job": "Affects requests for a new video.",
}


def faults_page() -> str:
    """The page of all faults in Markdown."""
    parts = [INTRODUCTION]
    for fault in FAULTS.values():
        lines = [f"## `{fault.name}`", "", fault.doc]
        if fault.applies_to in APPLIES:
            lines += ["", APPLIES[fault.applies_to]]
        if fault.arguments:
            lines += ["", "| argument | default | meaning |", "| --- | --- | --- |"]
            lines += [
                f"| `{name}` | {_default(argument)} | {_meaning(argument)} |"
                for name, argument in fault.arguments.items()
            ]
        parts.append("\n".join(lines) + "\n")
    return "\n".join(parts)


def _default(argument: Argument) -> str:
    default = argument.default
    if isinstance(default, bool):
        return f"`{str(default).lower()}`"
    return f"`{default:g}`" if isinstance(default, (int, float)) else f"`{default}`" if default else "–"


def _meaning(argument: Argument) -> str:
    choices = ": " + ", ".join(f"`{choice}`" for choice in argument.choices) if argument.choices else ""
    return f"{argument.doc}{choices}"


if __name__ == "__main__":
    print(faults_page(), end="")
