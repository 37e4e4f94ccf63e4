"""Python functions and types as tools and response formats, and their JSON Schemas. No requests."""
