"""nginx passed the page on to Apache on the same server, Apache answered with an error, and its own
error log says why. nginx passes such an answer on and logs nothing about it."""

from collections.abc import Iterator

from checks.server import reload_steps
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
from diagnose.model.http import Exchange, error_pages
from diagnose.model.logs import ServerRequestError
from diagnose.model.web_servers import WebServer

#: Reasons that the page explains. An .htaccess and the permissions of a file count at once.
_EXPLAINED = ("htaccess", "permission", "socket", "denied", "recursion", "handler")
_AT_ONCE = {"htaccess", "permission", "socket"}
#: Statuses below 500 that are a fault only where the operating system refuses Apache itself.
_FAULTS = {"htaccess", "permission", "socket", "recursion", "handler"}


@check(
    severity=Severity.ERROR,
    needs=[WebServer, ServerRequestError, Exchange],
    explains=["http.server-error", "http.answer-says-why"],
)
def failed_behind(evidence: Evidence) -> Iterator[Claim]:
    target = evidence.target
    error = next(
        (
            server_request_error
            for server_request_error in evidence.good(ServerRequestError)
            if server_request_error.behind
        ),
        None,
    )
    pages = error_pages(evidence)
    servers = [
        server for server in evidence.good(WebServer) if error and error.behind in server.ports
    ]
    if error is None or not pages or not servers:
        return
    status = pages[0].status or 0
    steps = () if error.reason in _AT_ONCE else reload_steps(servers[0])
    subject = Subject(port=target.port, path=target.path_without_query)
    yield Claim(
        about=subject,
        covers=(subject, Subject(port=target.port)),
        because=(error, servers[0], *pages),
        confidence=Confidence.LIKELY if error.reason == "logged" else Confidence.CERTAIN,
        severity=(Severity.ERROR if status >= 500 or error.reason in _FAULTS else Severity.NOTE),
        facts={
            "server": servers[0].title,
            "behind": error.behind,
            "url": pages[0].url,
            "status": status,
            "message": error.message,
            "log": error.log,
            "command": error.equivalent,
            "file": error.file,
            **dict.fromkeys(_EXPLAINED, False),
            **({error.reason: True} if error.reason in _EXPLAINED else {}),
        },
        fix=Fix((Manual("read-the-line", Where.SERVER), *steps), Applicability.MANUAL),
    )
