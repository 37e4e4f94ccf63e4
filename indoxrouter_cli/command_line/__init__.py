"""The parts of the command-line interface that commands share: groups, options, arguments, shell completion.

The commands themselves are in `commands/`.
"""
