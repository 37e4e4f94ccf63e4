"""Mistakes of newcomers, one row each: what is written, and the sentence that answers it."""
