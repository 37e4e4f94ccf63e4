"""Usage by group, by session and by model, from the billing log."""

from __future__ import annotations

from typing import Any

from ..base.clock import iso
from ..request.call import Call, operation
from ..state.billing_log import GROUPINGS, grouped_by, totals
from .user import period


def _selected(call: Call) -> list[Any]:
    model = call.query.get("model")
    provider = call.query.get("provider")
    if (
        model is not None
        and provider is None
        and "/" in model
        and model.partition("/")[0] in call.state.models.providers
    ):
        provider, _, model = model.partition("/")
    endpoint = call.query.get("endpoint")
    return call.state.billing_log.select(
        call.owner.id,
        *period(call),
        provider=provider,
        model=model,
        session_id=call.query.get("session_id"),
        endpoint=endpoint,
    )


@operation("getAnalyticsUsage")
def get_analytics_usage(call: Call) -> dict[str, Any]:
    """Usage in groups, with prompts and answers when `include_content` asks for them."""
    records = _selected(call)
    group_by = call.query.get("group_by", "date")
    data: list[dict[str, Any]] = []
    for name, group in grouped_by(records, GROUPINGS[group_by]).items():
        row = {"group": name, **totals(group)}
        if call.query.get("include_content"):
            row["content"] = [
                {
                    "request_id": record.request_id,
                    "time": iso(record.moment),
                    "prompt": record.prompt,
                    "response": record.reply,
                }
                for record in group
            ]
        data.append(row)
    total = totals(records)
    return {
        "group_by": group_by,
        "data": data,
        "total_requests": total["requests"],
        "total_cost": total["cost"],
    }


@operation("listAnalyticsSessions")
def list_analytics_sessions(call: Call) -> dict[str, Any]:
    """Sessions with their first and last call."""
    sessions = [
        {
            "session_id": session,
            "started_at": iso(group[0].moment),
            "ended_at": iso(max(record.moment for record in group)),
            **totals(group),
        }
        for session, group in grouped_by(_selected(call), GROUPINGS["session_id"]).items()
    ]
    return {"sessions": sessions, "total": len(sessions)}


@operation("getModelPerformance")
def get_model_performance(call: Call) -> dict[str, Any]:
    """Models in use with their average latency and success rate."""
    groups = grouped_by(_selected(call), lambda record: f"{record.provider}\x1f{record.model}")
    return {
        "models": [
            {
                "model": group[0].model,
                "provider": group[0].provider,
                **totals(group),
                "average_latency": round(sum(record.latency for record in group) / len(group), 6),
                "success_rate": round(sum(record.success for record in group) / len(group), 6),
            }
            for group in groups.values()
        ]
    }
