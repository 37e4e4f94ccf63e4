"""Tests of the command line: a folder for each kind; fixtures and the terminal for tests are here."""
