"""The version of the distribution. The only place that holds it: the build, the docs and `indoxrouter.__version__` read it here."""

__version__ = "0.2.0"
