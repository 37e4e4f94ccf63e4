"""Chaos: random faults, cancellations and closes at many connections (`make chaos`). No tests of features."""
