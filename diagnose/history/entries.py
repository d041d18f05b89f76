"""A run in one line: what it said of its target, and the prints of what it met."""

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from diagnose.checking.root_cause import EXIT_STATUS, Status, verdict
from diagnose.history.fingerprints import complete_kinds, kind_of, run_fingerprints
from diagnose.model import Report
from diagnose.model.frozen import frozen
from diagnose.recording.codec import json_line, timestamp

#: Grows when an older reader would misunderstand a line.
SCHEMA = 1

#: No line is longer (bytes).
MAX_LINE = 32 * 1024 - 1


@frozen
class HistoryEntry:
    """What a run said. `at` is when it began (RFC 3339, UTC), `target` the URL as `diagnose` reads
    it again, `server` where it looked inside ("ssh://…"), if not here; `causes` are the ids of
    checks. `looked` are the kinds of which `prints` hold all that there was."""

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
    """What to remember of a run."""
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
    """With as many prints as a line holds; of the kinds of the others not all is known."""
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
    """A line of the file."""
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
    """What `encode` wrote; None for a line that is damaged, or of a later version."""
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
    if number - number != 0:  # JSON has no word for it
        raise ValueError
    return number


def _status(value: Any) -> Status:
    for status in EXIT_STATUS:
        if status == value:
            return status
    raise ValueError


@frozen
class KnownTarget:
    """A target of earlier runs: how it was last looked at, what was said of it then and when, and
    the last verdicts, the newest last."""

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
    """The targets there were, each once, the most recent first."""
    runs_by_target: dict[str, list[HistoryEntry]] = {}
    for entry in entries:
        # What is met again goes to the end.
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
