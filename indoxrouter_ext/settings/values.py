"""The settings of a client or a call. They are checked once, when they are made, and immutable.

`with_options` makes a changed copy, so that the options of one call cannot affect another.
"""

from __future__ import annotations

import math
import os
import re
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from indoxrouter._runtime.codecs.base import describe, near_names
from indoxrouter._runtime.http.interface import Timeouts
from indoxrouter._runtime.values.json import is_mapping
from indoxrouter._runtime.values.text import plural
from indoxrouter.about import OPERATIONS, SERVERS

from .._version import __version__

API_KEY_VARIABLE = "INDOX_ROUTER_API_KEY"
BASE_URL_VARIABLE = "INDOX_ROUTER_BASE_URL"
# The package's name in one word, as other packages have it; the documented names take precedence.
_ONE_WORD = {API_KEY_VARIABLE: "INDOXROUTER_API_KEY", BASE_URL_VARIABLE: "INDOXROUTER_BASE_URL"}

# The older documents say 15 seconds, the newer ones 30.
DEFAULT_TIMEOUT = 30.0
DEFAULT_CONNECT_TIMEOUT = 10.0

LONGEST_TIME = 1_000_000
"""Seconds, eleven days: more is a mistake, and the operating system cannot wait for longer than 24 days."""

# Headers that say where a message goes and where it ends. The engines write them; a second one could end the message
# elsewhere, and the rest of it would be taken for the next request.
_FRAMING = frozenset({
    "host", "content-length", "transfer-encoding", "connection", "keep-alive", "te", "trailer", "upgrade",
    "expect",
})  # fmt: skip


def _from_environment(variable: str) -> tuple[str, str | None]:
    """The name of the variable that is set, in either spelling, and its value."""
    for name in (variable, _ONE_WORD[variable]):
        value = os.environ.get(name)
        if value:
            return name, value
    return variable, os.environ.get(variable)


def check_api_key(api_key: object) -> str:
    """The API key, stripped; from the environment when none is given.

    Raises:
        ValueError: when there is none, or when it holds anything but visible ASCII. Neither the message nor the local
            variables in the traceback hold the key.
    """
    key, problem = _read_api_key(api_key)
    if problem is not None:
        del api_key, key
        raise ValueError(problem)
    return key


def _read_api_key(api_key: object) -> tuple[str, str | None]:
    """The key, and the problem with it or None."""
    source = "api_key"
    if api_key is None:
        name, api_key = _from_environment(API_KEY_VARIABLE)
        source = f"the environment variable {name}"
        if api_key is None:
            return "", f"No API key: pass api_key=… or set the environment variable {API_KEY_VARIABLE}"
    if not isinstance(api_key, str):
        return "", f"api_key: expected text, got {type(api_key).__name__}"
    key = api_key.strip()
    if not key:
        return key, f"{source} is blank: pass api_key=… or set the environment variable {API_KEY_VARIABLE}"
    scheme, _, rest = key.partition(" ")
    if scheme.lower() == "bearer" and rest:
        return key, f"{source} begins with 'Bearer': pass the key alone"
    if key.lower().startswith(("http://", "https://")):
        return key, f"{source} is a URL: pass the URL as base_url=…, and the key as api_key=…"
    if key[0] in "\"'`" or key[-1] in "\"'`":
        return key, f"{source} is in quotes: pass the key without them"
    if not all("!" <= character <= "~" for character in key):
        return key, (
            f"{source} holds a space, a control character or one outside ASCII; it is not shown here. "
            "Copy the key again: keys look like indox- followed by 32 letters and digits"
        )
    return key, None


def _wrong(name: str, expected: str, found: str) -> ValueError:
    return ValueError(f"{name}: expected {expected}, got {found}")


def check_ways(auth: object, **flags: object) -> None:
    """Raise `ValueError` for a way to authenticate that does not exist, and for a flag that is not True or False."""
    if auth not in ("token", "api_key"):
        raise _wrong("auth", "'token' (exchange the key) or 'api_key' (send it)", f"{auth!r:.40}")
    for name, flag in flags.items():
        if not isinstance(flag, bool):
            raise _wrong(name, "True or False", describe(flag))


def check_base_url(base_url: object, *, required: bool = False) -> str:
    """The server's URL without a trailing slash; one without a path gets that of the first server of the spec.

    Raises:
        ValueError: when it is not an http or https URL with a host.
    """
    default = SERVERS[0]
    name = "base_url"
    if base_url is None and not required:
        variable, from_environment = _from_environment(BASE_URL_VARIABLE)
        if from_environment:
            name = f"the environment variable {variable}"
        base_url = from_environment or default
    if not isinstance(base_url, str):
        raise _wrong("base_url", f"a URL such as {default}, as text", type(base_url).__name__)
    text = base_url.strip()
    problem = _problem_with_url(text)
    if problem:
        shown = text if len(text) <= 100 else f"{text[:20]}…"
        if "@" in text:  # the part before it may hold a password
            shown = f"…{text.rpartition('@')[1]}…"
        raise _wrong(name, f"a URL such as {default}", f"{shown!r}: {problem}")
    parts = urlsplit(text)
    usual = urlsplit(default).path.rstrip("/")
    below = parts.path.removeprefix(f"{usual}/") if usual and parts.path.startswith(f"{usual}/") else ""
    if below.partition("/")[0] in {tag for tag, _ in OPERATIONS.values()}:
        found = f"that of an endpoint; leave out /{below.rstrip('/')}"
        raise _wrong(name, f"the URL of the server, such as {default}", found)
    path = parts.path.rstrip("/") or usual
    return f"{parts.scheme.lower()}://{parts.netloc}{path}"


def _problem_with_url(text: str) -> str | None:
    if any(character.isspace() or not character.isprintable() for character in text):
        return "it holds spaces or control characters"
    try:
        parts = urlsplit(text)
        port_is_fine = parts.port is None or 0 < parts.port < 65536
    except ValueError:
        return "its host or port cannot be read"
    if parts.scheme.lower() not in ("http", "https"):
        return "it does not start with http:// or https://"
    if not parts.hostname or not port_is_fine:
        return "it has no host" if not parts.hostname else "its port is out of range"
    if parts.username is not None or parts.password is not None:
        return "it holds a user name or a password"
    if parts.query or parts.fragment:
        return "it has a query or a fragment"
    if any(segment in (".", "..") for segment in parts.path.split("/")):
        return "its path holds '.' or '..'"
    return None


def check_seconds(name: str, value: object, *, zero: bool = False) -> float | None:
    """A number of seconds, or None. With `zero`, zero is allowed and None is not.

    Raises:
        ValueError: for text, booleans, NaN and negative numbers.
    """
    if value is None and not zero:
        return None
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        expected = f"a number of seconds{'' if zero else ' or None'}"
        raise _wrong(name, expected, describe(value))
    if value > LONGEST_TIME and value != math.inf:
        raise _wrong(name, f"at most {LONGEST_TIME:,} seconds, or None for no limit", describe(value))
    if not value >= 0 or value == math.inf or (value == 0 and not zero):  # NaN is not >= 0
        raise _wrong(name, f"a {'' if zero else 'positive '}number of seconds", describe(value))
    return float(value)


def check_timeout(timeout: object) -> Timeouts:
    """Timeouts from seconds, a 4-tuple, a `Timeouts`, an `httpx.Timeout`, or None.

    Raises:
        ValueError: naming the part with a wrong value.
    """
    names = ("connect", "read", "write", "pool")
    if isinstance(timeout, tuple):
        parts: list[Any] = [*timeout]
        if len(parts) != 4:
            raise ValueError(
                f"timeout: expected (connect, read, write, pool), got {plural(len(parts), 'value')}"
            )
    elif all(hasattr(timeout, name) for name in names):
        parts = [getattr(timeout, name) for name in names]
    else:
        seconds = check_seconds("timeout", timeout)
        connect = seconds if seconds is None else min(seconds, DEFAULT_CONNECT_TIMEOUT)
        return Timeouts(connect, seconds, seconds, seconds)
    return Timeouts(
        *(check_seconds(f"timeout.{name}", part) for name, part in zip(names, parts, strict=True))
    )


def _check_count(name: str, value: object) -> int:
    lowest = 1 if name == "max_response_bytes" else 0
    if isinstance(value, bool) or not isinstance(value, int) or value < lowest:
        raise ValueError(f"{name}: expected a whole number, {lowest} or more, got {describe(value)}")
    return value


def _check_headers(headers: object) -> dict[str, tuple[str, str]]:
    if not is_mapping(headers):
        raise ValueError(f"headers: expected a mapping of names to text, got {type(headers).__name__}")
    checked: dict[str, tuple[str, str]] = {}
    for name, value in headers.items():
        if not isinstance(name, str) or not re.fullmatch("[A-Za-z0-9._-]+", name):
            raise ValueError(f"headers: {name!r:.60} is not a header name")
        if name.lower() in _FRAMING:
            raise ValueError(f"headers: {name} is set by the client and cannot be changed")
        if not isinstance(value, str):
            raise _wrong("headers", f"text for {name}", describe(value))
        if not all(" " <= character <= "~" for character in value):
            raise ValueError(f"headers: the value of {name} has to be visible ASCII text")
        checked[name.lower()] = (name, value)  # a name counts once, whatever its case
    return checked


def _check_idempotency_key(name: str, value: object) -> str | None:
    if value is None:
        return None
    if not isinstance(value, str) or not 1 <= len(value) <= 255 or not all("!" <= c <= "~" for c in value):
        expected = "1 to 255 visible ASCII characters without spaces"
        raise ValueError(f"{name}: expected {expected}, got {describe(value)}")
    return value


def _check_observers(name: str, value: Any) -> tuple[Any, ...]:
    observers: tuple[Any, ...] = tuple(value) if type(value) in (list, tuple) else (value,)
    for observer in observers:
        for method in ("on_start", "on_attempt", "on_first_event", "on_end"):
            if isinstance(observer, type) or not callable(getattr(observer, method, None)):
                raise ValueError(f"{name}: expected a list of Observer objects, got {observer!r:.60}")
    return observers


def _check_budget(name: str, value: object) -> object:
    parts = ("reserve", "settle", "release", "estimator", "spend")
    if value is not None and (isinstance(value, type) or not all(hasattr(value, part) for part in parts)):
        raise ValueError(f"{name}: expected a Budget, such as Budget(usd=5.0), got {value!r:.60}")
    return value


def _check_models(name: str, value: Any) -> tuple[str, ...]:
    models: list[Any] = list(value) if type(value) in (list, tuple) else [value]
    if type(value) is str or not all(isinstance(model, str) and model.strip() for model in models):
        raise ValueError(f"{name}: expected a list of model names, got {value!r:.60}")
    return tuple(models)


_CHECKS: dict[str, Callable[[str, Any], Any]] = {
    "deadline": check_seconds,
    "first_token_timeout": check_seconds,
    "token_timeout": check_seconds,
    "max_retries": _check_count,
    "max_retry_wait": partial(check_seconds, zero=True),
    "idempotency_key": _check_idempotency_key,
    "max_response_bytes": _check_count,
    "observers": _check_observers,
    "budget": _check_budget,
    "fallback_models": _check_models,
}

OPTIONS = ("timeout", *_CHECKS, "headers")
"""The options of the constructor and of `with_options`."""


OF_CLIENT = ("api_key", "auto_refresh", "auth", "http_client", "engine", "base_url", "authenticate")
"""The other arguments of the constructor."""

OTHER_NAMES = {
    **{name: f"Client({name}=…), because it belongs to the client" for name in OF_CLIENT},
    **{name: f"http_client=httpx.Client({name}=…) of Client()" for name in ("proxy", "verify", "transport")},
    "proxies": "http_client=httpx.Client(proxy=…) of Client()",
    "session": "http_client=httpx.Client(…) of Client()",
    "extra_headers": "headers",
    "default_headers": "headers",
    **dict.fromkeys(("request_timeout", "timeout_seconds"), "timeout"),
    **dict.fromkeys(("connect_timeout", "read_timeout"), "timeout=(connect, read, write, pool)"),
    **dict.fromkeys(("num_retries", "retries", "retry", "retry_policy", "max_attempts"), "max_retries"),
    **dict.fromkeys(("fallbacks", "fallback"), "fallback_models"),
    **dict.fromkeys(("callbacks", "callback"), "observers"),
    "max_budget": "budget=Budget(usd=…)",
    **dict.fromkeys(("drop_params", "api_version", "custom_llm_provider"), "nothing in its place"),
    "base_url": "Client(base_url=…) or client.set_base_url(…), because it belongs to the client",
    "api_base": "Client(base_url=…)",
    "url": "Client(base_url=…)",
    "authenticate": "nothing in its place: AsyncClient authenticates on first use",
}
"""Options of other clients, and what to use here."""

# The same for names that a call may have as well, for its provider.
_OF_OTHER_CLIENTS = {
    **OTHER_NAMES,
    **{
        name: f"http_client=httpx.Client({name}=…)"
        for name in ("cert", "http2", "limits", "mounts", "trust_env")
    },
    **dict.fromkeys(("host", "endpoint", "azure_endpoint", "server"), "Client(base_url=…)"),
    **dict.fromkeys(("token", "access_token", "api_token"), "Client(api_key=…)"),
    "default_query": "the documented arguments of the methods",
    **{name: f"{name}=… of the methods" for name in ("model", "temperature", "max_tokens", "top_p", "tools")},
    "default_model": "model=… of the methods",
    **dict.fromkeys(("ssl_verify", "verify_ssl"), "http_client=httpx.Client(verify=…)"),
    "user_agent": "headers={'User-Agent': …}",
    "debug": "client.enable_debug()",
}


def _unknown_option(name: str) -> str:
    if name in ("organization", "project"):
        hint = "this API has nothing of the kind"
    elif name in _OF_OTHER_CLIENTS:
        hint = f"use {_OF_OTHER_CLIENTS[name]}"
    else:
        hint = near_names(name, (*OPTIONS, *OF_CLIENT), f"known are {', '.join(OPTIONS)}")
    return f"{name}: no such option; {hint}"


class Settings(NamedTuple):
    """How a call is made; `ClientOptions` documents the options. `repr` shows no header values.

    Attributes:
        base_url: URL of the server, with its path.
        timeouts: seconds for connecting, for each read and write, and for a free connection.
        user_agent: the `User-Agent` header.
        models: of a call with `fallback_models`: the models that were asked so far, the present one last.
    """

    base_url: str
    timeouts: Timeouts
    deadline: float | None = None
    first_token_timeout: float | None = None
    token_timeout: float | None = None
    max_retries: int = 2
    max_retry_wait: float = 60.0
    idempotency_key: str | None = None
    headers: tuple[tuple[str, str], ...] = ()
    max_response_bytes: int = 256 * 1024 * 1024
    observers: tuple[Any, ...] = ()
    budget: Any = None
    fallback_models: tuple[str, ...] = ()
    user_agent: str = f"indoxrouter-python/{__version__}"
    models: tuple[Any, ...] = ()

    @property
    def host(self) -> str:
        """Host and port of the server, for messages."""
        return self.base_url.partition("://")[2].partition("/")[0]

    def __repr__(self) -> str:
        return f"Settings({self.base_url!r}, {self.timeouts!r}, max_retries={self.max_retries})"

    def changed(self, *unnamed: object, **changes: Any) -> Settings:
        """A copy with some options replaced, checked as by the client's constructor.

        Raises:
            ValueError: for an unknown option or a wrong value.
        """
        if unnamed:
            raise TypeError(f"with_options: expected names, such as timeout=5, got {describe(unnamed[0])}")
        checked: dict[str, Any] = {}
        for name, value in changes.items():
            if name == "timeout":
                checked["timeouts"] = check_timeout(value)
            elif name in _CHECKS:
                checked[name] = _CHECKS[name](name, value)
            elif name == "headers":
                before = {name.lower(): (name, text) for name, text in self.headers}
                checked["headers"] = tuple({**before, **_check_headers(value)}.values())
            else:
                raise ValueError(_unknown_option(name))
        return self._replace(**checked)
