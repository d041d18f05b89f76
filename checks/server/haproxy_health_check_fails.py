"""HAProxy takes every server of the backend for dead and answers 503, although they work: the
health check ("option httpchk") gets another answer than visitors would.

The usual reasons: it sends no Host and the application knows only its own name (Django's
ALLOWED_HOSTS), it asks a path that is not there, or the path of a WebSocket.
"""

import re
from collections.abc import Iterator

from checks.server import line_edit, line_text, reload_steps
from checks.server._haproxy import (
    HaproxyView,
    haproxy_view,
    insert_after,
    lacks_check_ssl,
    place,
    refused_visits,
    replace,
)
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Confidence,
    Edit,
    Evidence,
    Fix,
    Manual,
    Severity,
    Subject,
    Where,
)
from diagnose.model.frozen import frozen
from diagnose.model.haproxy import HaproxyTry, ServerState
from diagnose.model.http import Exchange
from diagnose.model.web_servers import WebServer, WebServerConfig
from diagnose.parsers.haproxy.addresses import servers_of
from diagnose.parsers.haproxy.config import Line
from diagnose.parsers.haproxy.health_checks import HttpCheck, http_check

#: What an application answers to those who have not signed in.
_STRANGER = {401, 403}

#: What an application answers on purpose to say that it is not well.
_UNWELL = {500, 502, 503, 504}


@frozen
class FailedCheck:
    """A server that HAProxy does not use, with the answer to the page and the status of that to the
    health check, None if the check got an empty answer, for this reason."""

    page: HaproxyTry
    status: int | None
    state: ServerState | None
    reason: str = ""


@check(
    severity=Severity.ERROR,
    needs=[WebServer, WebServerConfig, HaproxyTry, Exchange],
    explains=[
        "server.application-answers",
        "http.server-error",
        "tls.closed",
        "tls.reset",
        "websocket.*",
    ],
)
def haproxy_health_check_fails(evidence: Evidence) -> Iterator[Claim]:
    haproxy, port = haproxy_view(evidence), evidence.target.port
    backend = haproxy.proxies.backend if haproxy else None
    http = http_check(backend) if backend else None
    if haproxy is None or backend is None or http is None or _has_server(haproxy, backend.name):
        return
    visits, failed = refused_visits(haproxy), _failed_check(haproxy, http)
    is_plain = any(lacks_check_ssl(haproxy.proxies, server) for server in servers_of(backend))
    if not visits or failed is None or is_plain:
        return
    named = _named_answer(haproxy, http, failed)
    is_unwell = failed.status in _UNWELL and named is None
    # The page itself may want a login: then that answer says that the application is well.
    is_login = _is_login(haproxy, http, failed)
    edit = None if is_unwell else _edit(haproxy, http, failed, is_login)
    good = named or (failed.page if http.accepts(failed.page.status or 0) else None)
    is_choice = is_login or _is_refused_success(http, failed, named) or bool(_own_ports(haproxy))
    steps = (edit,) if edit else (Manual("unwell" if is_unwell else "ask-right", Where.SERVER),)
    status = (haproxy.status,) if haproxy.status else ()
    yield Claim(
        about=Subject(port=port, text=backend.name),
        covers=(Subject(port=port),),
        because=(
            *visits,
            *haproxy.tries_for("page"),
            *haproxy.tries_for("check"),
            *haproxy.tries_for("named-check"),
            *status,
        ),
        facts={
            **haproxy.view.facts,
            "backend": backend.name,
            "request": f"{http.method} {http.path}",
            "status": failed.status or "",
            "check_result": failed.reason,
            "page_status": failed.page.status,
            "page": failed.page.path,
            "named_status": (named.status or "") if named else "",
            "good_path": good.path if good else "",
            "place": place(http.line),
            "unwell": is_unwell,
            "expected": " ".join(http.expect.words[2:]) if http.expect and failed.status else "",
            "well": _is_refused_success(http, failed, named),
            "port": next((line.after("port") for line in _own_ports(haproxy)), ""),
            "login": is_login,
            "no_host": not any(name.lower() == "host" for name, _ in http.fields),
            "command": failed.page.equivalent,
        },
        confidence=Confidence.CERTAIN if failed.state and not is_unwell else Confidence.LIKELY,
        ruled_out=("server.application-down",),
        fix=Fix(
            (*steps, *reload_steps(haproxy.view.server)),
            Applicability.MANUAL
            if edit is None
            else Applicability.REVIEW
            if is_choice
            else Applicability.AUTOMATIC,
        ),
    )


def _has_server(haproxy: HaproxyView, backend: str) -> bool:
    """Return whether the statistics show a server of the backend that HAProxy uses."""
    states = haproxy.status.of_backend(backend) if haproxy.status else ()
    return any(not state.is_down and not state.state.startswith("MAINT") for state in states)


def _failed_check(haproxy: HaproxyView, http: HttpCheck) -> FailedCheck | None:
    """Return a server that answers the page, and whose health check gets a refused answer."""
    backend = haproxy.proxies.backend
    states = haproxy.status.of_backend(backend.name) if haproxy.status and backend else ()
    for page in haproxy.tries_for("page"):
        if page.status is None or page.status >= 500:
            continue
        state = next((state for state in states if state.name == page.name), None)
        check_attempts = (
            attempt for attempt in haproxy.tries_for("check") if attempt.name == page.name
        )
        answer = next((attempt.status for attempt in check_attempts if attempt.status), None)
        status = state.code if state and state.check.startswith("L7") else None
        failures = [
            attempt.failure.message
            for attempt in haproxy.tries_for("check")
            if attempt.name == page.name and attempt.failure
        ]
        # For HAProxy an empty answer is an error of the socket, if the connection opened.
        # Other checks without a status are server.haproxy-no-server's.
        if state and state.check == "SOCKERR" and failures and (page.status or 0) < 400:
            return FailedCheck(page, None, state, state.detail or failures[0])
        if states and status is None:
            continue
        status = status or answer
        if status is not None and http.accepts(status) is False:
            return FailedCheck(page, status, state)
    return None


def _is_login(haproxy: HaproxyView, http: HttpCheck, failed: FailedCheck) -> bool:
    """Return whether the page and the health check get the same refusal of a stranger."""
    status = failed.page.status
    is_new = not _is_old(haproxy.view.server.version)
    return status in _STRANGER and status == failed.status and http.expect is None and is_new


def _edit(haproxy: HaproxyView, http: HttpCheck, failed: FailedCheck, login: bool) -> Edit | None:
    """Let the health check ask for the page, as visitors do, if that is answered rightly; or take
    the refusal of a stranger for an answer."""
    page, view = failed.page, haproxy.view
    named = _named_answer(haproxy, http, failed)
    own = haproxy.proxies.backend.lines if haproxy.proxies.backend else ()
    if login and http.line in own:
        return insert_after(view, http.line, f"http-check expect status 200-399,{page.status}")
    if _own_ports(haproxy):
        return _without_ports(haproxy)
    if http.expect and http.expect in own and _is_refused_success(http, failed, named):
        return replace(view, http.expect, f"http-check expect status {failed.status}")
    method, path = (http.method, http.path) if named else ("GET", page.path)
    right = named is not None or (page.status is not None and http.accepts(page.status))
    is_plain = http.send is None or not {"body", "body-lf", "hdr-lf", "uri-lf"} & set(
        http.send.words
    )
    if not right or not is_plain or http.line not in own:
        return None
    host = haproxy.proxies.own_host or view.evidence.target.authority
    text = f"{method}{host}{path}"
    if not text.isascii() or set(text) & set(" \t\"'\\#$%"):
        return None
    # The page was asked for with this field: without it, an application may redirect to https.
    is_forwarded = named is None
    if _is_old(view.server.version):
        fields = rf"Host:\ {host}" + (r"\r\nX-Forwarded-Proto:\ https" if is_forwarded else "")
        return replace(view, http.line, rf"option httpchk {method} {path} HTTP/1.1\r\n{fields}")
    fields = f"hdr Host {host}" + (" hdr X-Forwarded-Proto https" if is_forwarded else "")
    send = f"http-check send meth {method} uri {path} ver HTTP/1.1 {fields}"
    if http.send is not None:
        return replace(view, http.send, send) if http.send in own else None
    return replace(view, http.line, "option httpchk", send)


def _named_answer(haproxy: HaproxyView, http: HttpCheck, failed: FailedCheck) -> HaproxyTry | None:
    """Return the right answer to the check's own request with the site's name; None for none. Other
    fields of the check would be lost with the line that an edit writes."""
    if any(name.lower() != "host" for name, _ in http.fields):
        return None
    return next(
        (
            attempt
            for attempt in haproxy.tries_for("named-check")
            if attempt.name == failed.page.name and attempt.status and http.accepts(attempt.status)
        ),
        None,
    )


def _is_refused_success(
    http: HttpCheck, failed: FailedCheck, named: HaproxyTry | None = None
) -> bool:
    """Return whether the application says that it is well, by another status than is expected. A
    redirect says so too, as for HAProxy without an expectation, where nothing that is known to
    get the expected status can be asked for instead."""
    status, page = failed.status or 0, failed.page.status or 0
    if http.expect is None or not 200 <= status < 400:
        return False
    return status < 300 or (named is None and page < 400 and not http.accepts(page))


def _own_ports(haproxy: HaproxyView) -> list[Line]:
    """Return the lines of the servers that are checked at a port of their own ("port")."""
    backend = haproxy.proxies.backend
    servers = servers_of(backend) if backend else ()
    return [
        server.line for server in servers if server.line.after("port") not in {"", str(server.port)}
    ]


def _without_ports(haproxy: HaproxyView) -> Edit | None:
    changes: dict[int, tuple[str, ...]] = {}
    lines = _own_ports(haproxy)
    for line in lines:
        text = line_text(haproxy.view, line.file, line.number)
        pattern = rf"\s+port\s+{re.escape(line.after('port'))}(?=\s|$)"
        if len(re.findall(pattern, text)) != 1:
            return None
        changes[line.number] = (re.sub(pattern, "", text),)
    files = {line.file for line in lines}
    return line_edit(haproxy.view, files.pop(), changes) if len(files) == 1 else None


def _is_old(version: str) -> bool:
    """Return whether it has no "http-check send" (before 2.2)."""
    numbers = [int(part) for part in version.split(".")[:2] if part.isascii() and part.isdigit()]
    return len(numbers) == 2 and tuple(numbers) < (2, 2)
