"""The commands, one module each, in folders named after the sections of `indoxrouter --help`.

A module holds its command as `command` and is imported when the command is called. Code that commands share is in the
other folders of the package.
"""
