"""When a fault comes back, in a person's words: "every night", "at 3am", "alle 10 Minuten",
"每天凌晨三点". No I/O."""

import re

from diagnose.model.frozen import frozen
from diagnose.parsers.lazy_pattern import lazy_pattern

#: Longest text that is looked at, in characters.
MAX_TEXT = 2000
_MINUTE, _HOUR, _DAY, _WEEK = 60, 3600, 86_400, 604_800
_EVERY = (
    r"(?:every|each|alle|jede[nrs]?|toutes? les|tous les|chaque|cada|toda|tod[ao]s (?:[ao]s|l[ao]s)"
    r"|кажд(?:ый|ые|ую|ое)|каждых|ogni|tutt[ei] (?:le|i)|co)"
)
_UNITS = {
    _MINUTE: r"min(?:ute|uten|utes|uto|utos|uut|uti|\.)?s?|минуту?|минуты|минут",
    _HOUR: r"hours?|hrs?|stunden?|heures?|horas?|час(?:а|ов)?|ore|ora",
    _DAY: r"days?|mornings?|evenings?|nights?|tage?|morgen|abend|nacht|jours?|matins?|soirs?"
    r"|nuits?"
    r"|d[ií]as?|mañanas?|noches?|noites?|manhãs?|день|дня|дней|утро|ночь|вечер|giorn[oi]|notti?",
    _WEEK: r"weeks?|wochen?|semaines?|semanas?|недел[юи]|sundays?|mondays?|sonntag|montag",
}
_PERIOD = lazy_pattern(
    rf"(?i)\b{_EVERY} (?:(?P<count>\d{{1,3}}) )?(?:"
    + "|".join(f"(?P<u{seconds}>{words})" for seconds, words in _UNITS.items())
    + r")(?!\w)"
)
_ADVERBS = {
    _HOUR: r"\b(?:hourly|stündlich|ежечасно|on the hour|zur vollen stunde)\b|每隔?(?:一)?个?小时"
    r"|毎時|1時間(?:ごと|おき)",
    _DAY: r"\b(?:daily|nightly|täglich|nachts|quotidien\w*|diari\w+|ежедневно|по ночам)\b"
    r"|每[天日晚夜]|每个晚上|毎[日晩朝]",
    _WEEK: r"\b(?:weekly|wöchentlich|hebdomadaire\w*|semanal\w*|еженедельно)\b|每[周星]|毎週",
}
_EAST = lazy_pattern(
    r"每隔?(?P<count>\d{1,3})(?P<minutes>分钟)?(?:个?小时)?|(?P<n>\d{1,3})(?P<m>分|時間)(?:ごと|おき)"
)
_NIGHT = lazy_pattern(
    r"(?i)\b(?:nights?|nightly|nachts?|nuits?|noches?|noites?|ночь|ночам|notti?)\b|[晚夜]|凌晨|深夜"
)
_MIDNIGHT = lazy_pattern(
    r"(?i)\b(?:midnight|mitternacht|minuit|medianoche|meia-noite|полноч|mezzanotte)|午夜|零点|真夜中"
)
_CLOCK = lazy_pattern(
    # A duration ("after 10h"), and the time in a line of a log, are no hour of each day.
    r"(?i)\b(?!(?:after|since|en) \d{1,3} ?(?:h|horas?|heures?)\b)"
    r"(?:at|around|about|after|since|um|gegen|ab|à|vers|a las?|às|en|в|около|alle)"
    r" (?:about |around )?(?P<hour>\d{1,2})"
    r"(?:[:.h](?P<minute>\d\d)(?!:?\d)(?: ?(?P<late>am|pm|uhr|utc))?"
    r"| ?(?P<word>am|pm|a\.m\.|p\.m\.|uhr|h|heures?|o'?clock|час\w*|утра|ночи|horas?"
    r"|de la mañana)(?!\w))"
)
_EAST_CLOCK = lazy_pattern(
    r"(?P<hour>\d{1,2}|[一二三四五六七八九十]{1,3})[点點時时](?![间間])(?P<minute>\d\d)?"
)
_NUMERALS = {word: number for number, word in enumerate("零一二三四五六七八九十")}


@frozen
class ToldSchedule:
    """`period` is the seconds between two times (0 if untold), `minute` that of the day (None if
    untold), of which only the hour is known if `is_about`. `at_night`: in the night."""

    period: int = 0
    minute: int | None = None
    is_about: bool = False
    at_night: bool = False


def told_schedule(text: str) -> ToldSchedule | None:
    """Return when a fault comes back; None if the text does not say so."""
    own = text[:MAX_TEXT]
    period, (minute, is_about) = _period(own), _clock(own)
    if not period and minute is None:
        return None
    return ToldSchedule(
        _DAY if minute is not None and 0 < period < _DAY else period,
        minute,
        is_about,
        _NIGHT.search(own) is not None,
    )


def _period(text: str) -> int:
    if match := _PERIOD.search(text):
        unit = next(seconds for seconds in _UNITS if match[f"u{seconds}"])
        return unit * int(match["count"] or 1)
    if match := _EAST.search(text):
        if match["count"]:
            return int(match["count"]) * (_MINUTE if match["minutes"] else _HOUR)
        return int(match["n"]) * (_MINUTE if match["m"] == "分" else _HOUR)
    return next((each for each, words in _ADVERBS.items() if re.search(words, text, re.I)), 0)


def _clock(text: str) -> tuple[int | None, bool]:
    """Return the minute of the day, and whether only its hour is told."""
    if _MIDNIGHT.search(text):
        return 0, True
    if match := _CLOCK.search(text):
        word = (match["late"] or match["word"] or "").lower().replace(".", "")
        hour = int(match["hour"]) % 12 if word in {"am", "pm"} else int(match["hour"])
        return _of_day(hour + 12 * (word == "pm"), match["minute"])
    if match := _EAST_CLOCK.search(text):
        return _of_day(_numeral(match["hour"]), match["minute"])
    return None, False


def _of_day(hour: int, minute: str | None) -> tuple[int | None, bool]:
    return (hour * 60 + int(minute or 0), not minute) if hour < 24 else (None, False)


def _numeral(text: str) -> int:
    if text.isdecimal():
        return int(text)
    tens, has_ten, ones = text.partition("十")
    if not has_ten:
        return _NUMERALS.get(text[:1], 99)
    return 10 * (_NUMERALS.get(tens, 1) if tens else 1) + _NUMERALS.get(ones, 0)
