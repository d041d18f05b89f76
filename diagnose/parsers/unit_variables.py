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
            own = re.fullmatch(
                rf"(\s*Environment=(?:[^\n]{{0,900}}\s)?[\"']?{name}=)[\w.:/\[\]*,;-]*([\"']?(?:\s[^\n]{{0,900}})?)",
                line,
            )
            return UnitEdit(number, line, f"{own[1]}{value}{own[2]}", False) if own else None
    for number, line in enumerate(lines, 1) if is_new else ():
        if _SECTION.fullmatch(line):
            return UnitEdit(number, line, f"Environment={name}={value}", True)
    return None


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
