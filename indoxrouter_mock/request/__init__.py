"""One request: its call record, its body, and the credentials that it carries.

Nothing here decides what an operation answers.
"""
