"""Plain values: the marker for what is unset, JSON, type guards. Imports nothing of the package."""
