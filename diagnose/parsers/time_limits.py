"""The limits after which a program ends a request of its own accord, in its source, its unit and
its settings: Node's `server.setTimeout`, gunicorn's `--timeout`, uWSGI's `harakiri`, PHP-FPM's
`request_terminate_timeout`. No I/O."""

import re

from diagnose.model.frozen import frozen
from diagnose.parsers.lazy_pattern import lazy_pattern
from diagnose.parsers.setting_values import without_comments

#: Most lines of a file, and most characters of a line.
MAX_LINES, MAX_LINE = 6000, 400
#: Seconds that gunicorn waits for a worker where nobody says otherwise.
GUNICORN_DEFAULT = 30
_PRODUCT = r"(?P<amount>\d[\d_]{0,12}(?:[ \t]{0,4}\*[ \t]{0,4}\d[\d_]{0,12}){0,3})"
#: Milliseconds. `setTimeout` alone is a timer, and that of a request or a socket is no server's.
_SOURCE = (
    lazy_pattern(
        rf"\b(?P<key>\w{{0,40}}[sS]erver\.setTimeout)\([ \t]{{0,4}}{_PRODUCT}[ \t]{{0,4}}[,)]"
    ),
    lazy_pattern(
        r"\b(?P<key>\w{0,40}[sS]erver\.(?:timeout|requestTimeout|headersTimeout))"
        rf"[ \t]{{0,4}}=[ \t]{{0,4}}{_PRODUCT}[ \t]{{0,4}}(?:;|$)"
    ),
    lazy_pattern(
        rf"\b(?P<key>requestTimeout|connectionTimeout):[ \t]{{0,4}}{_PRODUCT}"
        r"[ \t]{0,4}(?:[,}]|$)"
    ),
)
_INI = lazy_pattern(
    r"[ \t]{0,40}(?P<key>harakiri|request_terminate_timeout)[ \t]{0,40}=[ \t]{0,40}"
    r"(?P<amount>\d{1,9})(?P<unit>[smhd]?)[ \t]{0,40}(?:;.{0,300})?"
)
_PYTHON = lazy_pattern(r"(?P<key>timeout)[ \t]{0,40}=[ \t]{0,40}(?P<amount>\d{1,9})[ \t]{0,40}")
_OPTION = lazy_pattern(
    r"(?:^|[ \t])(?P<key>--timeout|-t|--harakiri)(?:=|[ \t]{1,4})(?P<amount>\d{1,9})(?=[ \t\\]|$)"
)
_PROGRAM = lazy_pattern(r"(?:^ExecStart=|[ \t/])gunicorn(?=[ \t])")
_UNITS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}


@frozen
class TimeLimit:
    """A limit of a program: its name, the seconds, the number of its line (0 for none), the line,
    and where the amount stands in it. `is_added` is True for gunicorn's default, which a new option
    at that place changes."""

    key: str
    seconds: float
    number: int
    line: str
    start: int
    stop: int
    in_milliseconds: bool = False
    is_added: bool = False

    def raised(self, seconds: int) -> str:
        """Return the line with another limit."""
        amount = f"{seconds} * 1000" if self.in_milliseconds else str(seconds)
        if self.is_added:
            amount = f" --timeout {seconds}"
        return f"{self.line[: self.start]}{amount}{self.line[self.stop :]}"

    def explains(self, took: float) -> bool:
        """Return whether a request that was ended after `took` seconds was ended by it. PHP-FPM and
        gunicorn look only now and then."""
        late = self.seconds / 3 if self.key == "request_terminate_timeout" else 0
        return self.seconds > 0 and -0.5 <= took - self.seconds <= 2 + late


def source_limits(text: str) -> tuple[TimeLimit, ...]:
    """Return the limits of a server in JavaScript, without those in comments."""
    lines = text.split("\n")[:MAX_LINES]
    bare = without_comments("\n".join(line[:MAX_LINE] for line in lines)).split("\n")
    limits = list[TimeLimit]()
    for number, (line, code) in enumerate(zip(lines, bare, strict=False), 1):
        for pattern in _SOURCE:
            match = pattern.search(code)
            if match is None or code[: match.end()] != line[: match.end()]:
                continue
            seconds = 0.001
            for factor in match["amount"].split("*"):
                seconds *= int(factor.strip().replace("_", ""))
            limits.append(
                TimeLimit(match["key"], seconds, number, line, *match.span("amount"), True)
            )
            break
    return tuple(limits)


def settings_limits(text: str, is_python: bool = False) -> tuple[TimeLimit, ...]:
    """Return the limits of a pool of PHP-FPM, of uWSGI's file or of gunicorn's (in Python)."""
    limits = list[TimeLimit]()
    for number, line in enumerate(text.split("\n")[:MAX_LINES], 1):
        bare = line.rstrip("\r")
        code = bare.partition("#")[0] if is_python else bare
        match = (_PYTHON if is_python else _INI).fullmatch(code[:MAX_LINE])
        if match is None:
            continue
        unit = "" if is_python else match["unit"]
        start, stop = match.span("amount")
        seconds = float(int(match["amount"]) * _UNITS[unit])
        limits.append(TimeLimit(match["key"], seconds, number, bare, start, stop + len(unit)))
    return tuple(limits)


def unit_limits(text: str) -> tuple[TimeLimit, ...]:
    """Return the limits that stand in the command of a systemd unit; gunicorn's default where its
    line sets none."""
    limits = list[TimeLimit]()
    lines = text.split("\n")[:MAX_LINES]
    for number, line in enumerate(lines, 1):
        bare = line.rstrip("\r")[: MAX_LINE * 4]
        is_command = bare.startswith("ExecStart=") or lines[number - 2].endswith("\\")
        match = _OPTION.search(bare) if is_command and number > 1 else None
        if match is not None:
            seconds = float(match["amount"])
            limits.append(TimeLimit(match["key"], seconds, number, bare, *match.span("amount")))
    if limits:
        return tuple(limits)
    for number, line in enumerate(lines, 1):
        bare = line.rstrip("\r")[: MAX_LINE * 4]
        match = _PROGRAM.search(bare) if bare.startswith("ExecStart=") else None
        if match is not None and "GUNICORN_CMD_ARGS" not in text:
            at = match.end()
            limits.append(
                TimeLimit("--timeout", GUNICORN_DEFAULT, number, bare, at, at, is_added=True)
            )
    return tuple(limits)


def has_option(words: tuple[str, ...]) -> bool:
    """Return whether a program's arguments set its limit."""
    return any(re.match(r"--timeout(?:=|$)|-t$|--harakiri(?:=|$)", word) for word in words)
