"""Tests of single commands; `chat` and `batch` have folders of their own."""
