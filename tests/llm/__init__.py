"""Tests of the plugin for `llm`, by its command line and its library, against the mock."""
