"""Changes of `openapi.yaml` that an API goes through: each is adopted in a clone, and all tests are run on the result.

Nothing here names an operation, a schema or a field of ours: a change picks its place by what the description says.
"""
