"""Answers of a model as they arrive, and conversations at a terminal.

The command with its options is `commands/generate/chat.py`.
"""
