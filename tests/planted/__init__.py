"""Faults planted on purpose, each with the test that has to notice it.

The faults are in `faults/`, one module for each subject; the other modules find, plant and prove them. The tests that
notice the faults stay with their subjects.
"""
