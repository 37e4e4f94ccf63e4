"""The commands, one module each, in folders named after the sections of `indoxrouter --help`.

A module holds its command as `command` and is imported when the command is called. What two commands share belongs
into a folder beside this one.
"""
