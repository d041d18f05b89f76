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
_OPTION = lazy_pattern(r"--?[\w.-]{1,60}")
#: A command that a shell reads, and one that ends in a variable (systemd.service(5)).
_SHELL = lazy_pattern(r"\b(?:ba|da|z|k)?sh\s+-\w*c\b|docker |podman |/env ")
#: Programs that hand the last words of their command on to another one, and scripts: whether these
#: read an option, nobody knows here.
_HANDS_ON = lazy_pattern(
    r"\s*ExecStart=[-@:+!|]*(?:\S*/)?(?:npm|npx|yarn|pnpm|bun|su|sudo|runuser|nohup|xvfb-run|ttyd|gotty"
    r"|\S+\.sh|(?:ba|da|z|k)?sh)(?:\s|$)"
)
_LAST_VARIABLE = lazy_pattern(r"\s\$\{?(\w{1,60})\}?\Z")
_VALUE = lazy_pattern(r"[\w.:/\[\]*,;-]*")


def is_unit_value(value: str) -> bool:
    """Return whether a value is written into a unit as it is, without quotation marks."""
    return _PLAIN.fullmatch(value) is not None


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
    unit_edits = list[UnitEdit]()
    is_command = False
    for number, line in enumerate(text.split("\n"), 1):
        is_command = line.lstrip().startswith("ExecStart=") or (is_command and number > 1)
        if is_command and (match := pattern.search(line)):
            new = f"{line[: match.start()]}{match[1]}{value}{match[2]}{line[match.end() :]}"
            unit_edits.append(UnitEdit(number, line, new, False))
        # A line that ends so goes on (systemd.syntax(7)).
        is_command = is_command and line.endswith("\\")
    return unit_edits[0] if len(unit_edits) == 1 else None


def with_new_argument(text: str, name: str, value: str) -> UnitEdit | str | None:
    """Return the line on which the one command of a unit's file ends, with an argument more; the
    name of the variable if the command ends in one of its environment; None if it has no command,
    several ones, or one whose last words another program reads."""
    if len(text) > MAX_TEXT or not _PLAIN.fullmatch(value) or not _OPTION.fullmatch(name):
        return None
    lines = text.split("\n")
    starts = [at for at, line in enumerate(lines) if line.lstrip().startswith("ExecStart=")]
    # An empty one takes back those before it (systemd.service(5)).
    starts = [at for at in starts if lines[at].strip() != "ExecStart="]
    if len(starts) != 1:
        return None
    end = starts[0]
    while lines[end].endswith("\\") and end + 1 < len(lines):
        end += 1
    command = " ".join(lines[starts[0] : end + 1])
    if (
        _SHELL.search(command)
        or _HANDS_ON.match(command)
        or lines[end].rstrip().endswith((";", "\\"))
    ):
        return None
    if variable := _LAST_VARIABLE.search(lines[end].rstrip()):
        return variable[1]
    return UnitEdit(end + 1, lines[end], f"{lines[end].rstrip()} {name}={value}", False)


def with_variable_argument(text: str, name: str, argument: str) -> UnitEdit | None:
    """Return the line of a file of environment variables that sets one, with an argument more at
    its end; None if there is none, or if it goes on in the next line."""
    if len(text) > MAX_TEXT:
        return None
    pattern = re.compile(rf"\s*(?:export\s+)?{re.escape(name)}=(.{{0,2000}})")
    for number, line in reversed([*enumerate(text.split("\n"), 1)]):
        match = pattern.fullmatch(line.rstrip())
        if match is None:
            continue
        value, quote = match[1], match[1][:1]
        if value.endswith("\\") or "#" in value:
            return None
        if quote in {'"', "'"}:
            if len(value) < 2 or value[-1] != quote or quote in value[1:-1]:
                return None
            new = f"{value[:-1]}{' ' if value[1:-1] else ''}{argument}{quote}"
        else:
            new = f'"{value}{" " if value else ""}{argument}"' if '"' not in value else ""
        head = line.rstrip()[: match.start(1)]
        return UnitEdit(number, line, f"{head}{new}", False) if new else None
    return None
