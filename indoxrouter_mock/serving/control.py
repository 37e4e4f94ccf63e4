"""A test's control over a mock server: its requests, faults, clock, credits and settings."""

from __future__ import annotations

from typing import Any

from ..app.application import MockApp
from ..base.clock import Clock
from ..base.options import TIERS, MockOptions
from ..spec.errors import ApiError
from ..state.fault_queue import PlannedFault, make_fault


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
        **arguments: Any,
    ) -> PlannedFault:
        """Inject a fault into the next `times` matching requests, after letting `skip` of them pass.

        `operation` is an operationId or a pattern such as `create*`; without it every call matches but the exchange
        of a key for a token. Raises ValueError naming a fault, argument or value that doesn't exist.
        """
        try:
            fault = make_fault(name, arguments)
            return self._app.state.faults.plan(fault, times=times, skip=skip, operation=operation, path=path)
        except ApiError as problem:
            raise ValueError(problem.message) from None

    def clear(self) -> None:
        """Remove all planned faults."""
        self._app.state.faults.clear()

    @property
    def pending(self) -> list[dict[str, Any]]:
        """The planned faults that have not been injected yet."""
        return self._app.state.faults.pending()


class MockControl:
    """Control over one mock. All of it may be used from the test's thread while the server runs."""

    def __init__(self, app: MockApp) -> None:
        self.app = app
        self.faults = FaultControl(app)

    @property
    def api_key(self) -> str:
        """The demo account's API key."""
        return self.app.options.api_key

    @property
    def admin_token(self) -> str | None:
        """What the admin endpoints ask for, when the server is bound to more than loopback; else None."""
        return self.app.admin_token

    @property
    def clock(self) -> Clock:
        """The mock's time: `mock.clock.advance(3600)` lets tokens expire, limits lift and jobs finish."""
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
        """What the mock answered against its own spec; always empty unless the spec and the mock have drifted apart."""
        return list(self.app.state.violations)

    @property
    def credits(self) -> float:
        """The demo account's credits in US dollars."""
        return self.app.state.accounts.demo.credits

    @credits.setter
    def credits(self, amount: float) -> None:
        self.app.state.set_credits(amount)

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

    def revoke_tokens(self) -> int:
        """Revoke all tokens; API keys keep working. Returns the number of logins that ended."""
        return self.app.state.sessions.revoke_all()

    def reset(self, **settings: Any) -> None:
        """Discard all state. Settings given here replace the present ones: `mock.reset(tier="free", credits=1)`."""
        self.app.reset(self.app.options.changed(**settings) if settings else None)

    def reset_to(self, options: MockOptions) -> None:
        """Discard all state and replace all settings."""
        self.app.reset(options)
