"""Tests of questions, conversations and rendered answers."""
