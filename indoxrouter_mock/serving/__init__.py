"""Ways to run the application: on a port, in a thread, or in-process; and control over it from tests.

Nothing here looks into requests or answers.
"""
