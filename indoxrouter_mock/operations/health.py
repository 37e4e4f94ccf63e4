"""The two health checks."""

from __future__ import annotations

from typing import Any

from ..request.call import Call, operation


@operation("getHealth")
def get_health(call: Call) -> dict[str, Any]:
    """The state of the service."""
    version = call.spec.document.get("info", {}).get("version", "")
    return {"status": "ok", "version": version, "timestamp": call.state.clock.iso()}


@operation("getUserHealth")
def get_user_health(call: Call) -> dict[str, Any]:
    """The state of the user service."""
    return {"status": "healthy"}
