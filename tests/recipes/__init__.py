"""Runs the pages and programs of recipes, each with the packages that it names."""
