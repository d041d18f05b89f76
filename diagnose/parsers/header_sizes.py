"""Where a program has its limit for the header of a request, and the line that raises it: the
command of its systemd unit (Node, gunicorn, uvicorn with h11), Tomcat's server.xml, Jetty's .ini
files; and its limit for the header of a response (Tomcat, Spring Boot). No I/O."""

import re

from diagnose.model.frozen import frozen
from diagnose.parsers.lazy_pattern import lazy_pattern

#: Bytes that programs are to take. gunicorn has a limit of its own for each field.
SIZE, FIELD_SIZE = 65536, 32768
#: Most lines of a file, and most characters of a line.
MAX_LINES, MAX_LINE = 6000, 1200
#: A cookie of so many bytes is refused by Node's own limit of 16 kB at the earliest. A smaller one
#: is set in the source, and wins against the option.
NODE_SERVES = 7500

_SERVICE = lazy_pattern(r"\[Service\][ \t]{0,20}")
#: The program of a command, after the prefixes of systemd.service(5).
_COMMAND = lazy_pattern(r"ExecStart=[-@:+!]{0,5}(?:/[\w.@+-]{1,80}){1,12}(?=[ \t]|$)")
_NODE = lazy_pattern(r"--max-http-header-size[= ](?P<value>\d{1,9})")
_GUNICORN = lazy_pattern(r"--limit-request-field[_-]size[= \t]{1,4}(?P<value>\d{1,9})")
_GUNICORN_WORD = lazy_pattern(r"(?:[ \t=/]|^)gunicorn3?(?=[ \t]|$)")
_UVICORN = lazy_pattern(r"--h11-max-incomplete-event-size[= \t]{1,4}(?P<value>\d{1,9})")
_UVICORN_WORD = lazy_pattern(r"(?:[ \t=/]|^)uvicorn(?=[ \t]|$)")
_CONNECTOR = lazy_pattern(r"[ \t]{0,80}<Connector(?=[ \t]|$)")
_XML_SIZE = lazy_pattern(
    r"\bmaxHttp(?:Request)?HeaderSize[ \t]{0,4}=[ \t]{0,4}\"(?P<value>\d{1,9})\""
)
_RESPONSE_SIZE = lazy_pattern(r"\bmaxHttpResponseHeaderSize\b")
_SPRING_SIZE = lazy_pattern(
    r"(?P<head>[ \t]{0,20}server\.tomcat\.max-http-response-header-size[ \t]{0,9}[=:][ \t]{0,9})"
    r"(?P<value>\d{1,9})[ \t]{0,9}(?P<unit>[kKmM]?)[bB]?[ \t]{0,20}"
)
_SPRING_KEYS = ("server.max-http-header-size", "server.tomcat.max-http-response-header-size")
_JETTY = lazy_pattern(
    r"#?[ \t]{0,20}(?P<key>jetty\.httpConfig\.requestHeaderSize)=\d{1,9}[ \t]{0,20}"
)


@frozen
class SizeLine:
    """The line of a limit, what it is to be, and its number; `added` are new lines behind it."""

    key: str
    number: int
    line: str
    new: str
    added: bool = False


def unit_size(text: str, program: str, served: int) -> SizeLine | None:
    """Return the change of a unit that starts this program ("node", "gunicorn", "uvicorn"), None
    for another one, or where its limit stands elsewhere. `served` are the bytes that it took."""
    lines = [line.rstrip("\r") for line in text.split("\n")[:MAX_LINES]]
    commands = [
        (number, line)
        for number, line in enumerate(lines, 1)
        if line.startswith("ExecStart=") and len(line) <= MAX_LINE
    ]
    if len(commands) != 1 or commands[0][1].endswith("\\"):
        return None
    number, line = commands[0]
    if program == "node":
        return _node(lines, number, line, served)
    if program == "gunicorn" and "uvicorn" not in line and "GUNICORN_CMD_ARGS" not in text:
        return _option(
            number, line, _GUNICORN, _GUNICORN_WORD, "--limit-request-field_size", FIELD_SIZE
        )
    if program == "uvicorn" and "gunicorn" not in line:
        return _option(
            number, line, _UVICORN, _UVICORN_WORD, "--h11-max-incomplete-event-size", SIZE
        )
    return None


def _option(
    number: int, line: str, own: re.Pattern[str], word: re.Pattern[str], key: str, size: int
) -> SizeLine | None:
    if match := own.search(line):
        new = f"{line[: match.start('value')]}{size}{line[match.end('value') :]}"
        return SizeLine(key, number, line, new) if int(match["value"]) < size else None
    at = word.search(line)
    # A shell may read what stands behind the program in another way.
    if at is None or "sh -c" in line:
        return None
    return SizeLine(key, number, line, f"{line[: at.end()]} {key} {size}{line[at.end() :]}")


def _node(lines: list[str], number: int, line: str, served: int) -> SizeLine | None:
    key = "--max-http-header-size"
    if match := _NODE.search(line):
        new = f"{line[: match.start('value')]}{SIZE}{line[match.end('value') :]}"
        return SizeLine(key, number, line, new) if int(match["value"]) < SIZE else None
    if served < NODE_SERVES or any("NODE_OPTIONS" in each for each in lines):
        return None
    command = _COMMAND.match(line)
    if command and command[0].rpartition("/")[2] in {"node", "nodejs"}:
        return SizeLine(key, number, line, f"{command[0]} {key}={SIZE}{line[command.end() :]}")
    at = next((i for i, each in enumerate(lines, 1) if _SERVICE.fullmatch(each)), 0)
    new = f"Environment=NODE_OPTIONS={key}={SIZE}"
    return SizeLine(key, at, lines[at - 1], new, added=True) if at else None


def tomcat_size(text: str, port: int) -> SizeLine | None:
    """Return the change of the <Connector> of a port in Tomcat's server.xml. maxHttpHeaderSize is
    known to every Tomcat, and newer ones take it for maxHttpRequestHeaderSize."""
    lines = [line.rstrip("\r") for line in text.split("\n")[:MAX_LINES]]
    is_comment = False
    for at, line in enumerate(lines):
        begun = is_comment or "<!--" in line
        is_comment = begun and "-->" not in line.rpartition("<!--")[2]
        head = None if begun else _CONNECTOR.match(line[:MAX_LINE])
        if head is None:
            continue
        stop = next((i for i in range(at, min(at + 30, len(lines))) if ">" in lines[i]), at)
        if not any(f'port="{port}"' in each for each in lines[at : stop + 1]):
            continue
        for number in range(at, stop + 1):
            if match := _XML_SIZE.search(lines[number][:MAX_LINE]):
                own = lines[number]
                new = f"{own[: match.start('value')]}{SIZE}{own[match.end('value') :]}"
                return SizeLine("maxHttpHeaderSize", number + 1, own, new) if new != own else None
        new = f'{head[0]} maxHttpHeaderSize="{SIZE}"{line[head.end() :]}'
        return SizeLine("maxHttpHeaderSize", at + 1, line, new)
    return None


def tomcat_response_size(text: str, port: int) -> SizeLine | None:
    """Return the change of the <Connector> of a port by which Tomcat takes larger headers of a
    response (Tomcat 10.1: maxHttpResponseHeaderSize; before it, maxHttpHeaderSize is for both)."""
    line = None if _RESPONSE_SIZE.search(text) else tomcat_size(text, port)
    if line is None:
        return None
    new = _XML_SIZE.sub(
        lambda match: f'maxHttpResponseHeaderSize="{SIZE}" {match[0]}', line.new, count=1
    )
    return SizeLine("maxHttpResponseHeaderSize", line.number, line.line, new)


def spring_response_size(text: str) -> SizeLine | None:
    """Return the change of Spring Boot's application.properties. From 3.1 the response has a
    property of its own, before it `server.max-http-header-size` is for both."""
    lines = [line.rstrip("\r") for line in text.split("\n")[:MAX_LINES]]
    for number, line in enumerate(lines, 1):
        match = _SPRING_SIZE.fullmatch(line[:MAX_LINE])
        if match is not None:
            factor = {"": 1, "K": 1024, "M": 1 << 20}[match["unit"].upper()]
            new = f"{match['head']}{SIZE // 1024}KB"
            is_small = int(match["value"]) * factor < SIZE
            return SizeLine(_SPRING_KEYS[1], number, line, new) if is_small else None
    if lines[-1:] != [""]:
        return None
    new = "\n".join(f"{key}={SIZE // 1024}KB" for key in _SPRING_KEYS)
    return SizeLine(_SPRING_KEYS[1], len(lines) - 1, "", new, added=True)


def jetty_size(text: str) -> SizeLine | None:
    """Return the change of the line in an .ini file of Jetty, which ships with it in a comment."""
    for number, line in enumerate(text.split("\n")[:MAX_LINES], 1):
        bare = line.rstrip("\r")
        if len(bare) <= MAX_LINE and (match := _JETTY.fullmatch(bare.strip())):
            return SizeLine(match["key"], number, bare, f"{match['key']}={SIZE}")
    return None
