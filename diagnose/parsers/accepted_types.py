"""The types that a client asks for, in words about a request: the value of `Accept` (RFC 9110
section 12.5.1). No I/O."""

import re

from diagnose.parsers.lazy_pattern import lazy_pattern

_TYPE = r"(?:(?:application|text|image|audio|video|font)/[a-z0-9*][a-z0-9.+*-]{0,80}|\*/\*)"
_PARAMETER = r"; ?[a-z-]{1,20}=(?:\\?[\"'][^\"']{0,200}[\"']|[^\s,;\"']{1,100})"
_ITEM = rf"{_TYPE}(?:{_PARAMETER}){{0,4}}"
_FIELD = lazy_pattern(
    rf"(?i)\baccept[\"'`]?(?: ?header| ?field)?(?: of| is)?[\"'`:= ]{{1,4}}"
    rf"(?P<value>{_ITEM}(?:, ?{_ITEM}){{0,12}})"
)
_ONE = lazy_pattern(rf"(?i)(?<![\w/.-]){_TYPE}")
_SEVERAL = lazy_pattern(
    r"(?i)\baccept\b.{0,80}?\b(?:several|multiple|more than one|two|both|list)\b"
    r"|\b(?:several|multiple|more than one)\b.{0,60}?\baccept\b|accept.{0,20}?(?:多个|多种)"
)


def reported_accept(text: str) -> str:
    """Return the value of `Accept` that a message names; "" if it names none."""
    match = _FIELD.search(text)
    return match["value"] if match else ""


def bare_types(value: str) -> tuple[str, ...]:
    """Return the types in a value, in small letters and without their parameters."""
    return tuple(dict.fromkeys(match[0].lower() for match in _ONE.finditer(value)))


def tells_several_types(text: str) -> bool:
    """Return whether a message says that a client accepts more than one type."""
    return _SEVERAL.search(text) is not None or bool(
        re.search(r"(?i)\baccept\b", text) and len(bare_types(text)) > 1
    )
