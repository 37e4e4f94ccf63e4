"""Many requests from a file: its lines, the estimate of their cost, the journal, and the run.

The command with its options is `commands/generate/batch.py`.
"""
