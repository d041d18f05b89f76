"""At which minutes of a day a plan runs: crontab(5), and what systemd prints of OnCalendar=
(systemd.time(7)). No I/O."""

import re
from collections.abc import Sequence

from diagnose.parsers.lazy_pattern import lazy_pattern
from diagnose.parsers.whole_numbers import whole_number

DAY_MINUTES = 24 * 60
#: crontab(5), "special strings": they run at midnight or at each hour.
_WORDS: dict[str, tuple[int, ...]] = {
    "@hourly": tuple(range(0, DAY_MINUTES, 60)),
    **dict.fromkeys(("@daily", "@midnight", "@weekly", "@monthly", "@yearly", "@annually"), (0,)),
}
#: Days between two runs.
WEEK, MONTH, YEAR = 7, 28, 365
_WORD_DAYS = {"@weekly": WEEK, "@monthly": MONTH, "@yearly": YEAR, "@annually": YEAR}
_FIELDS = lazy_pattern(r"\s*(\S{1,120})\s+(\S{1,120})\s+(\S{1,60})\s+(\S{1,60})\s+(\S{1,60})\s+\S")
_CLOCK = lazy_pattern(r"(?:^|\s)([\d*/,.]{1,60}):([\d*/,.]{1,200})(?::[\d*/,.]{1,60})?(?:\s|$)")


def cron_minutes(line: str) -> tuple[int, ...]:
    """Return the minutes of a day at which a line of a table runs; () if that is not read."""
    word = line.strip().partition(" ")[0].partition("\t")[0]
    if word.startswith("@"):
        return _WORDS.get(word, ())
    match = _FIELDS.match(line)
    return _minutes(match[2], match[1], "-") if match else ()


def cron_days(line: str) -> int:
    """Return the days between two days on which a line of a table runs: of the fields for days of
    the month, months and days of the week, what is not `*` leaves some out."""
    word = line.strip().partition(" ")[0].partition("\t")[0]
    if word.startswith("@"):
        return _WORD_DAYS.get(word, 1)
    match = _FIELDS.match(line)
    if match is None:
        return 1
    if not match[4].startswith("*"):
        return YEAR
    if not match[3].startswith("*"):
        return MONTH
    return 2 if "/" in match[3] else _week_days(match[5], "-")


def calendar_days(text: str) -> int:
    """Return the days between two days of a calendar event as systemd prints it
    ("Sun *-*-* 03:00:00", "*-*-01 03:00:00")."""
    days, _, date = text.strip().rpartition(" ")[0].rpartition(" ")
    _, month, day = (*date.split("-"), "*", "*")[:3] if date.count("-") == 2 else ("*", "*", "*")
    if month != "*":
        return YEAR
    return MONTH if day != "*" else _week_days(days or "*", "..")


def _week_days(field: str, dash: str) -> int:
    """Return the days between two of a list of days of the week: a span, or many, is daily."""
    return 1 if field.startswith("*") or dash in field or field.count(",") > 2 else WEEK


def calendar_minutes(text: str) -> tuple[int, ...]:
    """Return the minutes of a day of a calendar event as systemd prints it
    ("*-*-* 03:00:00", "*-*-* *:00/10:00"); () if that is not read."""
    match = _CLOCK.search(text)
    return _minutes(match[1], match[2], "..") if match else ()


def _minutes(hours: str, minutes: str, dash: str) -> tuple[int, ...]:
    return tuple(
        hour * 60 + minute
        for hour in _values(hours, 24, dash)
        for minute in _values(minutes, 60, dash)
    )


def _values(field: str, end: int, dash: str) -> Sequence[int]:
    """Return the values of a field below `end`; nothing for a field that is not read."""
    values = set[int]()
    for part in field.split(","):
        span, _, step = part.partition("/")
        first, _, last = span.partition(dash)
        low = 0 if span == "*" else whole_number(first, 3)
        high = whole_number(last, 3) if last else end - 1 if span == "*" or step else low
        width = whole_number(step, 3) if step else 1
        if low is None or high is None or not width:
            return ()
        values.update(range(low, min(high, end - 1) + 1, width))
    return sorted(values)


def interval_minutes(minutes: Sequence[int]) -> int:
    """Return the usual minutes between two runs, a day for one run; 0 for none."""
    if not minutes:
        return 0
    following = (*minutes[1:], minutes[0] + DAY_MINUTES)
    gaps = sorted(after - before for before, after in zip(minutes, following, strict=True))
    return gaps[len(gaps) // 2]


_SPAN = re.compile(r"(\d{1,6}) ?(min|h|s|d)")
_SECONDS = {"s": 1, "min": 60, "h": 3600, "d": 86_400}


def span_seconds(text: str) -> int:
    """Return the seconds of a span as systemd prints it ("1h 30min"); 0 if there is none."""
    return sum(int(number) * _SECONDS[unit] for number, unit in _SPAN.findall(text[:60]))
