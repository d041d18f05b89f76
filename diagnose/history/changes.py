"""Differences from the last healthy run.

Each kind of thing is compared with the last healthy run that observed all things of this kind, on
the same server: a run from outside knows nothing of firewall zones, and a thing that may not be
read has not disappeared.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime

from diagnose.history.entries import HistoryEntry
from diagnose.history.fingerprints import MAX_LENGTH, complete_kinds, kind_of, run_fingerprints
from diagnose.i18n import reports
from diagnose.i18n.changes import MESSAGES, translate
from diagnose.model import Report, Unseen
from diagnose.model.frozen import frozen
from diagnose.parsers.sanitize import clean

#: Tolerance in seconds: start times are calculated from the clock and the uptime, which vary.
_CLOCK_TOLERANCE = 2.0

#: Kinds that are visible from outside; all others belong to one server.
_PUBLIC_KINDS = {"address", "certificate"}

#: Kinds whose text is told as a whole, before and after.
_REPLACED_KINDS = {"address", "certificate", "certificate-file", "application"}


@frozen
class FingerprintChange:
    """A difference: the key of a fingerprint, and its text before and after. None means that it did
    not exist before, or no longer exists."""

    what: str
    before: str | None
    after: str | None


def changes_since_healthy(
    entries: Iterable[HistoryEntry], target: str, report: Report
) -> tuple[FingerprintChange, ...]:
    """Return what changed at a target (a URL, as in the entries) since it was last healthy."""
    started_at = report.evidence.started_at
    current, complete = run_fingerprints(report), complete_kinds(report)
    hidden = {clean(unseen.what, MAX_LENGTH) for unseen in report.evidence.of(Unseen)}
    changes: dict[str, FingerprintChange] = {}
    compared: set[str] = set()
    for entry in reversed(tuple(_healthy_entries(entries, target, started_at))):
        kinds = _comparable_kinds(entry, current) - compared
        for change in _changes_between(entry, current, complete, kinds):
            if change.after is not None or f"/{change.what.partition('/')[2]}" not in hidden:
                changes[change.what] = change
        compared |= kinds
    order = dict.fromkeys((*current, *changes))
    return tuple(changes[key] for key in order if key in changes)


def _healthy_entries(
    entries: Iterable[HistoryEntry], target: str, before: datetime
) -> Iterator[HistoryEntry]:
    for entry in entries:
        if entry.target == target and entry.status == "ok" and entry.moment < before:
            yield entry


def _comparable_kinds(entry: HistoryEntry, current: Mapping[str, str]) -> set[str]:
    """Return the kinds that an entry observed; of another server only those visible from
    outside."""
    kinds = set(entry.looked) | {kind_of(key) for key in entry.prints}
    same_server = entry.prints.get("server") == current.get("server")
    return kinds if same_server else kinds & _PUBLIC_KINDS


def _changes_between(
    entry: HistoryEntry, current: Mapping[str, str], complete: frozenset[str], kinds: set[str]
) -> Iterator[FingerprintChange]:
    """Yield the differences in these kinds."""
    complete_in_both = complete.intersection(entry.looked)
    for key, text in current.items():
        before = entry.prints.get(key)
        is_change = (
            kind_of(key) in complete_in_both
            if before is None
            else not _is_unchanged(key, before, text)
        )
        if is_change and kind_of(key) in kinds and key != "server":
            yield FingerprintChange(key, before, text)
    for key, before in entry.prints.items():
        if key not in current and kind_of(key) in kinds & complete_in_both:
            yield FingerprintChange(key, before, None)


def _is_unchanged(key: str, before: str, after: str) -> bool:
    if not before or not after or before == after:
        return True  # what could not be observed counts as unchanged
    if key.startswith("file "):
        return before.split()[0] == after.split()[0]
    if key == "nginx loaded":
        first, second = _parse_time(before), _parse_time(after)
        return bool(first and second and abs((second - first).total_seconds()) <= _CLOCK_TOLERANCE)
    return False


def _parse_time(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


# Texts


def change_text(change: FingerprintChange, lang: str, now: datetime | None = None) -> str:
    """Return a change as one line. Times are in the time zone of `now`, without the date if it is
    the same day; without `now`, they are complete and in UTC."""
    kind = kind_of(change.what)
    if kind == "nginx":
        text = _nginx_text(change, lang, now)
    elif kind == "listener":
        text = _listener_text(change, lang)
    elif kind == "file":
        text = _file_text(change, lang, now)
    else:
        text = _generic_text(change, lang)
    return clean(text, 3 * MAX_LENGTH)


def _nginx_text(change: FingerprintChange, lang: str, now: datetime | None) -> str:
    when = _time_text(change.after or "", now)
    if not when:
        return translate("nginx-stopped", lang)
    previous_start = _parse_time(change.before or "")
    return translate("loaded" if previous_start else "nginx-started", lang, when=when)


def _listener_text(change: FingerprintChange, lang: str) -> str:
    facts = {
        "at": change.what.removeprefix("listener "),
        "before": change.before or translate("something", lang),
        "after": change.after or translate("something", lang),
    }
    if change.after is None:
        return translate("listens-no-more", lang, **facts)
    return translate("listens" if change.before is None else "listens-instead", lang, **facts)


def _file_text(change: FingerprintChange, lang: str, now: datetime | None) -> str:
    path = change.what.removeprefix("file ")
    if change.after is None:
        return translate("gone", lang, what=path)
    key = "new" if change.before is None else "changed"
    if when := _time_text(change.after.partition(" ")[2], now):
        return translate(f"{key}-at", lang, what=path, when=when)
    return translate(key, lang, what=path)


def _generic_text(change: FingerprintChange, lang: str) -> str:
    subject = _subject_text(change.what, lang)
    if change.before is None or change.after is None:
        return translate("new" if change.before is None else "gone", lang, what=subject)
    if kind_of(change.what) in _REPLACED_KINDS:
        return translate("from-to", lang, what=subject, before=change.before, after=change.after)
    if change.what.startswith("rules "):
        return _rule_count_text(subject, change.before, change.after, lang)
    return _parts_text(subject, _parts(change.before), _parts(change.after), lang)


def _parts_text(subject: str, before: list[str], after: list[str], lang: str) -> str:
    """Return which parts a fingerprint lost and which it gained."""
    lost = [part for part in before if part not in after]
    gained = [part for part in after if part not in before]
    differences = [
        translate(key, lang, parts=", ".join(parts))
        for key, parts in (("less", lost), ("more", gained))
        if parts
    ]
    if not differences:
        return translate("changed", lang, what=subject)
    parts = reports.translate("join.clauses", lang).join(differences)
    return translate("parts", lang, what=subject, parts=parts)


def _parts(text: str) -> list[str]:
    """Return the parts of a fingerprint, without its digest and without a part that was cut off."""
    parts = text.split("; ")
    complete_parts = parts[:-1] if text.endswith("…") else parts
    return [part for part in complete_parts if not part.startswith("sha256 ")]


def _rule_count_text(subject: str, before: str, after: str, lang: str) -> str:
    first, second = before.partition(" rules")[0], after.partition(" rules")[0]
    if first == second or not (first + second).isdigit():
        return translate("changed", lang, what=subject)
    return translate("from-to", lang, what=subject, before=first, after=second)


def _subject_text(key: str, lang: str) -> str:
    if kind_of(key) == "certificate-file":
        return translate("certificate-file", lang, rest=key.removeprefix("certificate in ").strip())
    kind, _, detail = key.partition(" ")
    detail = detail.strip()
    if kind == "address":
        detail = detail.strip("()")
    name, _, state = detail.rpartition(" ")
    if name and state in {"(running)", "(permanent)"}:
        detail = translate("state", lang, name=name, state=translate(state, lang))
    return translate(kind, lang, rest=detail) if kind in MESSAGES else key


def _time_text(text: str, now: datetime | None) -> str:
    moment = _parse_time(text)
    if moment is None or moment.tzinfo is None:
        return ""
    if now is None:
        return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    try:
        local_time = moment.astimezone(now.tzinfo)
    except OverflowError:  # the modification time of a file can be any number
        return ""
    return local_time.strftime(
        "%H:%M:%S" if local_time.date() == now.date() else "%Y-%m-%d %H:%M:%S"
    )
