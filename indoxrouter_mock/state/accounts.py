"""Accounts, their API keys, and who a credential belongs to."""

from __future__ import annotations

from dataclasses import dataclass, field

from ..base.clock import Clock
from ..base.identifiers import Identifiers
from ..base.money import price
from ..base.options import TIERS, MockOptions, Tier
from ..spec.errors import invalid_value

DEMO_USERNAME = "demo"
DEMO_PASSWORD = "demo-password"
EXCHANGE_USERNAME = "pip_client"
"""The user name under which published clients send an API key as the password."""

DAY = 86_400.0
MOST_ACCOUNTS = 1000


@dataclass(slots=True)
class ApiKey:
    """One API key. The secret itself is shown once, when the key is made."""

    id: int
    secret: str = field(repr=False)
    name: str
    created_at: float
    expires_at: float | None = None
    is_active: bool = True
    last_used_at: float | None = None
    session_id: str = field(init=False)
    """The session that analytics count its calls under, unless a request names another."""

    def __post_init__(self) -> None:
        self.session_id = f"key-{self.id}"

    @property
    def masked(self) -> str:
        """The key as lists show it."""
        return masked_key(self.secret)

    def usable(self, now: float) -> bool:
        """Whether the key is active and has not expired."""
        return self.is_active and (self.expires_at is None or now < self.expires_at)


@dataclass(slots=True)
class Account:
    """A customer: credits in US dollars, a tier that limits requests, and keys."""

    id: int
    username: str
    email: str
    credits: float
    tier: Tier
    created_at: float
    password: str = field(repr=False, default="")
    first_name: str = "Demo"
    last_name: str = "Account"
    is_active: bool = True
    keys: dict[int, ApiKey] = field(default_factory=dict[int, ApiKey])
    starting_credits: float = 0.0
    pending: float = 0.0
    """What running streams have cost so far; it is charged when they end."""
    first_key: ApiKey | None = field(repr=False, default=None)

    @property
    def key(self) -> str:
        """The API key that the account was made with."""
        return self.first_key.secret if self.first_key is not None else ""

    def charge(self, amount: float) -> None:
        """Take an amount in US dollars from the credits."""
        self.credits = price(self.credits - amount)


class Accounts:
    """All accounts of one server. One demo account exists from the start."""

    def __init__(self, options: MockOptions, clock: Clock, identifiers: Identifiers) -> None:
        self._clock = clock
        self._identifiers = identifiers
        self._by_secret: dict[str, tuple[Account, ApiKey]] = {}
        self._by_id: dict[int, Account] = {}
        self._next_key = 1
        self._next_id = 2
        self.demo = Account(
            id=1,
            username=DEMO_USERNAME,
            email="demo@example.com",
            credits=options.credits,
            tier=TIERS[options.tier],
            created_at=clock.now(),
            password=DEMO_PASSWORD,
            starting_credits=options.credits,
        )
        self._by_id[1] = self.demo
        self.add_key(self.demo, "demo", secret=options.api_key)

    def add(self, name: str, credits: float, tier: str) -> Account:
        """A new account with one key. Raises ApiError 400 for a name that is taken, or when there are too many."""
        if self.with_name(name) is not None:
            raise invalid_value("body/name", f"there is an account {name!r} already")
        if len(self._by_id) >= MOST_ACCOUNTS:
            raise invalid_value("body/name", f"there are {MOST_ACCOUNTS} accounts already")
        account = Account(
            id=self._next_id,
            username=name,
            email=f"{name}@example.com",
            credits=credits,
            tier=TIERS[tier],
            created_at=self._clock.now(),
            first_name=name,
            starting_credits=credits,
        )
        self._next_id += 1
        self._by_id[account.id] = account
        self.add_key(account, name)
        return account

    def remove(self, account: Account) -> None:
        """Remove an account and its keys."""
        del self._by_id[account.id]
        for key in list(account.keys.values()):
            self.remove_key(account, key)

    def restore(self, account: Account) -> None:
        """Give an account its starting credits and its first key again, and no other key."""
        first = account.first_key
        account.credits, account.is_active = account.starting_credits, True
        for key in list(account.keys.values()):
            self.remove_key(account, key)
        if first is not None:
            first.is_active, first.last_used_at = True, None
            account.keys[first.id] = first
            self._by_secret[first.secret] = (account, first)

    def all(self) -> list[Account]:
        """All accounts, the demo account first."""
        return list(self._by_id.values())

    def with_name(self, name: str) -> Account | None:
        """The account of a name, else None."""
        return next((account for account in self._by_id.values() if account.username == name), None)

    def add_key(
        self, account: Account, name: str, *, days: float | None = None, secret: str | None = None
    ) -> ApiKey:
        """A new active key; `days` is its lifetime, None for ever."""
        now = self._clock.now()
        key = ApiKey(
            id=self._next_key,
            secret=secret or "indox-" + self._identifiers.token(32),
            name=name,
            created_at=now,
            expires_at=None if days is None else now + days * DAY,
        )
        self._next_key += 1
        account.keys[key.id] = key
        account.first_key = account.first_key or key
        self._by_secret[key.secret] = (account, key)
        return key

    def remove_key(self, account: Account, key: ApiKey) -> None:
        """Delete a key of an account."""
        del account.keys[key.id]
        self._by_secret.pop(key.secret, None)

    def with_secret(self, secret: str) -> tuple[Account, ApiKey] | None:
        """The account and key of an API key that works now, else None."""
        found = self._by_secret.get(secret)
        if found is None or not found[0].is_active or not found[1].usable(self._clock.now()):
            return None
        return found

    def with_password(self, username: str, password: str) -> tuple[Account, ApiKey | None] | None:
        """Who logs in: an account's own name and password, or an API key in one of the ways that clients send it."""
        by_key = self.with_secret(password)
        if by_key is not None and username in (
            password,
            EXCHANGE_USERNAME,
            by_key[0].username,
            by_key[0].email,
        ):
            return by_key
        for account in self._by_id.values():
            if (
                account.is_active
                and username in (account.username, account.email)
                and account.password
                and password == account.password
            ):
                return account, None
        return None


def masked_key(secret: str) -> str:
    """An API key as lists show it: enough to tell keys apart, too little to use one."""
    return f"{secret[:8]}...{secret[-4:]}" if len(secret) > 16 else "***"
