"""The application takes every visitor for one machine: by a message its log, its limits or its
lists show the address of nginx (127.0.0.1, or a container's gateway) for everybody. nginx passes on
a connection of its own, and the visitor's address only if a line says so (ngx_http_proxy_module,
proxy_set_header; RFC 7239 section 5.2).

The page itself comes, so that without a message nobody can tell whether the application wants to
know the address.
"""

from collections.abc import Iterator

from checks.nginx import file_line
from checks.nginx._edits import Changes, config_edits
from checks.nginx._location_edits import header_lines, insert_lines, location_fix
from checks.upstream._told import VISITOR_ADDRESS, passed_paths, told_text
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
from diagnose.model.nginx import NginxConfig
from diagnose.parsers.nginx.locations import proxy_pass_of, proxy_set_header_of

#: Fields in which a proxy tells the visitor's address.
_FIELDS = ("X-Forwarded-For", "X-Real-IP", "Forwarded", "X-Client-IP", "CF-Connecting-IP")
_LINES = {"X-Real-IP": "$remote_addr", "X-Forwarded-For": "$proxy_add_x_forwarded_for"}


@check(severity=Severity.WARNING, needs=[NginxConfig])
def visitor_address_missing(evidence: Evidence) -> Iterator[Claim]:
    for nginx, match, path in (
        passed_paths(evidence) if told_text(evidence, VISITOR_ADDRESS) else ()
    ):
        directive = proxy_pass_of(match)
        if directive is None or any(proxy_set_header_of(match, name) for name in _FIELDS):
            continue
        changes: Changes = {}
        insert_lines(nginx, match, header_lines(nginx, match, _LINES, changes), changes)
        file_edits = config_edits(nginx, changes)
        yield Claim(
            about=Subject(port=evidence.target.port, path=path),
            because=(nginx.config,) if nginx.config else (),
            confidence=Confidence.LIKELY,
            location=nginx.location(directive),
            facts={
                "application": directive.args[0] if directive.args else "",
                "location": " ".join((match.block.name, *match.block.args)),
                "place": file_line(directive),
            },
            fix=location_fix(nginx, match, file_edits, sure=False)
            if file_edits
            else Fix((Manual("tell-the-address", Where.SERVER),), Applicability.MANUAL),
        )
        return
