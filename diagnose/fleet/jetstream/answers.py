"""What workers answered, as results of the fleet. A worker may be wrong or hostile: its answer is
about the target that was asked for, or it is none."""

from collections.abc import Mapping
from typing import Any

import msgspec

from diagnose.checking.verdicts import EXIT_STATUS
from diagnose.fleet.grouping import Cause
from diagnose.fleet.jetstream.messages import (
    Answer,
    MessageError,
    Task,
    answer_line,
    parse_answer,
)
from diagnose.fleet.progress import WORKING
from diagnose.fleet.run import Result
from diagnose.fleet.target_list import ListedTarget
from diagnose.model import Target
from diagnose.outputs.json import SCHEMA_VERSION
from diagnose.recording.codec import json_line

_URL_PARTS = ("scheme", "host", "port", "path")
_SEVERITY = {str(status): code for status, code in EXIT_STATUS.items()}


def failure_answer(message: str, line: int = 1, text: str = "") -> Answer:
    """Return the answer about a target that was not diagnosed."""
    fields = {
        "type": "error",
        "schema_version": SCHEMA_VERSION,
        "line": line,
        "input": text,
        "message": message,
    }
    return Answer(1, "unknown", (), msgspec.Raw(json_line(fields).encode()))


def task_failure(message: str, task: Task | None) -> Answer:
    """Return the answer about a task that could not be diagnosed; None: it could not be read."""
    return failure_answer(message, task.line, task.text) if task else failure_answer(message)


def result_of(listed: ListedTarget, target: Target, messages: Mapping[str, bytes]) -> Result:
    """Return the result of a target, from the answer of each vantage: the line of the only one, or
    a comparison."""
    answers = {vantage: _checked(data, listed, target) for vantage, data in messages.items()}
    lines = {vantage: _line(answer, vantage) for vantage, answer in answers.items()}
    status = max((answer.status for answer in answers.values()), key=_SEVERITY.__getitem__)
    causes = {cause.group: cause for answer in answers.values() for cause in _causes(answer)}
    if len(lines) == 1:
        (fields,) = lines.values()
    else:
        statuses = {vantage: answer.status for vantage, answer in answers.items()}
        fields = _comparison(target, status, statuses, list(lines.values()))
    return Result(listed.key, status, tuple(causes.values()), json_line(fields))


def _comparison(
    target: Target, status: str, statuses: Mapping[str, str], lines: list[dict[str, Any]]
) -> dict[str, Any]:
    """Return the line for one target seen from several vantages. `differs` says that it works from
    one and not from another."""
    working = [vantage for vantage, vantage_status in statuses.items() if vantage_status in WORKING]
    failing = [
        vantage for vantage, vantage_status in statuses.items() if vantage_status not in WORKING
    ]
    return {
        "type": "comparison",
        "schema_version": SCHEMA_VERSION,
        "target": {
            "input": target.input,
            "url": target.url,
            "websockets": list(target.websockets),
        },
        "status": status,
        "differs": bool(working and failing),
        "working": working,
        "failing": failing,
        "vantages": lines,
    }


def _checked(data: bytes, listed: ListedTarget, target: Target) -> Answer:
    try:
        answer = parse_answer(data)
        line = answer_line(answer)
    except MessageError as error:
        return failure_answer(f"A worker sent no answer: {error}", listed.line, listed.text)
    if not _is_about(line, target):
        text = "A worker answered about another target."
        return failure_answer(text, listed.line, listed.text)
    return answer


def _is_about(line: Mapping[str, Any], target: Target) -> bool:
    """Return whether a line names the target: a verdict by its URL, a report by the parts of it."""
    if line["type"] == "error":
        return True
    fields = line.get("target")
    if not isinstance(fields, dict):
        return False
    if line["type"] == "verdict":
        return fields.get("url") == target.url
    return all(fields.get(name) == getattr(target, name) for name in _URL_PARTS)


def _line(answer: Answer, vantage: str) -> dict[str, Any]:
    line = answer_line(answer)
    return {**line, "schema_version": SCHEMA_VERSION, "vantage": vantage}


def _causes(answer: Answer) -> list[Cause]:
    return [Cause(cause.check, cause.kind, cause.place, cause.title) for cause in answer.causes]
