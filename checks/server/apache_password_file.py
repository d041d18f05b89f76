"""Apache cannot open the file of users and passwords (mod_authn_file, "AuthUserFile"; AH01620): it
is not there, or Apache may not read it. Visitors are asked for a password, and each one gets 500.

The evidence is the error log since the configuration was loaded: no request of this run has a
password.
"""

import re
from collections.abc import Iterator

from checks.server import line_text, manual_fix, pages_with_status, place_text, server_on_port
from diagnose.checking.registry import check
from diagnose.model import Claim, Evidence, Severity, Subject
from diagnose.model.http import Exchange
from diagnose.model.logs import ServerRequestError
from diagnose.model.web_servers import WebServer, WebServerConfig

_LINE = re.compile(r"(?i)\s*AuthUserFile\s")

#: errno(3): permission denied.
_EACCES = 13
#: Maximum number of lines of a virtual host.
_MAX_LINES = 2000


@check(
    severity=Severity.ERROR,
    needs=[WebServer, WebServerConfig, ServerRequestError, Exchange],
    explains=["server.other-requests-failed", "websocket.unauthorized"],
)
def apache_password_file(evidence: Evidence) -> Iterator[Claim]:
    view, target = server_on_port(evidence), evidence.target
    errors = [e for e in evidence.good(ServerRequestError) if e.reason == "password-file"]
    pages = pages_with_status(evidence, 401)
    if view is None or not errors or not pages or view.server.product != "apache":
        return
    places = [
        place_text(site.file, number)
        for site in view.answering_sites
        for number in range(site.line, min(site.end, site.line + _MAX_LINES) + 1)
        if _LINE.match(line_text(view, site.file, number))
    ]
    denied = errors[0].errno == _EACCES
    yield Claim(
        about=Subject(port=target.port, path=target.path),
        covers=(Subject(port=target.port),),
        because=(errors[0], view.server, *pages),
        facts={
            **view.facts,
            "file": errors[0].file,
            "log": errors[0].log,
            "message": errors[0].message,
            "denied": denied,
            "place": places[0] if places else "",
        },
        fix=manual_fix(view, "let-it-be-read" if denied else "write-it"),
    )
