"""One call from request to answer: the request flow (no I/O), the retry policy, the shared client state and the two
drivers that do what the flow yields, blocking and asynchronous. No response classes, no streams."""
