"""Runs every program of `examples/`, as their docstrings say. Examples of recipes are in `tests/recipes`."""
