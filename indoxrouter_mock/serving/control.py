"""A test's control over a mock server: its requests, faults, clock, credits and settings."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from ..app.admin import plan, steps_of
from ..app.admin_registry import number
from ..app.admin_scripts import add_account, add_answer, add_model
from ..app.application import MockApp
from ..app.context import client_offences
from ..base.clock import Clock
from ..base.options import TIERS, MockOptions
from ..spec.errors import ApiError
from ..state.accounts import Account
from ..state.fault_queue import FaultQueue, PlannedFault, make_fault
from ..state.models import Model
from ..state.scripted_answers import ScriptedAnswer
from ..state.verdict import Offence

Made = TypeVar("Made")
UNSET: Any = object()
MATCH = frozenset(FaultQueue.plan.__kwdefaults__ or ()) - {"times"}
"""Keywords that say which requests a planned fault matches."""


class FaultControl:
    """Plans faults: `mock.faults.add("rate_limit", retry_after=0)`."""

    def __init__(self, app: MockApp) -> None:
        self._app = app

    def add(
        self,
        name: str,
        *,
        times: int = 1,
        skip: int = 0,
        operation: str | None = None,
        path: str | None = None,
        model: str | None = None,
        contains: str | None = None,
        account: str | None = None,
        probability: float = 1.0,
        seed: int | None = None,
        **arguments: Any,
    ) -> PlannedFault:
        """Inject a fault into the next `times` matching requests, after skipping `skip` of them.

        Args:
            name: of the fault; `arguments` are its own.
            times: into how many requests.
            skip: how many matching requests to skip first.
            operation: an operationId or a pattern such as `create*`; without it every call matches but the exchange of
                a key for a token.
            path: a text that the path must contain.
            model: a model: its id, `provider/id`, or a pattern such as `openai/*`.
            contains: a text that the conversation or the prompt must contain.
            account: the name of the account that calls.
            probability: the chance that a matching request is affected.
            seed: of that chance; by default that of the server.

        Raises ValueError naming a fault, argument, operation, account or value that doesn't exist.
        """
        return _checked(
            lambda: plan(
                self._app,
                make_fault(name, arguments),
                times=times,
                skip=skip,
                operation=operation,
                path=path,
                model=model,
                contains=contains,
                account=account,
                probability=probability,
                seed=seed,
            )
        )

    def sequence(
        self,
        *steps: str | Mapping[str, Any] | tuple[str, Mapping[str, Any]] | None,
        times: int = 1,
        **match: Any,
    ) -> PlannedFault:
        """Play faults in order, one for each matching request: `sequence("rate_limit", "html_error", None)`.

        A step is the name of a fault, a name with its arguments, or None, which lets a request pass. `times` plays the
        whole sequence several times; `match` are the further keywords of `add`. Raises ValueError, and TypeError for
        another keyword.
        """
        if unknown := sorted(set(match) - MATCH):
            raise TypeError(
                f"sequence() has no argument {unknown[0]!r}; it takes times, {', '.join(sorted(MATCH))}. Arguments of "
                'a fault are part of its step: ("rate_limit", {"retry_after": 1})'
            )
        given = [
            {"fault": step[0], "arguments": step[1]} if isinstance(step, tuple) and len(step) == 2 else step
            for step in steps
        ]
        return _checked(lambda: plan(self._app, *steps_of({"sequence": given}), times=times, **match))

    def clear(self) -> None:
        """Remove all planned faults."""
        self._app.state.faults.clear()

    @property
    def pending(self) -> list[dict[str, Any]]:
        """The planned faults that have not been injected yet."""
        return self._app.state.faults.pending()


class AnswerControl:
    """Scripts answers: `mock.answers.add("It is raining.", contains="weather")`."""

    def __init__(self, app: MockApp) -> None:
        self._app = app

    def add(
        self,
        text: str | None = None,
        *,
        tool_calls: Sequence[Mapping[str, Any]] | None = None,
        parsed: Any = UNSET,
        error: int | str | Mapping[str, Any] | None = None,
        model: str | None = None,
        contains: str | None = None,
        operation: str | None = None,
        account: str | None = None,
        times: int | None = 1,
    ) -> ScriptedAnswer:
        """Script the answer to the next matching request.

        Answers are given in the order in which they were added, whole or as a stream, as each request asks.

        Args:
            text: the text of the answer. It can be combined with `tool_calls`.
            tool_calls: calls of tools, each `{"name": …, "arguments": {…}}`, or in OpenAI's form. Arguments that are a
                text are sent unchanged.
            parsed: a JSON value; the answer is its text.
            error: a status from 400 to 599, a message, or both as `{"status": …, "code": …, "message": …}`.
            model: only for this model: its id, `provider/id`, or a pattern such as `openai/*`.
            contains: only when this text occurs in the conversation or the prompt.
            operation: an operationId or a pattern such as `create*`; by default chats and completions. Transcriptions
                can have a text, and every operation an error.
            account: only for requests of the account of this name.
            times: how often the answer is given; None for every time.

        Raises ValueError naming the argument that is wrong, and the known names for an unknown operation or account.
        """
        fields: dict[str, Any] = {
            "text": text,
            "tool_calls": tool_calls,
            "error": error,
            "model": model,
            "contains": contains,
            "operation": operation,
            "account": account,
            "times": times,
        }
        if parsed is not UNSET:
            fields["parsed"] = parsed
        return _checked(lambda: add_answer(self._app, fields))

    def clear(self) -> None:
        """Remove all scripted answers."""
        self._app.state.answers.clear()

    @property
    def pending(self) -> list[dict[str, Any]]:
        """The scripted answers that are left, in order."""
        return self._app.state.answers.pending()


class ModelControl:
    """Adds models: `mock.models.add("acme/rocket-1", abilities=["chat"], price_in=0.001)`."""

    def __init__(self, app: MockApp) -> None:
        self._app = app

    def add(self, model: str, **fields: Any) -> Model:
        """Add a model, or replace one; fields as in `POST /__mock__/models`. Raises ValueError naming the field."""
        return _checked(lambda: add_model(self._app, {"model": model, **fields}))


class AccountControl:
    """Further accounts: `mock.accounts.add("alice", credits=5).key`."""

    def __init__(self, app: MockApp) -> None:
        self._app = app

    def add(self, name: str, *, credits: float | None = None, tier: str = "unlimited") -> Account:
        """Add an account; its `key` is an API key of its own. Raises ValueError naming the argument."""
        return _checked(lambda: add_account(self._app, {"name": name, "credits": credits, "tier": tier}))

    def reset(self, name: str) -> None:
        """Reset one account: its credits, usage, keys, tokens, jobs, requests, faults and scripted answers.

        Other accounts are not affected. Raises ValueError for an unknown name.
        """
        _checked(lambda: self._app.check_match(None, name))
        self._app.state.reset_account(self[name])

    def __getitem__(self, name: str) -> Account:
        found = self._app.state.accounts.with_name(name)
        if found is None:
            raise KeyError(name)
        return found


def _checked(call: Callable[[], Made]) -> Made:
    try:
        return call()
    except ApiError as problem:
        raise ValueError(problem.message) from None


class MockControl:
    """Control over one mock. All of it may be used from the test's thread while the server runs."""

    def __init__(self, app: MockApp) -> None:
        self.app = app
        self.faults = FaultControl(app)
        self.answers = AnswerControl(app)
        self.models = ModelControl(app)
        self.accounts = AccountControl(app)

    @property
    def api_key(self) -> str:
        """The demo account's API key."""
        return self.app.options.api_key

    @property
    def admin_token(self) -> str | None:
        """The token that the admin endpoints require; None for no token."""
        return self.app.admin_token

    @property
    def clock(self) -> Clock:
        """The mock's time: `mock.clock.advance(3600)` makes tokens expire, resets limits and finishes jobs."""
        return self.app.state.clock

    @property
    def requests(self) -> list[dict[str, Any]]:
        """The requests so far, oldest first, as `GET /__mock__/requests` shows them: secrets are masked."""
        return self.app.state.request_log.read()

    @property
    def counters(self) -> dict[str, int]:
        """Counts of requests, statuses (`status_200`), events, faults, replays and `violations` of the spec by the
        mock.
        """
        return {"requests": 0, "violations": 0, **self.app.state.counters}

    @property
    def violations(self) -> list[str]:
        """Answers of the mock that break the spec; empty unless the mock has a bug."""
        return list(self.app.state.violations)

    @property
    def credits(self) -> float:
        """The demo account's credits in US dollars."""
        return self.app.state.accounts.demo.credits

    @credits.setter
    def credits(self, amount: float) -> None:
        """Raises ValueError for a value that is not a number from 0 upwards."""
        found = _checked(lambda: number({"credits": amount}, "credits"))
        if found is None:
            raise ValueError("credits is None; a number from 0 was expected")
        self.app.state.set_credits(found)

    @property
    def tier(self) -> str:
        """The demo account's tier: `unlimited`, `free`, `standard` or `enterprise`."""
        held = self.app.state.accounts.demo.tier
        return next(name for name, tier in TIERS.items() if tier is held)

    @tier.setter
    def tier(self, name: str) -> None:
        if name not in TIERS:
            raise ValueError(f"tier is {name!r}; one of {', '.join(TIERS)} was expected")
        self.app.state.accounts.demo.tier = TIERS[name]

    def verdict(self, account: str | None = None) -> list[Offence]:
        """The offences of the client; empty if there are none.

        An offence is a call that costs credits and was repeated without the same `Idempotency-Key`, a request that was
        repeated before the time of `Retry-After`, a storm of repeated requests, or a stream that was left open. With
        `account`, only the requests of that account count. Raises ValueError for an unknown account.
        """
        _checked(lambda: self.app.check_match(None, account))
        return client_offences(self.app, account)

    def revoke_tokens(self) -> int:
        """Revoke all tokens; API keys keep working. Returns the number of logins that ended."""
        return self.app.state.sessions.revoke_all()

    def reset(self, **settings: Any) -> None:
        """Discard all state. Settings given here replace the present ones: `mock.reset(tier="free", credits=1)`."""
        self.app.reset(self.app.options.changed(**settings) if settings else None)

    def reset_to(self, options: MockOptions) -> None:
        """Discard all state and replace all settings."""
        self.app.reset(options)
