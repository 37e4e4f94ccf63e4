"""Observers that the package brings: spans and metrics of OpenTelemetry, and reports of what no description has.

The interface of an observer is not here but in `calls.observation`.
"""
