"""The OpenAI-compatible paths under `/v1`, in OpenAI's shapes, with the security, limits and prices of the native API.

`endpoints.py` says which paths there are. Nothing here reads a socket or sends an answer.
"""
