"""The replies to requests with an idempotency key, kept to be given again to the same request."""

from __future__ import annotations

from ..base.json import dumps
from ..base.reply import Reply

MOST_REPLIES = 10_000
MOST_BYTES = 128 * 1024 * 1024
"""Bytes of all replies together; the oldest are removed first."""
Key = tuple[int, str, str]
"""The account, the operation and the idempotency key."""


class IdempotentReplies:
    """Replies by key, each with the mark of the request that it answers."""

    def __init__(self) -> None:
        self._replies: dict[Key, tuple[str, Reply, int]] = {}
        self._size = 0

    def __len__(self) -> int:
        return len(self._replies)

    def get(self, key: Key) -> tuple[str, Reply] | None:
        """The mark of the request and the reply to it, or None when there is none or it has been removed."""
        found = self._replies.get(key)
        return None if found is None else found[:2]

    def add(self, key: Key, mark: str, reply: Reply, asked: int = 0) -> None:
        """Keep a reply, at the expense of the oldest ones when there are too many or they are too large. `asked` are
        the bytes of the request, which a stream holds.
        """
        size = _size(reply) + (asked if reply.stream is not None else 0)
        self._replies[key] = (mark, reply, size)
        self._size += size
        while len(self._replies) > MOST_REPLIES or (self._size > MOST_BYTES and len(self._replies) > 1):
            self._remove(next(iter(self._replies)))

    def forget(self, account_id: int) -> None:
        """Remove the replies to an account."""
        for key in [key for key in self._replies if key[0] == account_id]:
            self._remove(key)

    def _remove(self, key: Key) -> None:
        self._size -= self._replies.pop(key)[2]


def _size(reply: Reply) -> int:
    if reply.content is not None:
        return len(reply.content)
    return reply.stream.held if reply.stream is not None else len(dumps(reply.body))
