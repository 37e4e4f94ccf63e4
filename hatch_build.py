"""Packs `openapi.yaml` into the wheel as `indoxrouter_mock/openapi.yaml`, where the installed mock server finds it.

A hook and not `force-include`, because that would also drop a copy of the spec into editable installs, where it would
go stale: in a checkout the mock reads the file at the top.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class PackSpec(BuildHookInterface[Any]):
    """Runs for wheels; `version` is "standard" or "editable"."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Name the one file that lies outside the packages."""
        spec = Path(self.root, "openapi.yaml")
        if version == "standard":
            if not spec.is_file():
                raise FileNotFoundError(f"{spec} is missing: a wheel without the spec has no mock server")
            build_data["force_include"][str(spec)] = "indoxrouter_mock/openapi.yaml"
