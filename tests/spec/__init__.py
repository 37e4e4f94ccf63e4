"""Tests of openapi.yaml itself."""
