"""Tests of `indoxrouter batch`."""
