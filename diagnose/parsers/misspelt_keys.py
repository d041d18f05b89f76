"""A key in a program's configuration that the program does not know, for it is written otherwise
than its own: `overwrite_protocol` of `overwriteprotocol`. Pure."""

import re
from itertools import islice

from diagnose.parsers.lazy_pattern import lazy_pattern
from diagnose.parsers.setting_values import MAX_TEXT, Format, SettingValue, setting_value

#: Fewer letters may be another key, and so may be one that differs by a letter.
MIN_LETTERS, MIN_NEAR_LETTERS = 6, 10
#: Most names that are tried.
MAX_NAMES = 8
_WORD = lazy_pattern(r"(?<![\w-])[A-Za-z][\w-]{2,80}(?![\w-])")


def misspelt_key(text: str, form: Format, key: str) -> tuple[str, SettingValue] | None:
    """Return the name that stands in the place of a key, and its value; None if there is none."""
    last = key.rpartition(".")[2]
    wanted = _letters(last)
    if len(wanted) < MIN_LETTERS or not re.fullmatch(r"[\w-]{1,80}", last):
        return None
    words = dict.fromkeys(match[0] for match in _WORD.finditer(text[:MAX_TEXT]))
    names = (word for word in words if word != last and _is_meant(_letters(word), wanted))
    for name in islice(names, MAX_NAMES):
        if form == "ini" and name.lower() == last.lower():
            continue
        value = setting_value(text, form, key[: len(key) - len(last)] + name)
        if value is not None and value.is_literal and value.values:
            return name, value
    return None


def _letters(name: str) -> str:
    return re.sub(r"[_-]", "", name).lower()


def _is_meant(name: str, wanted: str) -> bool:
    """Return whether the letters are the same, or, of a long name, all but one."""
    if name == wanted:
        return True
    if min(len(name), len(wanted)) < MIN_NEAR_LETTERS or abs(len(name) - len(wanted)) > 1:
        return False
    same = 0
    while same < min(len(name), len(wanted)) and name[same] == wanted[same]:
        same += 1
    rests = name[same:], wanted[same:]
    return rests[0][1:] in rests or rests[1][1:] == rests[0] or rests[0][1:] == rests[1][1:]
