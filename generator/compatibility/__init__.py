"""What changed for users between two descriptions, or between two releases of the package.

Nothing here writes the package; `upgrade` in `commands` does, after asking here.
"""
