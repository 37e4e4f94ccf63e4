"""What the commands have in common as programs: groups, options, arguments, and shell completion.

A command itself belongs into `commands/`.
"""
