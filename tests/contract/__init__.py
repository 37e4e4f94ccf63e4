"""The mock, the client and openapi.yaml, held against one another from both sides."""
