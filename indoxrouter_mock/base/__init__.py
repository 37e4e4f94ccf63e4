"""What every other folder builds on: JSON, time, identifiers, options, the types of ASGI.

Nothing here knows the API, the spec or a request, and nothing here imports another folder of the mock.
"""
