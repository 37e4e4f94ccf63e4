"""A pytest plugin: keeps the planter before pytest's own import hook, which loads the mock's modules by itself."""

from __future__ import annotations

import sys

from .planting import Planter

for _finder in [*sys.meta_path]:
    if isinstance(_finder, Planter):
        _finder.come_first()
