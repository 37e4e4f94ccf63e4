"""The fixtures of the tests of the documented methods: a mistake is made with both clients."""

from tests.methods.conftest import harness, mock

__all__ = ["harness", "mock"]
