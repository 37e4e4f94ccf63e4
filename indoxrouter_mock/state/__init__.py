"""All that one mock server remembers: accounts, tokens, limits, the billing log, the request log, planned faults.

Nothing here reads a request or writes an answer.
"""
