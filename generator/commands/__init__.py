"""What the verbs of `python -m generator` do: lint a description, take over a new one, draft the changelog.

Arguments, messages and the order of steps belong here. What a step computes does not: it lives in the folder of
its subject.
"""
