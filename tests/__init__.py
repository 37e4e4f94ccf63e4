"""The tests. A package, so that shared pieces import as `tests.…`, whatever else is called that."""
