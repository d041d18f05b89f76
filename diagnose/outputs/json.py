"""One JSON document: the contract with every program (diagnose/schema/report-1.json)."""

import json
from collections.abc import Mapping
from dataclasses import fields
from typing import Any, assert_never
from zlib import crc32

from diagnose._version import VERSION
from diagnose.checking.root_cause import exit_status, verdict
from diagnose.i18n.reports import known
from diagnose.model import (
    Claim,
    Command,
    Edit,
    Finding,
    Host,
    Manual,
    Observation,
    Report,
    Step,
    Vantage,
)
from diagnose.model.view import View
from diagnose.outputs import finding_text
from diagnose.outputs.layers import states
from diagnose.recording.codec import escaped, plain, timestamp

SCHEMA_VERSION = "1.0"
TOOL = {"name": "diagnose", "version": VERSION}

_BASE = {"vantage", "at", "took", "equivalent", "failure"}
#: What a reader finds elsewhere in the document, or in the recording.
_LEFT_OUT = {("NginxConfig", "main")}
_LONGEST = 4096


def render(report: Report, view: View) -> str:
    """The document of one run."""
    return written(document(report, view))


def written(value: object) -> str:
    return escaped(json.dumps(value, ensure_ascii=False, allow_nan=False, indent=1)) + "\n"


def document(report: Report, view: View) -> dict[str, Any]:
    """The report as contract.md promises it; arrays are ordered."""
    lang, ids = view.lang, _ids(report)
    return {
        "schema_version": SCHEMA_VERSION,
        "tool": TOOL,
        "run": _run(report, view),
        "target": plain(report.evidence.target),
        "verdict": _verdict(report, lang),
        "findings": [_finding(report, one, ids, view) for one in report.findings],
        "layers": [
            {
                "layer": layer.name,
                "status": layer.status,
                "reason": layer.reason,
                "duration_s": _seconds(layer.took),
            }
            for layer in states(report, lang)
        ],
        "observations": [
            observation(seen, number) for number, seen in enumerate(report.evidence.observations, 1)
        ],
        "unknown": [
            {"what": known(one.what, lang), "why": known(one.why, lang), "enable": one.enable}
            for one in finding_text.unseen(report, view)
        ],
        "errors": [{"where": one.where, "message": one.message} for one in report.crashes],
    }


def failed(message: str, exit_code: int, where: str = "usage") -> dict[str, Any]:
    """The document of a run that did not come about: there is always one."""
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
        },
        "findings": [],
        "layers": [],
        "observations": [],
        "unknown": [],
        "errors": [{"where": where, "message": message}],
    }


def observation(seen: Observation, number: int) -> dict[str, Any]:
    """One observation, its own fields after those that all of them have."""
    kind = type(seen).__name__
    own = {
        name: _short(_inner(getattr(seen, name)))
        for name in _own(type(seen))
        if (kind, name) not in _LEFT_OUT
    }
    return {
        "id": f"o{number}",
        "kind": kind,
        "layer": type(seen).layer,
        "vantage": str(seen.vantage),
        "at_s": _seconds(seen.at),
        "duration_s": _seconds(seen.took),
        "equivalent": seen.equivalent,
        "failure": plain(seen.failure),
        **own,
    }


def _own(kind: type[Observation]) -> list[str]:
    """The fields that a kind has besides those that all of them have."""
    return [field.name for field in fields(kind) if field.name not in _BASE]


def _inner(value: Any) -> Any:
    """Observations inside an observation (a list of sockets) without what the outer one says."""
    if isinstance(value, tuple):
        return [_inner(item) for item in value]
    if isinstance(value, Observation):
        return {name: _inner(getattr(value, name)) for name in _own(type(value))}
    return plain(value)


def _short(value: Any) -> Any:
    """Nobody reads a whole file in a report; a recording has it."""
    if isinstance(value, str):
        return value if len(value) <= _LONGEST else value[:_LONGEST] + "…"
    if isinstance(value, list):
        return [_short(item) for item in value]
    if isinstance(value, dict):
        return {key: _short(item) for key, item in value.items()}
    return value


def _run(report: Report, view: View) -> dict[str, Any]:
    started, server = report.evidence.started_at, _server(report)
    mark = crc32(f"{report.evidence.target.url} {view.hostname}".encode())
    return {
        "id": f"{int(started.timestamp() * 1_000_000):x}-{mark:08x}",
        "started_at": timestamp(started),
        "duration_s": _seconds(report.duration),
        "interrupted": report.interrupted,
        "lang": view.lang,
        "visitor": finding_text.visitor(report) or None,
        "vantage": {
            "here": {
                "hostname": view.hostname,
                "role": "server" if server and server["via"] == "local" else "outside",
                "privileged": view.privileged,
            },
            "server": server,
        },
    }


def _server(report: Report) -> dict[str, Any] | None:
    """The machine that was looked into, if one was."""
    inside = [one for one in report.evidence.of(Host) if one.vantage is Vantage.SERVER]
    if not inside:
        return None
    host = inside[0]
    return {"hostname": host.hostname, "via": host.via, "privileged": host.privileged}


def _verdict(report: Report, lang: str) -> dict[str, Any]:
    judged = verdict(report)
    return {
        "status": judged.status,
        "exit_code": exit_status(report),
        "summary": finding_text.sentence(report, lang),
        "root_causes": [cause.id for cause in judged.causes],
    }


def _finding(report: Report, found: Finding, ids: Mapping[int, str], view: View) -> dict[str, Any]:
    claim = found.claim
    because = dict.fromkeys(ids[id(one)] for one in claim.because if id(one) in ids)
    return {
        "id": found.id,
        "check": found.check.id,
        "layer": found.check.layer,
        "severity": str(found.severity),
        "confidence": str(claim.confidence),
        "about": str(claim.about),
        "title": finding_text.title(found, view.lang),
        "summary": finding_text.summary(found, view.lang),
        "root_cause": found.is_cause,
        "explained_by": found.explained_by,
        "facts": plain(claim.facts),
        "because": list(because),
        "ruled_out": list(claim.ruled_out),
        "location": _location(claim),
        "remedy": {
            "summary": finding_text.remedy(found, view.lang),
            "applicability": finding_text.applicability(found),
            "risk": [str(one) for one in finding_text.risk_kinds(found)],
            "risk_text": finding_text.risk(found, view.lang),
            "steps": [_step(found, step, view.lang) for step in finding_text.steps(found)],
            "verify": finding_text.verify(report, found, view),
            "explain": finding_text.explain(found),
        },
    }


def _location(claim: Claim) -> dict[str, Any] | None:
    place = claim.location
    if place is None:
        return None
    return {
        "file": place.file,
        "line": place.line,
        "column": place.column,
        "end_column": place.end_column,
        "first_line": place.first,
        "excerpt": list(place.excerpt),
    }


def _step(found: Finding, step: Step, lang: str) -> dict[str, Any]:
    where = {"where": str(step.where), "root": finding_text.root(step)}
    match step:
        case Command():
            undo = finding_text.shell(Command(step.undo)) if step.undo else None
            shell = {"argv": list(step.argv), "shell": finding_text.shell(step), "undo": undo}
            return {"kind": "command", **where, **shell}
        case Edit():
            shell = {"path": step.path, "diff": step.diff, "shell": finding_text.shell(step)}
            return {"kind": "edit", **where, **shell}
        case Manual():
            text = finding_text.manual(found, step, lang)
            typed = [_step(found, one, lang) for one in step.commands]
            return {
                "kind": "manual", **where, "text": text, "url": step.url or None, "commands": typed
            }  # fmt: skip
        case _:
            assert_never(step)


def _ids(report: Report) -> dict[int, str]:
    """The number of every observation, also for those that are part of another."""
    ids: dict[int, str] = {}
    for number, seen in enumerate(report.evidence.observations, 1):
        ids[id(seen)] = f"o{number}"
    for number, seen in enumerate(report.evidence.observations, 1):
        for name in _own(type(seen)):
            value = getattr(seen, name)
            for part in value if isinstance(value, tuple) else ():
                if isinstance(part, Observation):
                    ids.setdefault(id(part), f"o{number}")
    return ids


def _seconds(value: float | None) -> float | None:
    """To the microsecond; null for what is no number."""
    return None if value is None or value - value != 0 else round(value, 6)
