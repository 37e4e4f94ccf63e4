"""The state of one run: settings, clients, the list of models, and the completion cache.

Nothing here prints results or explains errors.
"""
