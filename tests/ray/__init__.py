"""Tests of `indoxrouter_ray`; `make integrations` runs them in an environment that has Ray, Dask and Daft."""
