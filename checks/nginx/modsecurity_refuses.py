"""ModSecurity, a firewall for requests inside nginx, refused the page or the WebSocket: its line in
nginx's error log names the rule (ModSecurity-nginx, "ModSecurity: Access denied with code …").

With the OWASP rules the line that denies is the one of the sum (949110); the rules that count are
in ModSecurity's own audit log.
"""

import re
from collections.abc import Iterator

from checks.nginx import Nginx
from checks.nginx._page_errors import PageError, page_claim, page_directive, page_error, path_error
from diagnose.checking.registry import check
from diagnose.model import Claim, Evidence, Severity, Subject
from diagnose.model.logs import LogLine
from diagnose.model.websocket_attempts import websocket_attempts

_DENIED = re.compile(r"(?:\[client [^\]]{1,64}\] )?ModSecurity: Access denied with code (\d{3})")
_FIELD = re.compile(r"\[(id|msg) \"([^\"]{1,200})\"\]")

#: What ModSecurity answers by default, and what administrators set.
_STATUSES = {400, 403, 404, 406, 418, 429, 444}


@check(
    severity=Severity.ERROR,
    needs=[LogLine],
    explains=["websocket.unauthorized", "websocket.not-upgraded", "http.server-error"],
)
def modsecurity_refuses(evidence: Evidence) -> Iterator[Claim]:
    nginx = Nginx.of(evidence)
    if error := page_error(evidence, _DENIED, _STATUSES):
        yield _claim(nginx, error, ())
    for attempt in websocket_attempts(evidence):
        is_refused = not attempt.first.accepted and attempt.first.status in _STATUSES
        path = attempt.path.partition("?")[0]
        if is_refused and (error := path_error(evidence, _DENIED, path, attempt.same)):
            yield _claim(nginx, error, attempt.subjects)
            return


def _claim(nginx: Nginx, error: PageError, sockets: tuple[Subject, ...]) -> Claim:
    fields = dict(_FIELD.findall(error.line.text))
    rule = fields.get("id", "")
    facts = {
        "path": error.line.path,
        "rule": rule,
        "why": fields.get("msg", ""),
        "sum": rule in {"949110", "959100"},
    }
    directive = page_directive(nginx, "modsecurity_rules_file", error.line.path)
    return page_claim(nginx, error, facts, "exclude", directive, sockets)
