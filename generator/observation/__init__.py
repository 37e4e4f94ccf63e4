"""Recorded exchanges beside the description: what it does not know or gets wrong. Nothing here writes the package."""
