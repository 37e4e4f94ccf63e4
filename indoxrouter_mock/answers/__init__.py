"""What several operations need to answer: the plan of a completion, its bodies and events, and billing.

Nothing here belongs to a single tag of the spec; that lives in `operations`.
"""
