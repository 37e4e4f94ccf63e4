"""The response classes that callers receive, and how an answer becomes one. No requests, no streams."""
