"""The access logs of nginx's configuration and their `log_format`. No I/O.

https://nginx.org/en/docs/http/ngx_http_log_module.html
"""

from collections.abc import Iterable

from diagnose.model.frozen import frozen
from diagnose.model.nginx import Directive
from diagnose.parsers.access_log import LogFormat, complete_format
from diagnose.parsers.lazy_pattern import lazy_pattern
from diagnose.parsers.nginx.config import children
from diagnose.parsers.nginx.locations import LocationMatch

#: The format that nginx defines itself.
COMBINED = (
    '$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent '
    '"$http_referer" "$http_user_agent"'
)

_VARIABLE = lazy_pattern(r"\$(?:\{(\w{1,60})\}|(\w{1,60}))")


@frozen
class AccessLog:
    """A log that nginx writes: its path, in which variables may stand, and its format. The format
    is None if lines of it say too little, or cannot be told apart."""

    path: str
    line_format: LogFormat | None


def access_logs(matches: Iterable[LocationMatch], default: str) -> tuple[AccessLog, ...]:
    """Return the logs that these locations write, each once. Without an `access_log` nginx writes
    `default` (from the build) in the format "combined"."""
    logs: dict[str, AccessLog] = {}
    for match in matches:
        http, directives = match.blocks[0], match.directives("access_log")
        if not directives and default:
            logs.setdefault(default, AccessLog(default, log_format(http, "combined")))
        for directive in directives:
            path, *parameters = directive.args or ("off",)
            name = next((word for word in parameters if "=" not in word and word != "gzip"), "")
            if path != "off" and not path.startswith("syslog:"):
                logs.setdefault(path, AccessLog(path, log_format(http, name or "combined")))
    return tuple(logs.values())


def is_off(match: LocationMatch) -> bool:
    """Return whether requests of a location are written nowhere: `access_log off` is in force."""
    directives = match.directives("access_log")
    return any((directive.args or ("off",))[0] in {"off", "/dev/null"} for directive in directives)


def log_format(http: Directive, name: str) -> LogFormat | None:
    """Return the format of this name; None if it is not defined or no line of it can be read."""
    for directive in children(http, "log_format"):
        if directive.args[:1] == (name,):
            texts = [text for text in directive.args[1:] if not text.startswith("escape=")]
            return parse_format("".join(texts))
    return parse_format(COMBINED) if name == "combined" else None


def parse_format(text: str) -> LogFormat | None:
    """Return a format; None if no line of it can be read (`complete_format`)."""
    literals, variables, start = [], list[str](), 0
    for match in _VARIABLE.finditer(text):
        literals.append(text[start : match.start()])
        variables.append(match[1] or match[2])
        start = match.end()
    literals.append(text[start:])
    return complete_format(literals, variables)
