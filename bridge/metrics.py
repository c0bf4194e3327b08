"""What /metrics says, as Prometheus reads it. Pure.

https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format
"""

from __future__ import annotations

from collections.abc import Mapping

from bridge.store.health import Health

TYPE = "text/plain; version=0.0.4; charset=utf-8"
ESCAPED = str.maketrans({"\\": r"\\", '"': r"\"", "\n": r"\n"})

Labels = tuple[tuple[str, str], ...]


def text(health: Health) -> str:
    """One block for each metric: what it is, of which type, and a line for each of its values."""
    items = {"waiting": health.waiting, "dead": health.dead, "settled": health.settled}
    blocks = [
        _block("received_total", "counter", "Distinct messages that came.", {(): health.received}),
        _block("items", "gauge", "Messages by state; settled ones are filed or dropped.", _by("state", items)),
        _block(
            "waiting_oldest_seconds",
            "gauge",
            "How long the oldest waiting message has waited.",
            {(): health.oldest.total_seconds()},
        ),
        _block("replies", "gauge", "Agents' replies by state.", _by("state", health.replies)),
        _block(
            "skipped_total",
            "counter",
            "What came and was no message.",
            {(("connection", c), ("reason", reason)): n for (c, reason), n in health.skipped.items()},
        ),
        _block("paused", "gauge", "CRMs and accounts that rest.", _by("target", dict.fromkeys(health.paused, 1))),
        _block(
            "crm_api_calls_used",
            "gauge",
            "API calls of the last 24 hours, as the CRM counts them for all who use it.",
            _by("crm", {crm: usage.used for crm, usage in health.usage.items()}),
        ),
        _block(
            "crm_api_calls_most",
            "gauge",
            "API calls that the CRM allows in 24 hours.",
            _by("crm", {crm: usage.most for crm, usage in health.usage.items()}),
        ),
        _block(
            "crm_limit_used",
            "gauge",
            "Calls in the current window of a limit, which lasts a minute mostly.",
            {(("crm", crm), ("limit", name)): usage.used for (crm, name), usage in health.limits.items()},
        ),
        _block(
            "crm_limit_most",
            "gauge",
            "Calls that a limit allows in each window.",
            {(("crm", crm), ("limit", name)): usage.most for (crm, name), usage in health.limits.items()},
        ),
        _block("alarm", "gauge", "Alarms that are not over.", _by("name", dict.fromkeys(health.alarms, 1))),
    ]
    return "".join(blocks)


def _by(label: str, values: Mapping[str, int]) -> dict[Labels, float]:
    return {((label, name),): n for name, n in values.items()}


def _block(name: str, kind: str, says: str, values: Mapping[Labels, float]) -> str:
    lines = [f"# HELP casebridge_{name} {says}", f"# TYPE casebridge_{name} {kind}"]
    lines += [f"casebridge_{name}{_labels(labels)} {value}" for labels, value in values.items()]
    return "".join(f"{line}\n" for line in lines)


def _labels(labels: Labels) -> str:
    shown = ",".join(f'{name}="{value.translate(ESCAPED)}"' for name, value in labels)
    return f"{{{shown}}}" if shown else ""
