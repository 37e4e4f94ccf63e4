"""The OpenAPI document: its operations, routes, schemas and examples, and the errors that it documents.

Nothing here keeps state between requests, and nothing here knows what an operation does.
"""
