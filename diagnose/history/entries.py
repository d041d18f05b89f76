"""One run as a history entry: its verdict and the fingerprints of what it observed."""

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from diagnose.checking.verdicts import EXIT_STATUS, Status, verdict
from diagnose.history.fingerprints import complete_kinds, kind_of, run_fingerprints
from diagnose.model import Report
from diagnose.model.frozen import frozen
from diagnose.recording.codec import json_line, timestamp

#: Increased when older versions would misunderstand a line.
SCHEMA = 1

#: The largest size of a line in bytes.
MAX_LINE = 32 * 1024 - 1


@frozen
class HistoryEntry:
    """One run. `at` is its start (RFC 3339, UTC), `target` the URL in a form that `diagnose`
    accepts, `server` the inspected server ("ssh://…"), "" for this machine; `causes` are check ids.
    `looked` are the kinds for which `prints` is complete."""

    at: str
    target: str
    websockets: tuple[str, ...]
    server: str
    status: Status
    causes: tuple[str, ...]
    duration: float
    prints: Mapping[str, str]
    looked: tuple[str, ...] = ()

    @property
    def moment(self) -> datetime:
        return datetime.fromisoformat(self.at)


def make_entry(report: Report, server: str = "") -> HistoryEntry:
    """Create the history entry of a run."""
    status, target = verdict(report).status, report.evidence.target
    full_entry = HistoryEntry(
        at=timestamp(report.evidence.started_at),
        target=target.url,
        websockets=target.websockets,
        server=server,
        status=status,
        causes=tuple(dict.fromkeys(cause.check.id for cause in report.causes)),
        duration=round(report.duration, 3),
        prints={},
        looked=tuple(sorted(complete_kinds(report))),
    )
    return _fit_to_line(full_entry, run_fingerprints(report))


def _fit_to_line(entry: HistoryEntry, fingerprints: Mapping[str, str]) -> HistoryEntry:
    """Add as many fingerprints as fit into a line. Kinds with a dropped fingerprint are
    incomplete."""
    from dataclasses import replace

    room = MAX_LINE - len(encode(entry))
    kept_fingerprints: dict[str, str] = {}
    for key, text in fingerprints.items():
        room -= len(json.dumps({key: text}, ensure_ascii=False).encode("utf-8", "replace"))
        if room < 0:
            break
        kept_fingerprints[key] = text
    dropped_kinds = {kind_of(key) for key in fingerprints if key not in kept_fingerprints}
    kinds = tuple(kind for kind in entry.looked if kind not in dropped_kinds)
    return replace(entry, prints=kept_fingerprints, looked=kinds)


def encode(entry: HistoryEntry) -> bytes:
    """Encode an entry as a line of the file."""
    text = json_line(
        {
            "history": SCHEMA,
            "at": entry.at,
            "target": entry.target,
            "websockets": entry.websockets,
            "server": entry.server,
            "status": entry.status,
            "causes": entry.causes,
            "duration": entry.duration,
            "looked": entry.looked,
            "prints": dict(entry.prints),
        }
    )
    return text.encode("utf-8", "replace")


def decode(text: str) -> HistoryEntry | None:
    """Decode a line; None if it is damaged or from a later version."""
    try:
        record = json.loads(text)
        if not isinstance(record, dict) or record.get("history") != SCHEMA:
            return None
        entry = HistoryEntry(
            at=_text(record["at"]),
            target=_text(record["target"]),
            websockets=tuple(map(_text, record["websockets"])),
            server=_text(record["server"]),
            status=_status(record["status"]),
            causes=tuple(map(_text, record["causes"])),
            duration=_number(record["duration"]),
            prints={_text(key): _text(value) for key, value in record["prints"].items()},
            looked=tuple(map(_text, record["looked"])),
        )
        return entry if entry.moment.tzinfo else None
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError):
        return None


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def _number(value: Any) -> float:
    number = float(value)
    if number - number != 0:  # JSON has no NaN or infinity
        raise ValueError
    return number


def _status(value: Any) -> Status:
    for status in EXIT_STATUS:
        if status == value:
            return status
    raise ValueError


@frozen
class KnownTarget:
    """A target of earlier runs: the options and the result of its last run, and its last verdicts,
    oldest first."""

    target: str
    websockets: tuple[str, ...]
    server: str
    status: Status
    at: str
    recent_statuses: tuple[Status, ...]

    @property
    def moment(self) -> datetime:
        return datetime.fromisoformat(self.at)


def known_targets(entries: Iterable[HistoryEntry], limit: int = 20) -> tuple[KnownTarget, ...]:
    """Return each target once, the most recently diagnosed first."""
    runs_by_target: dict[str, list[HistoryEntry]] = {}
    for entry in entries:
        # A target that occurs again moves to the end.
        runs_by_target[entry.target] = [*runs_by_target.pop(entry.target, []), entry]
    return tuple(
        KnownTarget(
            target,
            runs[-1].websockets,
            runs[-1].server,
            runs[-1].status,
            runs[-1].at,
            tuple(run.status for run in runs[-limit:]),
        )
        for target, runs in reversed(runs_by_target.items())
    )
