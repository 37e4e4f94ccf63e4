"""Tests of the release script. It works on copies of the repository, and nothing is uploaded."""
