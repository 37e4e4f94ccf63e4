"""The tests. A package, so that what they share is imported as `tests.…` and no other `tests` gets in the way."""
