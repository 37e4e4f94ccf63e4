"""Tests of `indoxrouter_langchain`, LangChain's own tests among them, against the mock."""
