"""Tests of `bench/`: its comparison, its report and its subjects. Times are measured by `bench/` itself, never here."""
