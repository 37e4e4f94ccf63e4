"""Counts calls and bytes of the hot paths, which are the same on every machine. Seconds are measured by `bench/`."""
