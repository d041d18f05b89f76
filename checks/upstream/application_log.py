"""What the program behind the site wrote into its own log while this run asked for the page or the
WebSocket that it did not get: an exception, something refused or missing.

The line is quoted and not understood, and other visitors may have caused it: so it is likely and
never certain. What a check understands is explained there. What the library `cookies` of Node.js
throws has a remedy of its own (Koa, Egg, Strapi): for the program, the visitor's https ends at the
proxy, until it trusts the proxy's X-Forwarded-Proto (Koa, "app.proxy"). A program that keeps to a
list of authorities of its own gets that of the server, where an administrator has added one.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from checks._unit_corrections import correction_of, correction_steps
from checks.upstream._setting_fixes import setting_fix
from checks.upstream._time_limits import limit_facts, patience_of, raising_fix, time_limits
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Confidence,
    Evidence,
    Fix,
    Manual,
    Severity,
    Subject,
    Where,
)
from diagnose.model.applications import ReadSetting
from diagnose.model.backends import BackendVisit
from diagnose.model.containers import NginxContainer
from diagnose.model.http import Exchange, Upgrade, page_exchanges
from diagnose.model.program_logs import HEADERS_TOO_LARGE, ProgramLine
from diagnose.model.web_servers import WebServer
from diagnose.parsers.linux.unit_corrections import unit_of_source
from diagnose.parsers.urls import parse_url

#: A line about these is about a WebSocket.
_WEBSOCKET_WORDS = ("websocket", "upgrade", "origin", "handshake", "socket", "scope")

#: A line about a WebSocket alone is not about a page. This run tries WebSockets too.
_NO_PAGE = ("websocket", "upgrade request")

#: What the library `cookies` throws where its program takes the visitor's request for plain http.
_SECURE_COOKIE = "Cannot send secure cookie over unencrypted connection"

#: What gunicorn writes where it ends a worker that has not answered in its time.
_WORKER_TIMEOUT = "WORKER TIMEOUT"

#: What Redis answers to a command that it does not know (redis.io, "ERR unknown command").
_UNKNOWN_COMMAND = "unknown command"

#: A program in a container, and a loopback address that refused it (Node.js, libcurl; Go, Python).
_IN_CONTAINER = re.compile(r"(?:docker|podman) logs ")
_LOOPBACK = r"((?:127\.0\.0\.1|localhost|\[?::1\]?):\d{1,5})"
_REFUSED = re.compile(rf"ECONNREFUSED {_LOOPBACK}|{_LOOPBACK}[^\n]{{0,80}}?refused")

#: A line of nginx's error log. An image may hold an application beside nginx.
_NGINX_LINE = re.compile(r"\d{4}/\d\d/\d\d [\d:]{8} \[[a-z]+\] \d+#\d+: ")

#: Who is answered so has not logged in.
_LOGINS = {401, 407}

#: What an application answers on purpose to a page.
_MEANT = {*_LOGINS, 404, 405, 410, 429}


@check(
    severity=Severity.ERROR,
    needs=[ProgramLine],
    explains=[
        "http.server-error", "http.host-refused", "server.application-silent",
        "server.backend-not-reached", "server.own-answer",
        "upstream.own-answer",
        "websocket.not-upgraded", "websocket.not-served", "websocket.unauthorized",
        "websocket.closed-after-upgrade", "websocket.socketio-refused",
    ],
)  # fmt: skip
def application_log(evidence: Evidence) -> Iterator[Claim]:
    pages, sockets = _failed_pages(evidence), _refused_websockets(evidence)
    # A web server in a container that publishes the port is the site's front, and no application.
    fronts = {server.container for server in evidence.good(WebServer)} - {""}
    own = {container.name for container in evidence.good(NginxContainer)} - {""}
    lines = [
        line
        for line in evidence.good(ProgramLine)
        if line.message
        and line.process not in fronts
        and not (line.process in own and _NGINX_LINE.match(line.message))
    ]
    line = max(lines, key=lambda line: line.weight, default=None)
    if line is None or not (pages or sockets):
        return
    severity = _severity(line, pages, sockets)
    if any(visit.succeeded and _is_of(line, visit) for visit in evidence.good(BackendVisit)):
        # Asked directly the application answers: it is not the application that fails.
        severity = Severity.NOTE
    first, port = _first(pages, sockets), evidence.target.port
    paths = dict.fromkeys(
        (*(evidence.target.path for _ in pages), *(socket.path for socket in sockets))
    )
    subjects = tuple(_subject(port, path) for path in paths)
    step = _remedy(line, evidence.target.uses_tls)
    correction = correction_of(evidence, unit_of_source(line.equivalent))
    limits, room = _ending_limits(evidence, line), _header_room(evidence, line)
    query = [read for read in evidence.good(ReadSetting) if read.topic == "query-characters"]
    yield Claim(
        about=subjects[0],
        covers=(*subjects, Subject(port=port), Subject(port=80)),
        because=(line, *pages, *sockets, *((correction,) if correction else ())),
        severity=severity,
        confidence=Confidence.LIKELY,
        facts={
            "process": line.process,
            "message": line.message,
            "command": line.equivalent,
            "paths": tuple(dict.fromkeys(path.partition("?")[0] for path in paths)),
            "status": first.status or "",
            "code": _close_code(first),
            **_redis_facts(line),
            "setting": line.setting,
            "unit": line.unit,
            "secure_cookie": step == "trust-the-proxy",
            "own_address": _own_address(line),
            "corrected": correction.lines if correction else (),
            **_setting_facts(line, room, query),
            **limit_facts(limits, patience_of(evidence)),
        },
        fix=(
            raising_fix(limits, patience_of(evidence))
            or (setting_fix(room, "raise-the-header-limit") if room else None)
            or (setting_fix(query[:1], "read-the-log") if query else None)
            or (
                Fix(correction_steps(correction, running=True), Applicability.REVIEW)
                if correction
                else None
            )
            or Fix((Manual(step, Where.APPLICATION),), Applicability.MANUAL)
        ),
    )


def _setting_facts(
    line: ProgramLine, room: Sequence[ReadSetting], query: Sequence[ReadSetting]
) -> dict[str, object]:
    """Return where the application's settings have the room for headers, and the characters of a
    query."""
    return {
        "headers": HEADERS_TOO_LARGE in line.message,
        "headers_place": room[0].place if room else "",
        "query_key": query[0].key if query else "",
        "query_place": query[0].place if query else "",
    }


def _first(pages: list[Exchange], sockets: list[Upgrade]) -> Exchange | Upgrade:
    """Return the failure that the line is about: a WebSocket that opened and was closed, whose
    address is no page, before the page."""
    closed = [socket for socket in sockets if socket.accepted]
    return (closed or pages or sockets)[0]


def _close_code(first: Exchange | Upgrade) -> int | str:
    """Return the code with which the program closed the WebSocket that it had opened, "" for
    none."""
    return (first.close_code or "") if isinstance(first, Upgrade) and first.accepted else ""


def _redis_facts(line: ProgramLine) -> dict[str, object]:
    """Return the command that Redis did not know, and what knows it: a version, or a module."""
    if _UNKNOWN_COMMAND not in line.message:
        return {"redis_command": "", "redis_since": "", "redis_module": ""}
    # Imported late: few programs ask an old Redis.
    from diagnose.parsers.redis_commands import unknown_command

    unknown = unknown_command(line.message)
    return {
        "redis_command": unknown.command if unknown else "",
        "redis_since": unknown.since if unknown else "",
        "redis_module": unknown.module if unknown else "",
    }


def _ending_limits(evidence: Evidence, line: ProgramLine) -> tuple[ReadSetting, ...]:
    """Return the limit of time by which gunicorn ended the worker that had the request."""
    return time_limits(evidence) if _WORKER_TIMEOUT in line.message else ()


def _header_room(evidence: Evidence, line: ProgramLine) -> tuple[ReadSetting, ...]:
    """Return the line by which Tomcat takes the headers that it could not write; () if its file was
    not read."""
    reads = evidence.good(ReadSetting) if HEADERS_TOO_LARGE in line.message else ()
    return tuple(read for read in reads if read.topic == "response-header-limit")[:1]


def _is_of(line: ProgramLine, visit: BackendVisit) -> bool:
    """Return whether the program that wrote the line was asked; other programs of the server are
    asked too."""
    url = parse_url(visit.target)
    return url is None or not line.endpoint.isdecimal() or str(url.port) == line.endpoint


def _subject(port: int, path: str) -> Subject:
    """Return the subject of a path, which is shown without its query: that may be a password."""
    bare, question_mark, _ = path.partition("?")
    subject = Subject(port=port, path=path)
    text = str(Subject(port=port, path=bare)) if question_mark else ""
    return replace(subject, text=text) if text else subject


def _remedy(line: ProgramLine, uses_tls: bool) -> str:
    """Return the step that mends what the line says."""
    if line.setting:
        return "allow-it"
    if _redis_facts(line)["redis_command"]:
        return "update-redis"
    if HEADERS_TOO_LARGE in line.message:
        return "raise-the-header-limit"
    if _own_address(line):
        return "name-the-container"
    return "trust-the-proxy" if uses_tls and _SECURE_COOKIE in line.message else "read-the-log"


def _own_address(line: ProgramLine) -> str:
    """Return the loopback address that refused a program in a container: the container's own."""
    refused = _REFUSED.search(line.message) if _IN_CONTAINER.match(line.equivalent) else None
    return refused[1] or refused[2] if refused else ""


def _failed_pages(evidence: Evidence) -> list[Exchange]:
    return [
        page
        for page in page_exchanges(evidence)
        if (page.status or 999) >= 400 and page.status not in _LOGINS
    ]


def _refused_websockets(evidence: Evidence) -> list[Upgrade]:
    upgrades = [upgrade for upgrade in evidence.of(Upgrade) if upgrade.is_visit]
    if any(map(_is_open, upgrades)):
        return []
    return [] if _wrote_of_others(evidence, upgrades) else upgrades


def _wrote_of_others(evidence: Evidence, visits: list[Upgrade]) -> bool:
    """Return whether the visitor's handshake was only asked to log in, and a changed one of this
    run, such as one from a foreign Origin, was refused in another way: the line is about that."""
    paths = {visit.path for visit in visits}
    is_login = all(visit.status in _LOGINS for visit in visits)
    return is_login and any(
        not upgrade.is_visit
        and upgrade.variant != "normal"
        and upgrade.path in paths
        and (upgrade.status or 0) >= 400
        and upgrade.status not in _LOGINS
        for upgrade in evidence.of(Upgrade)
    )


def _is_open(upgrade: Upgrade) -> bool:
    """Return whether a WebSocket opened and did not end with an error at once."""
    return upgrade.accepted and upgrade.close_code in {None, 1000, 1001}


def _severity(line: ProgramLine, pages: list[Exchange], sockets: list[Upgrade]) -> Severity:
    """Return a note for a line that need not be about the failure."""
    if any((page.status or 999) >= 500 for page in pages):
        return Severity.ERROR
    if sockets:
        is_about = any(word in line.message.lower() for word in _WEBSOCKET_WORDS)
        return Severity.ERROR if line.weight > 1 or is_about else Severity.NOTE
    is_meant = all(page.status in _MEANT for page in pages)
    is_other = any(word in line.message.lower() for word in _NO_PAGE)
    return Severity.NOTE if is_meant or is_other or line.weight == 1 else Severity.WARNING
