"""Servers that fail in every way, and what both clients make of it. `README.md` lists the rules."""
