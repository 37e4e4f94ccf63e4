"""Tests of `indoxrouter_mcp`: tools of an MCP server in a chat, against the mock."""
