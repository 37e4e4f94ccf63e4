"""Tests of the program as a whole: start, first use, errors, shell completion, and its page."""
