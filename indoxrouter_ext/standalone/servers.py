"""Which server a call is sent to: the client's, one that the description gives an operation, or the caller's choice."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin, urlsplit

from indoxrouter import about

if TYPE_CHECKING:
    from indoxrouter._runtime.operations.operation import Call


class Servers:
    """The servers of one client.

    Args:
        base_url: the server of the client; None for the first one of the description.
        replaced: other URLs for operations with servers of their own, by their documented URL.
        variables: values for the variables in the URLs of the description.

    Raises:
        ValueError: for a malformed URL, and for a server, a variable or a value that the description does not know.
    """

    def __init__(
        self, base_url: str | None, replaced: Mapping[str, str] | None, variables: Mapping[str, str] | None
    ) -> None:
        self._variables = dict(variables or {})
        self._replaced = {self._documented(url): other for url, other in (replaced or {}).items()}
        self._check_variables()
        if base_url is None:
            first = about.SERVERS[0] if about.SERVERS else ""
            base_url = self._replaced.get(first) or self._filled(first)
        self.base_url = _checked("base_url", base_url).rstrip("/")
        for other in self._replaced.values():
            _checked("servers", urljoin(self.base_url + "/", other))

    def of(self, call: Call[Any]) -> str:
        """The URL that a call is relative to."""
        documented = call.operation.servers
        if not documented:
            return self.base_url
        chosen = next((self._replaced[url] for url in documented if url in self._replaced), None)
        return urljoin(self.base_url + "/", chosen or self._filled(documented[0])).rstrip("/")

    @staticmethod
    def _documented(url: str) -> str:
        """A server as the description has it, with the defaults of its variables."""
        for filled, (template, _) in about.SERVER_VARIABLES.items():
            if url.rstrip("/") in (filled.rstrip("/"), template.rstrip("/")):
                return filled
        names = ", ".join(about.SERVER_VARIABLES) or "none"
        raise ValueError(f"servers: the description has no server {url!r}; it has: {names}")

    def _filled(self, url: str) -> str:
        """A documented URL with the values of this client in place of the defaults."""
        template, variables = about.SERVER_VARIABLES.get(url, (url, {}))
        for name, (default, _) in variables.items():
            template = template.replace("{" + name + "}", self._variables.get(name, default))
        return template

    def _check_variables(self) -> None:
        known: dict[str, list[tuple[str, ...]]] = {}
        for _, variables in about.SERVER_VARIABLES.values():
            for name, (_, allowed) in variables.items():
                known.setdefault(name, []).append(allowed)
        for name, value in self._variables.items():
            if name not in known:
                names = ", ".join(known) or "none"
                raise ValueError(
                    f"server_variables: the servers have no variable {name!r}; they have: {names}"
                )
            for allowed in known[name]:
                if allowed and value not in allowed:
                    raise ValueError(
                        f"server_variables: {name}: expected one of {', '.join(allowed)}, got {value!r}"
                    )


def host_of(url: str) -> str:
    """The host and the port of a URL, without a name and a password."""
    return urlsplit(url).netloc.rpartition("@")[2]


def _checked(argument: str, url: str) -> str:
    if urlsplit(url).scheme not in ("http", "https") or not host_of(url):
        raise ValueError(f"{argument}: expected an http or https URL, got {url!r}")
    return url
