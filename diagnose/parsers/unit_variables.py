"""Edits of a unit of systemd: its environment (systemd.exec(5), "Environment=") and the arguments
of its command. Pure."""

import re

from diagnose.model.frozen import frozen
from diagnose.parsers.lazy_pattern import lazy_pattern

#: Longest file, and what a value may be that is written without quotation marks.
MAX_TEXT = 64 << 10
_PLAIN = lazy_pattern(r"[\w.:/\[\]*,;-]{1,300}")
_MAX_OLD = 300
_SECTION = lazy_pattern(r"\s*\[Service\]\s*")
#: The next assignment of a line, which quotation marks may enclose as a whole (systemd.syntax(7)).
_WORD = lazy_pattern(r"\s*(?:\"([^\"\\]*)\"|'([^'\\]*)'|([^\s\"'\\]+))(?=\s|\Z)")
_VALUE = lazy_pattern(r"[\w.:/\[\]*,;-]*")


@frozen
class UnitEdit:
    """A line of a unit: its number, its text, and the new one, which comes behind it (`added`) or
    in its place."""

    number: int
    line: str
    new: str
    added: bool


def with_unit_variable(text: str, name: str, value: str, is_new: bool) -> UnitEdit | None:
    """Return the line of a unit's file that sets a variable, with this value, or (`is_new`) one
    more behind `[Service]`; None if that cannot be done."""
    if len(text) > MAX_TEXT or not _PLAIN.fullmatch(value) or not re.fullmatch(r"\w{1,80}", name):
        return None
    lines = text.split("\n")
    for number, line in reversed([*enumerate(lines, 1)]):
        if re.match(rf"\s*Environment=.{{0,2000}}?(?<!\w){name}=", line):
            span = _value_span(line, name)
            if span is None:
                return None
            return UnitEdit(number, line, f"{line[: span[0]]}{value}{line[span[1] :]}", False)
    for number, line in enumerate(lines, 1) if is_new else ():
        if _SECTION.fullmatch(line):
            return UnitEdit(number, line, f"Environment={name}={value}", True)
    return None


def _value_span(line: str, name: str) -> tuple[int, int] | None:
    """Return where the value of a variable stands in a line of `Environment=`, of several the last
    one, which counts; None if it has characters that are not edited, or if the line has words that
    are read otherwise."""
    place, end, span = line.index("=") + 1, len(line.rstrip()), None
    while place < end:
        match = _WORD.match(line, place)
        if match is None:
            return None
        group = next(number for number in (1, 2, 3) if match[number] is not None)
        if match[group].startswith(f"{name}="):
            span = (match.start(group) + len(name) + 1, match.end(group))
        place = match.end()
    return span if span and _VALUE.fullmatch(line, *span) else None


def with_unit_argument(text: str, name: str, old: str, value: str) -> UnitEdit | None:
    """Return the line of a unit's file on which its command has an argument with this value, with
    another one; None if there is no such line, or if there are several."""
    if len(text) > MAX_TEXT or not _PLAIN.fullmatch(value) or not old or len(old) > _MAX_OLD:
        return None
    pattern = re.compile(rf"(?<!\S)({re.escape(name)}[= ][\"']?){re.escape(old)}([\"']?)(?!\S)")
    found = list[UnitEdit]()
    is_command = False
    for number, line in enumerate(text.split("\n"), 1):
        is_command = line.lstrip().startswith("ExecStart=") or (is_command and number > 1)
        if is_command and (match := pattern.search(line)):
            new = f"{line[: match.start()]}{match[1]}{value}{match[2]}{line[match.end() :]}"
            found.append(UnitEdit(number, line, new, False))
        # A line that ends so goes on (systemd.syntax(7)).
        is_command = is_command and line.endswith("\\")
    return found[0] if len(found) == 1 else None
