"""The report as one JSON document for programs (diagnose/schema/report-1.json)."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any, assert_never
from zlib import crc32

from diagnose._version import VERSION
from diagnose.checking.outlook import outlook
from diagnose.checking.verdicts import exit_status, verdict
from diagnose.i18n.gaps import text as gap_text
from diagnose.model import (
    Claim,
    Command,
    Edit,
    Finding,
    Host,
    Ignore,
    Manual,
    Observation,
    Report,
    Step,
    Target,
    Vantage,
)
from diagnose.model.view import View
from diagnose.outputs import finding_text
from diagnose.outputs.evidence_gaps import evidence_gaps
from diagnose.outputs.layers import layer_states
from diagnose.outputs.next_commands import next_commands
from diagnose.outputs.outlook_text import outlook_sentence
from diagnose.outputs.vantages import vantage_objects
from diagnose.outputs.verdict_text import verdict_sentence
from diagnose.parsers.quoted_secrets import hide_in, hide_values
from diagnose.recording.codec import escape_json, timestamp, to_builtins

SCHEMA_VERSION = "1.0"
TOOL = {"name": "diagnose", "version": VERSION}

_COMMON_FIELDS = {"vantage", "at", "took", "equivalent", "failure"}
#: Fields that are found elsewhere in the document, or in a recording.
_OMITTED_FIELDS = {("NginxConfig", "main"), ("OtherRequest", "observations")}
_MAX_TEXT = 4096


def render(report: Report, view: View) -> str:
    """Render the document of one run."""
    return to_json(document(report, view))


def render_all(report_views: Sequence[tuple[Report, View]]) -> str:
    """Render the document of one run, or an array of the documents of several."""
    documents = [document(report, view) for report, view in report_views]
    return to_json(documents if len(documents) > 1 else documents[0])


def to_json(value: object) -> str:
    return escape_json(json.dumps(value, ensure_ascii=False, allow_nan=False, indent=1)) + "\n"


def document(report: Report, view: View) -> dict[str, Any]:
    """Build the report in the format that contract.md promises; arrays are ordered."""
    lang, ids = view.lang, _ids(report)
    return {
        "schema_version": SCHEMA_VERSION,
        "tool": TOOL,
        "run": _run(report, view),
        "target": target_object(report.evidence.target),
        "verdict": _verdict(report, lang),
        "findings": [_finding(report, finding, ids, view) for finding in report.findings],
        "ignores": [_ignore(report, ignore) for ignore in report.ignores],
        "layers": [
            {
                "layer": layer.name,
                "status": layer.status,
                "reason": layer.reason,
                "duration_s": _seconds(layer.took),
            }
            for layer in layer_states(report, lang)
        ],
        "observations": [
            observation_object(observation, number)
            for number, observation in enumerate(report.evidence.observations, 1)
        ],
        "unknown": [
            {
                "what": gap_text(gap.what, lang),
                "why": gap_text(gap.why, lang),
                "enable": gap.enable,
            }
            for gap in evidence_gaps(report, view)
        ],
        "errors": [{"where": crash.where, "message": crash.message} for crash in report.crashes],
        "next": [
            {"kind": kind, "command": command} for kind, command in next_commands(report, view)
        ],
    }


def failure_document(message: str, exit_code: int, stage: str = "usage") -> dict[str, Any]:
    """Build the document for a run that did not take place, so that there always is a document."""
    return {
        "schema_version": SCHEMA_VERSION,
        "tool": TOOL,
        "run": None,
        "target": None,
        "verdict": {
            "status": "unknown",
            "exit_code": exit_code,
            "summary": message,
            "root_causes": [],
            "after_fix": None,
        },
        "findings": [],
        "layers": [],
        "observations": [],
        "unknown": [],
        "errors": [{"where": stage, "message": message}],
        "next": [],
    }


def observation_object(observation: Observation, number: int) -> dict[str, Any]:
    """Build one observation: first the common fields, then those of its kind."""
    kind = type(observation).__name__
    own_fields = {
        name: _truncated(_nested(getattr(observation, name)))
        for name in _own_fields(type(observation))
        if (kind, name) not in _OMITTED_FIELDS
    }
    return {
        "id": f"o{number}",
        "kind": kind,
        "layer": type(observation).layer,
        "vantage": str(observation.vantage),
        "at_s": _seconds(observation.at),
        "duration_s": _seconds(observation.took),
        "equivalent": observation.equivalent,
        "failure": to_builtins(observation.failure),
        **own_fields,
    }


def _own_fields(kind: type[Observation]) -> list[str]:
    """Return the fields of a kind without the common ones."""
    return [field.name for field in fields(kind) if field.name not in _COMMON_FIELDS]


def _nested(value: Any) -> Any:
    """Convert nested observations (a list of sockets) without the common fields of the outer
    one."""
    if isinstance(value, tuple):
        return [_nested(item) for item in value]
    if isinstance(value, Observation):
        return {name: _nested(getattr(value, name)) for name in _own_fields(type(value))}
    return to_builtins(value)


def _truncated(value: Any) -> Any:
    """Truncate long texts, and hide the values of secrets; complete files are in a recording."""
    if isinstance(value, str):
        return hide_values(value if len(value) <= _MAX_TEXT else value[:_MAX_TEXT] + "…")
    if isinstance(value, list):
        return [_truncated(item) for item in value]
    if isinstance(value, dict):
        return {key: _truncated(item) for key, item in value.items()}
    return value


def _run(report: Report, view: View) -> dict[str, Any]:
    started, server = report.evidence.started_at, _server(report)
    checksum = crc32(f"{report.evidence.target.url} {view.hostname}".encode())
    return {
        "id": f"{int(started.timestamp() * 1_000_000):x}-{checksum:08x}",
        "started_at": timestamp(started),
        "duration_s": _seconds(report.duration),
        "interrupted": report.interrupted,
        "lang": view.lang,
        "visitor": finding_text.visitor_address(report) or None,
        "method": finding_text.page_method(report),
        "idle_s": report.evidence.scope.idle_s,
        "symptom": _symptom(report, view.lang),
        "vantage": {
            "here": {
                "hostname": view.hostname,
                "role": "server" if server and server["via"] == "local" else "outside",
                "privileged": view.privileged,
            },
            "server": server,
            "elsewhere": vantage_objects(report),
        },
    }


def _server(report: Report) -> dict[str, Any] | None:
    """Return the machine that was inspected, if any."""
    server_hosts = [host for host in report.evidence.of(Host) if host.vantage is Vantage.SERVER]
    if not server_hosts:
        return None
    host = server_hosts[0]
    return {"hostname": host.hostname, "via": host.via, "privileged": host.privileged}


def target_object(target: Target) -> dict[str, Any]:
    """Build the target. Its symptom is in `run`, with the answer to it."""
    fields_by_name: dict[str, Any] = to_builtins(target)
    fields_by_name.pop("symptom")
    return fields_by_name


def _symptom(report: Report, lang: str) -> dict[str, Any] | None:
    """Return the pasted message and its answer, if there is one."""
    if not report.evidence.target.symptom:
        return None
    from diagnose.checking.symptom_answer import symptom_answer
    from diagnose.checking.texts import check_text
    from diagnose.outputs.symptom_text import answer_text

    answer = symptom_answer(report)
    if answer is None:
        return None
    return {
        "kind": answer.symptom.kind,
        "number": answer.symptom.number,
        "text": answer.symptom.shown,
        "answer": answer.kind,
        "finding": answer.finding.id if answer.finding else None,
        "parts": [
            {
                "kind": part.symptom.kind,
                "number": part.symptom.number,
                "text": part.symptom.shown,
                "finding": part.finding.id,
            }
            for part in answer.parts
        ],
        "usual_causes": [
            {"check": check, "title": check_text(check, lang).general_title}
            for check in answer.usual
        ],
        "handled_by": to_builtins(answer.handled) if answer.handled else None,
        "sentence": answer_text(report, answer, lang),
    }


def _verdict(report: Report, lang: str) -> dict[str, Any]:
    outcome = verdict(report)
    return {
        "status": outcome.status,
        "exit_code": exit_status(report),
        "summary": verdict_sentence(report, lang),
        "root_causes": [cause.id for cause in outcome.causes],
        "after_fix": _after_fix(report, lang),
    }


def _after_fix(report: Report, lang: str) -> dict[str, Any] | None:
    """Return what is still wrong once the root causes are mended; None without a root cause."""
    if not report.causes:
        return None
    after = outlook(report)
    return {
        "clear": after.is_clear,
        "sentence": outlook_sentence(report, lang),
        "unseen": list(after.unseen),
        "places": list(after.places),
        "from_server": after.from_server,
    }


def _finding(
    report: Report, finding: Finding, ids: Mapping[int, str], view: View
) -> dict[str, Any]:
    claim = finding.claim
    because = dict.fromkeys(
        ids[id(observation)] for observation in claim.because if id(observation) in ids
    )
    return {
        "id": finding.id,
        "check": finding.check.id,
        "layer": finding.check.layer,
        "severity": str(finding.severity),
        "confidence": str(claim.confidence),
        "about": str(claim.about),
        "title": finding_text.title(finding, view.lang),
        "summary": finding_text.summary(finding, view.lang),
        "meaning": finding_text.meaning(finding, view.lang),
        "root_cause": finding.is_cause,
        "explained_by": finding.explained_by,
        "suppressed": _suppression(finding),
        "facts": hide_in(to_builtins(claim.facts)),
        "because": list(because),
        "ruled_out": list(claim.ruled_out),
        "location": _location(claim),
        "remedy": {
            "summary": finding_text.remedy(finding, view.lang),
            "applicability": finding_text.applicability(finding),
            "risk": [str(risk) for risk in finding_text.finding_risks(finding)],
            "risk_text": finding_text.risk_text(finding, view.lang),
            "steps": [_step(finding, step, view.lang) for step in finding_text.steps(finding)],
            "verify": finding_text.verify_command(report, finding, view),
            "explain": finding_text.explain_command(finding),
        },
    }


def _suppression(finding: Finding) -> dict[str, Any] | None:
    """Return why a finding does not count; None if it counts."""
    ignore = finding.suppressed_by
    if ignore is None:
        return None
    return {"check": ignore.check, "until": _date(ignore), "reason": ignore.reason or None}


def _ignore(report: Report, ignore: Ignore) -> dict[str, Any]:
    is_expired = ignore.is_expired(report.evidence.started_at)
    return {
        "check": ignore.check,
        "until": _date(ignore),
        "reason": ignore.reason or None,
        "expired": is_expired,
        "findings": [finding.id for finding in report.findings if finding.suppressed_by is ignore],
    }


def _date(ignore: Ignore) -> str | None:
    return ignore.until.isoformat() if ignore.until else None


def _location(claim: Claim) -> dict[str, Any] | None:
    location = claim.location
    if location is None:
        return None
    return {
        "file": location.file,
        "line": location.line,
        "column": location.column,
        "end_column": location.end_column,
        "first_line": location.first,
        "excerpt": list(location.excerpt),
    }


def _step(finding: Finding, step: Step, lang: str) -> dict[str, Any]:
    place = {"where": str(step.where), "root": finding_text.needs_root(step)}
    match step:
        case Command():
            undo = finding_text.undo_command(step) if step.undo else None
            shell = {
                "argv": list(step.argv),
                "shell": finding_text.shell_command(step),
                "undo": undo,
            }
            return {"kind": "command", **place, **shell}
        case Edit():
            shell = {
                "path": step.path,
                "diff": step.diff,
                "shell": finding_text.shell_command(step),
            }
            return {"kind": "edit", **place, **shell}
        case Manual():
            text = finding_text.manual_text(finding, step, lang)
            commands = [_step(finding, command, lang) for command in step.commands]
            return {
                "kind": "manual",
                **place,
                "text": text,
                "url": step.url or None,
                "commands": commands,
            }
        case _:
            assert_never(step)


def _ids(report: Report) -> dict[int, str]:
    """Return the number of every observation, also of those nested in another one."""
    ids: dict[int, str] = {}
    for number, observation in enumerate(report.evidence.observations, 1):
        ids[id(observation)] = f"o{number}"
    for number, observation in enumerate(report.evidence.observations, 1):
        for name in _own_fields(type(observation)):
            value = getattr(observation, name)
            for part in value if isinstance(value, tuple) else ():
                if isinstance(part, Observation):
                    ids.setdefault(id(part), f"o{number}")
    return ids


def _seconds(value: float | None) -> float | None:
    """Round to microseconds; None for infinity and NaN."""
    return None if value is None or value - value != 0 else round(value, 6)
