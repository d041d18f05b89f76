"""What people say of an open connection that ends after a time: "after 60 seconds the connection
goes down". Which protocol it has they say elsewhere, or the address beside the words does. No I/O.
"""

from collections.abc import Iterator

from diagnose.model.symptom import Symptom
from diagnose.parsers.lazy_pattern import lazy_pattern

_UNITS = {"s": 1.0, "m": 60.0, "h": 3600.0, "秒": 1.0, "分": 60.0, "小": 3600.0}
_NUMBERS = {
    "a": 1.0,
    "an": 1.0,
    "one": 1.0,
    "two": 2.0,
    "一": 1.0,
    "两": 2.0,
    "二": 2.0,
    "三": 3.0,
    "五": 5.0,
    "十": 10.0,
    "半": 0.5,
}

#: "60 seconds", "50/60 s", "1-2 min", "every minute", "60s", "一分钟", "半小时".
_NUMBER = r"(?:\d{1,5}(?:\.\d)?(?: ?[-/~～到至] ?\d{1,5})?\+?|\b(?:an?|one|two)\b|[一两二三五十半])"
_UNIT = (
    r"(?:s(?:ec(?:ond)?s?)?(?![a-z])|m(?:in(?:ute)?s?)?(?![a-z])|h(?:ours?)?(?![a-z])"
    r"|秒|分钟|个?小时)"
)
_LENGTH = (
    rf"(?:{_NUMBER}[ -]?(?:个|多)?{_UNIT}|(?:every|each|per|the) (?:minute|hour)\b|每分钟|每小时)"
)
#: A time that is not told exactly.
_A_WHILE = (
    r"(?:a (?:(?:short |long |certain )?(?:period|time)(?: of time)?|while|few (?:seconds|minutes))"
    r"|some (?:time|seconds|minutes)"
    r"|several (?:seconds|minutes)"
    r"|(?:being )?(?:idle|inactiv\w{1,3})|一段时间|一会儿?|几(?:秒|分钟)|空闲|无操作|没有?操作)"
)
_ENDS = (
    r"(?:\b(?:clos|drop|disconnect|terminat|reconn?ect|reset|abort|expir|interrupt)\w{0,5}\b"
    r"|\b(?:dies?|died|dead|lost|cut|cuts|killed|ends?|ended|breaks?|broken|freezes?|frozen|stops?|stopped)\b"
    r"|\bgo(?:es)? (?:down|away|dead|stale|offline)\b|\bwent down\b"
    r"|断(?:开|线|连|掉|了)|断$|必断|[就又会]断|掉线|(?:自动)?关闭|中断|终止|重连|失联|没反应)"
)
_CUT_AFTER_TIME = lazy_pattern(
    rf"(?i){_ENDS}.{{0,40}}?\b(?:after|within|every|at|each|once)\b.{{0,20}}?(?:{_LENGTH}|{_A_WHILE}|\bminute\b)"
    rf"|{_ENDS} in (?:exactly |about |around |just |under )?{_LENGTH}"
    rf"|\b(?:after|every|at|within|once)\b.{{0,20}}?(?:{_LENGTH}|{_A_WHILE}).{{0,60}}?{_ENDS}"
    rf"|(?:{_LENGTH}|{_A_WHILE}).{{0,40}}?{_ENDS}"
    rf"|{_ENDS}.{{0,16}}?\b(?:if|when|while|on)\b.{{0,12}}?(?:idle|inactiv)"
)
_LENGTHS = lazy_pattern(
    rf"(?i)(?P<number>{_NUMBER})[ -]?(?:个|多)?(?P<unit>{_UNIT})"
    r"|(?:every|each|per) (?P<every>minute|hour)\b|每(?P<each>分钟|小时)"
)
_DIGITS = lazy_pattern(r"\d{1,5}(?:\.\d)?")

#: Kinds of symptoms that a connection which ends after a time may be told as.
_ENDED = frozenset(
    {"websocket-closed", "closed", "websocket", "stream", "incomplete", "reset", "timeout"}
)
#: By how much a time that people tell differs from the one that was set: a share, and seconds.
_SHARE, _LEAST_S = 0.05, 2.0


def says_connection_is_cut(words: str) -> str:
    """Return the words by which somebody says that something ends after a time; "" if there are
    none."""
    match = _CUT_AFTER_TIME.search(words)
    return match[0] if match else ""


def told_seconds(symptom: Symptom) -> tuple[float, ...]:
    """Return the times, in seconds, after which a message says that a connection ends."""
    if symptom.kind not in _ENDED:
        return ()
    from diagnose.parsers.usual_spelling import usual_spelling

    return tuple(_seconds(says_connection_is_cut(usual_spelling(symptom.text))))


def is_told(symptom: Symptom, seconds: float) -> bool:
    """Return whether a message tells a time that is that of a timeout, in seconds."""
    slack = max(seconds * _SHARE, _LEAST_S)
    return any(abs(told - seconds) <= slack for told in told_seconds(symptom))


def _seconds(words: str) -> Iterator[float]:
    for match in _LENGTHS.finditer(words):
        if unit := match["every"] or match["each"]:
            yield _UNITS[unit[0].lower()]
            continue
        factor = _UNITS[match["unit"].removeprefix("个")[0].lower()]
        number = match["number"].lower()
        digits = _DIGITS.findall(number)
        for told in map(float, digits) if digits else (_NUMBERS.get(number, 0.0),):
            if told:
                yield told * factor
