"""The commands, one module each. A module holds its command as `command` and is imported when it is called."""
