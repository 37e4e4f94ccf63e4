"""Tests of `indoxrouter_bulk`: `client.map`, the journal, shared pace and budget, files."""
