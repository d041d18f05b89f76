"""The lines of a fleet: one JSON object each, with a `type` and the `schema_version`.

- `report`: a finished target, the whole document of `diagnose --json`;
- `verdict`: with --summary, a finished target in short;
- `error`: a line of the list that names no target;
- `group`: at the end, the targets that fail for the same cause;
- `summary`: the last line, how many targets have which verdict.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from diagnose.checking.verdicts import exit_status, verdict
from diagnose.fleet.grouping import Cause
from diagnose.fleet.journal import Group
from diagnose.fleet.target_list import ListedTarget
from diagnose.model import Report
from diagnose.model.view import View
from diagnose.outputs import jsonl
from diagnose.outputs.json import SCHEMA_VERSION
from diagnose.outputs.verdict_text import verdict_sentence
from diagnose.recording.codec import json_line, timestamp


def report_line(report: Report, view: View) -> str:
    return jsonl.render(report, view)


def verdict_line(report: Report, causes: Sequence[Cause], view: View, **further: object) -> str:
    """Return a finished target in short: the verdict, and each root cause with its group.
    `further` fields stand at the end."""
    target, outcome = report.evidence.target, verdict(report)
    return _line(
        "verdict",
        target={"input": target.input, "url": target.url, "websockets": list(target.websockets)},
        started_at=timestamp(report.evidence.started_at),
        duration_s=round(report.duration, 6),
        verdict={
            "status": outcome.status,
            "exit_code": exit_status(report),
            "summary": verdict_sentence(report, view.lang),
        },
        root_causes=[cause_object(cause) for cause in causes],
        **further,
    )


def error_line(listed: ListedTarget) -> str:
    return _line("error", line=listed.line, input=listed.text, message=listed.problem)


def group_line(group: Group) -> str:
    """Return a group. `size` counts all members; `members` are the first of them."""
    return _line("group", **cause_object(group.cause), size=group.size, members=list(group.members))


def summary_line(counts: Mapping[str, int], facts: Mapping[str, object]) -> str:
    return _line("summary", targets=sum(counts.values()), verdicts=dict(counts), **facts)


def cause_object(cause: Cause) -> dict[str, Any]:
    return {
        "group": cause.group,
        "check": cause.check,
        "title": cause.title,
        "place": {"kind": cause.kind, "value": cause.place},
    }


def _line(kind: str, **fields: Any) -> str:
    return json_line({"type": kind, "schema_version": SCHEMA_VERSION, **fields})
