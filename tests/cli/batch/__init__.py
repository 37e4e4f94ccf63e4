"""Tests of `indoxrouter batch` and of the client's `map` below it."""
