"""The version of the distribution, in its one place: the build and `indoxrouter.__version__` read it here."""

__version__ = "0.2.0"
