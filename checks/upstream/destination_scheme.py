"""WebDAV behind nginx: the application refuses to move or copy, because `Destination` names https
and its own requests come over http (RFC 4918 section 10.3: a resource of another server is refused
with 502).

nginx passes the field on as it is. The access log has the refused MOVE or COPY, which this program
does not send; the error log has nothing about it, so that the answer is the application's own. An
application that is an nginx itself (ngx_http_dav_module) writes that the field is invalid.
"""

from collections.abc import Iterator

from checks.nginx import Nginx, _location_edits, file_line
from checks.nginx._edits import Changes, config_edits
from checks.nginx._failed_requests import current_failures
from checks.nginx._page_errors import logged_errors
from checks.upstream._gateways import request_matches
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
from diagnose.model.logs import FailedRequests
from diagnose.model.nginx import NginxConfig
from diagnose.parsers.nginx import edits
from diagnose.parsers.nginx.locations import LocationMatch, proxy_pass_of, proxy_set_header_of
from diagnose.parsers.nginx.variables import map_of

_RELOCATIONS = {"MOVE", "COPY"}
#: The status of RFC 4918 section 9.9.4, and that of nginx's own WebDAV.
_STATUSES = {400, 502}
#: How nginx begins what it writes about the field.
_INVALID = 'client sent invalid "'
_FIELD, _VARIABLE = "Destination", "plain_destination"
_MAP = [
    f"map $http_destination ${_VARIABLE} {{",
    "  default $http_destination;",
    "  ~*^https://(?<plain_rest>.*)$ http://$plain_rest;",
    "}",
    "",
]


@check(
    severity=Severity.WARNING,
    needs=[NginxConfig, FailedRequests],
    explains=["nginx.other-requests-failed"],
)
def destination_scheme(evidence: Evidence) -> Iterator[Claim]:
    nginx = Nginx.of(evidence)
    for failure in current_failures(evidence, _STATUSES) if evidence.target.uses_tls else ():
        lines = [line for line, _ in logged_errors(evidence, "", failure.path)]
        is_logged = not all(line.text.startswith(_INVALID) for line in lines)
        match = next(iter(request_matches(nginx, failure.path)), None)
        directive = proxy_pass_of(match) if match else None
        if failure.method not in _RELOCATIONS or is_logged or match is None or directive is None:
            continue
        is_plain = directive.args[:1] != () and directive.args[0].startswith("http://")
        if not is_plain or proxy_set_header_of(match, _FIELD) is not None:
            continue
        yield Claim(
            about=Subject(port=evidence.target.port, path=failure.path),
            because=(failure, *nginx.configs),
            confidence=Confidence.LIKELY,
            location=nginx.location(directive),
            facts={
                "url": evidence.target.origin + failure.path,
                "method": failure.method,
                "status": failure.status,
                "times": failure.times,
                "target": directive.args[0],
                "place": file_line(directive),
            },
            fix=_fix(nginx, match),
        )
        return


def _fix(nginx: Nginx, match: LocationMatch) -> Fix:
    """Pass the field on with the scheme of the application's own requests, and the name that it is
    compared with."""
    http, server = match.blocks[0], match.blocks[1]
    file, changes = nginx.file(server), Changes()
    if file is not None and not map_of(http, _VARIABLE):
        changes[file.path] = [edits.insert_before(file.text, server, _MAP)]
    headers = {_FIELD: f"${_VARIABLE}"}
    if proxy_set_header_of(match, "Host") is None:
        headers["Host"] = "$http_host"
    lines = _location_edits.header_lines(nginx, match, headers, changes)
    _location_edits.insert_lines(nginx, match, lines, changes)
    file_edits = config_edits(nginx, changes)
    if not file_edits:
        return Fix((Manual("rewrite-the-field", Where.SERVER),), Applicability.MANUAL)
    return _location_edits.location_fix(nginx, match, file_edits, sure=False)
