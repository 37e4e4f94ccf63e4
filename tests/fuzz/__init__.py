"""Fuzzers of the direct engine: poisoned connections, truncated answers, and other parsers as judges (`make fuzz`).

Each case is a function of a seed, which every report prints. No test of a feature lives here.
"""
