"""A run in one line: what it said of its target, and the prints of what it met."""

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from diagnose.checking.root_cause import EXIT_STATUS, Status, verdict
from diagnose.history.fingerprints import kind_of, looked, prints
from diagnose.model import Report
from diagnose.model.frozen import frozen
from diagnose.recording.codec import line, timestamp

#: Grows when an older reader would misunderstand a line.
SCHEMA = 1

#: No line is longer (bytes).
LONGEST = 32 * 1024 - 1


@frozen
class Entry:
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


def entry(report: Report, server: str = "") -> Entry:
    """What to remember of a run."""
    judged, target = verdict(report).status, report.evidence.target
    whole = Entry(
        at=timestamp(report.evidence.started_at),
        target=target.url,
        websockets=target.websockets,
        server=server,
        status=judged,
        causes=tuple(dict.fromkeys(one.check.id for one in report.causes)),
        duration=round(report.duration, 3),
        prints={},
        looked=tuple(sorted(looked(report))),
    )
    return _fitting(whole, prints(report))


def _fitting(one: Entry, found: Mapping[str, str]) -> Entry:
    """With as many prints as a line holds; of the kinds of the others not all is known."""
    from dataclasses import replace

    left = LONGEST - len(encode(one))
    kept: dict[str, str] = {}
    for key, text in found.items():
        left -= len(json.dumps({key: text}, ensure_ascii=False).encode("utf-8", "replace"))
        if left < 0:
            break
        kept[key] = text
    lost = {kind_of(key) for key in found if key not in kept}
    kinds = tuple(kind for kind in one.looked if kind not in lost)
    return replace(one, prints=kept, looked=kinds)


def encode(one: Entry) -> bytes:
    """A line of the file."""
    said = line(
        {
            "history": SCHEMA,
            "at": one.at,
            "target": one.target,
            "websockets": one.websockets,
            "server": one.server,
            "status": one.status,
            "causes": one.causes,
            "duration": one.duration,
            "looked": one.looked,
            "prints": dict(one.prints),
        }
    )
    return said.encode("utf-8", "replace")


def decode(text: str) -> Entry | None:
    """What `encode` wrote; None for a line that is damaged, or of a later version."""
    try:
        said = json.loads(text)
        if not isinstance(said, dict) or said.get("history") != SCHEMA:
            return None
        made = Entry(
            at=_text(said["at"]),
            target=_text(said["target"]),
            websockets=tuple(map(_text, said["websockets"])),
            server=_text(said["server"]),
            status=_status(said["status"]),
            causes=tuple(map(_text, said["causes"])),
            duration=_number(said["duration"]),
            prints={_text(key): _text(value) for key, value in said["prints"].items()},
            looked=tuple(map(_text, said["looked"])),
        )
        return made if made.moment.tzinfo else None
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
class Known:
    """A target of earlier runs: how it was last looked at, what was said of it then and when, and
    the last verdicts, the newest last."""

    target: str
    websockets: tuple[str, ...]
    server: str
    status: Status
    at: str
    strip: tuple[Status, ...]

    @property
    def moment(self) -> datetime:
        return datetime.fromisoformat(self.at)


def targets(entries: Iterable[Entry], strip: int = 20) -> tuple[Known, ...]:
    """The targets there were, each once, the most recent first."""
    found: dict[str, list[Entry]] = {}
    for one in entries:
        # What is met again goes to the end.
        found[one.target] = [*found.pop(one.target, []), one]
    return tuple(
        Known(
            target,
            runs[-1].websockets,
            runs[-1].server,
            runs[-1].status,
            runs[-1].at,
            tuple(run.status for run in runs[-strip:]),
        )
        for target, runs in reversed(found.items())
    )
