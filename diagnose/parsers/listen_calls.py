"""Where a script of Node.js or Python tells its own program to listen on the loopback address
alone: in the call that listens, in a constant that the call names, or by the default of Fastify,
Flask or uvicorn, which take the loopback address where none is named. No I/O.

Sources: fastify.dev "Server" (listen), flask.palletsprojects.com (Flask.run), www.uvicorn.org
"Settings" (host).
"""

import re

from diagnose.model.frozen import frozen
from diagnose.parsers.lazy_pattern import lazy_pattern

#: Scripts of these names are read.
SCRIPTS = (".js", ".mjs", ".cjs", ".ts", ".py")
_MAX_LINES, _MAX_LINE = 4000, 400
_LOCAL = r"(?P<mark>[\"'`])(?P<local>127\.0\.0\.1|localhost|::1)(?P=mark)"
_PYTHON_LOCAL = r"(?P<mark>[\"'])(?P<local>127\.0\.0\.1|localhost)(?P=mark)"
#: A call that listens, with the address in the same line.
_CALL = lazy_pattern(rf"\.listen\([^\"'`]{{0,160}}{_LOCAL}")
_PYTHON_CALL = lazy_pattern(
    r"(?<!\w)(?:(?:app|application|socketio|uvicorn|web|sio)\.run(?:_app)?|serve|(?:[A-Za-z]{0,20}HTTPServer)|"
    rf"make_server|run_simple)\([^\"']{{0,160}}{_PYTHON_LOCAL}"
)
#: A constant with an address, and its name.
_NAMED = lazy_pattern(
    r"\s{0,8}(?:export )?(?:const |let |var )?(?P<name>[A-Za-z_]\w{0,30})"
    rf"\s{{0,4}}=\s{{0,4}}{_LOCAL};?\s{{0,8}}"
)
#: The calls without an address: what stands behind the port.
_FASTIFY = lazy_pattern(
    r"\.listen\(\s{0,4}(?:(?P<port>[\w.]{1,40})(?=\s{0,4}[,)])"
    r"|\{\s{0,4}port(?:\s{0,4}:\s{0,4}[\w.]{1,40})?(?=\s{0,4}\}))"
)
_FLASK = lazy_pattern(
    r"(?<!\w)(?P<call>(?:app|application)\.run\(|uvicorn\.run\(\s{0,4}[^,()]{1,80}),?(?P<rest>[^()]{0,200})\)"
)
#: What may stand behind the port: the end, or a function. A name may be an address.
_THEN = re.compile(r"\s{0,4}(?:\)|,\s{0,4}(?:\(|function\b|async\b|[A-Za-z_]\w{0,30}\s{0,4}=>))")
#: The debugger of Flask runs what its visitors write: in the call, or in a line of its own.
_DEBUG = re.compile(r"(?i)debug(?:ger)?[\"'\]]{0,2}\s{0,4}=(?!=)\s{0,4}(?!False\b|\s)")
_WORD = re.compile(r"(?<![\w.])[A-Za-z_]\w*")
_COMMENT = re.compile(r"\s{0,40}(?://|#|\*)")
_IMPORTS_FASTIFY = re.compile(r"(?:require\(\s{0,4}|from\s{1,4})[\"']fastify[\"']")
_IMPORTS_FLASK = re.compile(r"(?m)^\s{0,8}(?:from flask import|import flask|import uvicorn)\b")


@frozen
class ListenCall:
    """A line of a script, and how it is with all addresses in place of the loopback address."""

    number: int
    line: str
    new: str


def listen_call(text: str, name: str) -> ListenCall | None:
    """Return the line that names the loopback address, or takes it by default; None if there is
    none, or several. `name` is the script's."""
    lines = text.split("\n")
    if len(lines) > _MAX_LINES or not name.endswith(SCRIPTS):
        return None
    is_python = name.endswith(".py")
    code = [
        (number, line)
        for number, line in enumerate(lines, 1)
        if len(line) <= _MAX_LINE and not _COMMENT.match(line)
    ]
    if is_python and any(_DEBUG.search(line) for _, line in code):
        return None
    named = _named(code, is_python)
    calls = [each for each in (_call(*pair, is_python) for pair in code) if each] or named
    if not calls and (_IMPORTS_FLASK if is_python else _IMPORTS_FASTIFY).search(text):
        calls = [each for each in (_default(*pair, is_python) for pair in code) if each]
    return calls[0] if len(calls) == 1 else None


def _call(number: int, line: str, is_python: bool) -> ListenCall | None:
    match = (_PYTHON_CALL if is_python else _CALL).search(line)
    return _opened(number, line, match) if match else None


def _opened(number: int, line: str, match: re.Match[str]) -> ListenCall:
    wide = "::" if match["local"] == "::1" else "0.0.0.0"
    new = f"{line[: match.start('local')]}{wide}{line[match.end('local') :]}"
    return ListenCall(number, line, new)


def _named(code: list[tuple[int, str]], is_python: bool) -> list[ListenCall]:
    """Return the constants whose name a call that listens has, and nothing else."""
    listens = ("run(", "serve(", "HTTPServer(", "run_app(") if is_python else (".listen(",)
    lines_of = dict[str, set[int]]()
    for number, line in code:
        if any(call in line for call in listens):
            for word in _WORD.findall(line):
                lines_of.setdefault(word, set()).add(number)
    calls = list[ListenCall]()
    for number, line in code:
        match = _NAMED.fullmatch(line)
        if match is not None and lines_of.get(match["name"], set()) - {number}:
            calls.append(_opened(number, line, match))
    return calls


def _default(number: int, line: str, is_python: bool) -> ListenCall | None:
    if is_python:
        match = _FLASK.search(line)
        if match is None or "host" in match["rest"] or "**" in match["rest"]:
            return None
        rest = match["rest"].strip()
        if rest and not re.match(r"[a-z_]{1,30}\s{0,4}=", rest):
            return None
        comma = "" if match["call"].endswith("(") else ", "
        more = f", {rest}" if rest else ""
        new = f'{match["call"]}{comma}host="0.0.0.0"{more})'
        return ListenCall(number, line, f"{line[: match.start()]}{new}{line[match.end() :]}")
    match = _FASTIFY.search(line)
    if match is None:
        return None
    added = ", '0.0.0.0'" if match["port"] else ", host: '0.0.0.0'"
    behind = line[match.end() :]
    if match["port"] and not _THEN.match(behind):
        return None
    return ListenCall(number, line, f"{line[: match.end()]}{added}{behind}")
