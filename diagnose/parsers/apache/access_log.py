"""The access logs of Apache's configuration (mod_log_config) and their format. No I/O."""

import posixpath
import re
from collections.abc import Iterator, Sequence

from diagnose.model.web_servers import SiteAccessLog
from diagnose.parsers.access_log import LogFormat, complete_format
from diagnose.parsers.apache.config import Directive
from diagnose.parsers.sanitize import clean

#: The format that Apache defines itself, where the configuration has no other.
COMMON = '%h %l %u %t "%r" %>s %b'

#: Maximum number of logs of one site, and longest format, in characters.
MAX_LOGS, MAX_FORMAT = 5, 1000

#: A directive of a format: with conditions ("!200,304"), "<" or ">" for the first or last request
#: of an internal redirect, and an argument (mod_log_config, "Custom Log Formats").
_DIRECTIVE = re.compile(r"%(?:%|[!\d,]{0,40}[<>]?(?:\{([^{}]{1,100})\})?(\^?[a-zA-Z]{1,2}))")

#: The names of nginx's variables with the same value.
_VARIABLES = {
    "h": "remote_addr", "a": "remote_addr", "r": "request", "s": "status", "m": "request_method",
    "U": "uri", "v": "server_name", "V": "host", "u": "remote_user",
}  # fmt: skip
_FIELDS = {"referer": "http_referer", "user-agent": "http_user_agent", "host": "http_host"}
#: Formats of strftime(3) that are ISO 8601, and the usual one in parts.
_ISO_TIMES = {
    "%Y-%m-%dT%H:%M:%S%z", "%FT%T%z", "%Y-%m-%dT%T%z", "%Y-%m-%d %H:%M:%S %z", "%F %T %z",
    "%Y-%m-%d %H:%M:%S%z", "%F %T%z",
}  # fmt: skip
_USUAL_TIMES = {"%d/%b/%Y:%H:%M:%S %z", "%d/%b/%Y:%T %z"}
#: The whole seconds since the epoch ("%t", mod_log_config).
_EPOCH_TIMES = {"sec", "msec", "usec"}


def access_logs(
    inner: Sequence[Directive], main: Sequence[Directive], root: str
) -> tuple[SiteAccessLog, ...]:
    """Return the logs of a virtual host. One without its own writes the main server's, which is
    said in `main`. `root` is the ServerRoot. Logs that a program gets are left out."""
    formats = {
        directive.args[1]: directive.args[0]
        for directive in (*main, *inner)
        if directive.name == "logformat" and len(directive.args) > 1
    }
    own = [directive for directive in inner if directive.name in {"customlog", "transferlog"}]
    logs = own or [
        directive for directive in main if directive.name in {"customlog", "transferlog"}
    ]
    return tuple(_logs(logs, formats, (*main, *inner), root))[:MAX_LOGS]


def _logs(
    directives: Sequence[Directive],
    formats: dict[str, str],
    all_directives: Sequence[Directive],
    root: str,
) -> Iterator[SiteAccessLog]:
    unnamed = [
        directive.args[0]
        for directive in all_directives
        if directive.name == "logformat" and len(directive.args) == 1
    ]
    usual = next(iter(unnamed[-1:]), formats.get("common", COMMON))
    for directive in directives:
        path, *words = directive.args or ("",)
        if not path or path.startswith(("|", "syslog")) or "${" in path:
            continue
        text = words[0] if words and directive.name == "customlog" else usual
        text = formats.get(text, COMMON if text == "common" else text)
        if "%" in text:
            yield SiteAccessLog(clean(posixpath.join(root, path), 300), clean(text, MAX_FORMAT))


def parse_format(text: str) -> LogFormat | None:
    """Return a format; None if no line of it can be read (`complete_format`)."""
    literals, variables, start, literal = list[str](), list[str](), 0, ""
    for match in _DIRECTIVE.finditer(text):
        literal += text[start : match.start()]
        start = match.end()
        if match[0] == "%%":
            literal += "%"
            continue
        if match[0] in {"%q", "%>q"} and not literal and variables[-1:] == ["uri"]:
            # The path and the query, which begins with "?", are one address.
            variables[-1] = "request_uri"
            continue
        name = _variable(match[1] or "", match[2])
        # Apache writes the usual time in brackets.
        is_bracketed = name == "time_local" and not match[1]
        literals.append(f"{literal}[" if is_bracketed else literal)
        variables.append(name)
        literal = "]" if is_bracketed else ""
    return complete_format([*literals, literal + text[start:]], variables)


def _variable(argument: str, letter: str) -> str:
    """Return the name of nginx's variable with the same value; the directive itself for one that is
    not read."""
    if letter == "t":
        known = {
            **dict.fromkeys(("", *_USUAL_TIMES), "time_local"),
            **dict.fromkeys(_ISO_TIMES, "time_iso8601"),
            **dict.fromkeys(_EPOCH_TIMES, "epoch"),
        }
        return known.get(argument.removeprefix("begin:"), "%t")
    if letter == "i":
        return _FIELDS.get(argument.lower(), "%i")
    # "c" is the address of the connection itself.
    is_plain = not argument or (argument == "c" and letter in {"a", "h"})
    return _VARIABLES.get(letter, f"%{letter}") if is_plain else f"%{letter}"
