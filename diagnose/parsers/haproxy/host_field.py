"""The Host field that HAProxy's rules set in place of the visitor's. No I/O."""

from collections.abc import Iterable

from diagnose.parsers.haproxy.config import Line


def fixed_host(lines: Iterable[Line]) -> str:
    """Return the Host field that the last rule without a condition sets (Configuration Manual,
    "http-request set-header", "replace-header"), "" if there is none."""
    hosts = (_fixed_host(line.words) for line in lines if line.words[:1] == ("http-request",))
    return next(iter([host for host in hosts if host][-1:]), "")


def _fixed_host(words: tuple[str, ...]) -> str:
    match words:
        case (_, "set-header", name, value) if name.lower() == "host" and "%" not in value:
            return value
        case (_, "replace-header", name, ".*" | "^.*$" | "(.*)" | "^(.*)$", value) if (
            name.lower() == "host" and "%" not in value and "\\" not in value
        ):
            return value
    return ""
