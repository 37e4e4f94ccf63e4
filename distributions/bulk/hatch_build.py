"""Leads to the hooks at the top of the repository. A source distribution has that file in place of this one."""

from pathlib import Path
from runpy import run_path

_HOOKS = run_path(str(Path(__file__).resolve().parents[2] / "hatch_build.py"), run_name="hatch_build")
Metadata, Contents = _HOOKS["Metadata"], _HOOKS["Contents"]
