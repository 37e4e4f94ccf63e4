"""Tests of the documentation: every code block runs, the reference is complete, the site has no dead link."""
