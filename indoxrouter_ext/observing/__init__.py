"""Observers that the package brings: OpenTelemetry. The interface of an observer is in `calls.observation`."""
