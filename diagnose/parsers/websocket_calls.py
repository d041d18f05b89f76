"""The calls of a script that open a WebSocket: their lines, and the subprotocols that they ask for.
No I/O."""

import re

from diagnose.model.frozen import frozen
from diagnose.parsers.script_urls import is_in_comment

#: Maximum number of calls that are read, and of characters and subprotocols of one.
_MAX_CALLS, _MAX_CALL, _MAX_NAMES = 20, 500, 8

_CALL = re.compile(r"\bnew (?:Reconnecting)?WebSocket\(")
_NAME = re.compile(r"([\"'`])([\w.+-]{1,64})\1")


@frozen
class WebSocketCall:
    """A call that opens a WebSocket: its line, from 1, its first argument as it is written, and the
    subprotocols that it names."""

    line: int
    address: str
    subprotocols: tuple[str, ...] = ()


def calls_in(script: str) -> tuple[WebSocketCall, ...]:
    """Return the calls of a script, without those in comments."""
    calls = []
    for match, _ in zip(_CALL.finditer(script), range(_MAX_CALLS), strict=False):
        if is_in_comment(script, match.start()):
            continue
        arguments = _arguments(script[match.end() : match.end() + _MAX_CALL])
        line = script.count("\n", 0, match.start()) + 1
        calls.append(WebSocketCall(line, arguments[0], _subprotocols(arguments[1:2])))
    return tuple(calls)


def call_of_path(calls: tuple[WebSocketCall, ...], path: str) -> WebSocketCall | None:
    """Return the call that opens a path: the only one of the script, or the only one in which the
    path stands."""
    named = [call for call in calls if path != "/" and path in call.address]
    chosen = named if len(calls) > 1 else calls
    return chosen[0] if len(chosen) == 1 else None


def _arguments(text: str) -> list[str]:
    """Return the arguments of a call up to its closing bracket."""
    arguments, depth, quote, start = [], 0, "", 0
    for position, char in enumerate(text):
        if quote:
            is_end = char == quote and text[position - 1] != "\\"
            quote = "" if is_end else quote
        elif char in "\"'`":
            quote = char
        elif char in "([{":
            depth += 1
        elif char in ")]}" and depth:
            depth -= 1
        elif char == ")" or (char == "," and not depth):
            arguments.append(text[start:position].strip())
            start = position + 1
            if char == ")":
                return arguments
    return [*arguments, text[start:].strip()]


def _subprotocols(arguments: list[str]) -> tuple[str, ...]:
    """Return the names that are written as texts: one, or a list of nothing else."""
    for text in arguments:
        inner = text[1:-1] if text[:1] == "[" and text[-1:] == "]" else text
        names = _NAME.findall(inner)
        if names and not _NAME.sub("", inner).strip(" ,\n\r\t"):
            return tuple(dict.fromkeys(name for _, name in names))[:_MAX_NAMES]
    return ()
