"""The base class of all exceptions, and how an error answer becomes one. Retries are decided above."""
