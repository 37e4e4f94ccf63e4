"""The base of all parts: exit codes, and the error that ends a command.

Imports nothing of the command line but its own modules.
"""
