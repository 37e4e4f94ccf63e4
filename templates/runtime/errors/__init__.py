"""The base class of all exceptions, and how an error answer becomes one.

Which operation may raise which exception is in the generated modules. Whether a call is repeated is decided above.
"""
