"""Tests of the generator, on descriptions made up for them. The package of `openapi.yaml` is tested elsewhere."""
