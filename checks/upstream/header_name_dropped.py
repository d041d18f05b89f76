"""nginx drops a field of the visitor because of its name: names with an underscore are ignored
unless `underscores_in_headers on` (ngx_http_core_module), other characters than letters, digits and
hyphens by `ignore_invalid_headers`. The application refuses the page, and serves it with the field.

A message may name the field, which the run itself does not send ("the header x_user does not
arrive"); then the configuration shows that nginx drops it.
"""

import re
from collections.abc import Iterator

from checks.nginx import Nginx, file_line
from checks.nginx._edits import config_edits
from checks.nginx._location_edits import location_fix
from checks.upstream._comparisons import CONSEQUENCES, comparison_claim, decided_by
from checks.upstream._told import passed_paths, told_text
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
from diagnose.parsers.nginx import edits
from diagnose.parsers.nginx.locations import LocationMatch, proxy_pass_of
from diagnose.parsers.nginx.proxied_request import is_ignored_name

_SETTING = "underscores_in_headers"
#: A message about a field of a request, and a name with an underscore in it. Not meant are
#: variables (`$http_x`, `HTTP_X_USER`) and directives (`proxy_set_header`).
_HEADER = re.compile(r"header|请求头|头部|头信息", re.IGNORECASE)
_NAME = re.compile(
    r"(?<![A-Za-z0-9_$-])(?=[a-z0-9_]{0,63}[a-z])"
    r"[A-Za-z0-9]{1,32}(?:_[A-Za-z0-9]{1,32}){1,4}(?![A-Za-z0-9_-])"
)
_DIRECTIVE = re.compile(r"headers?$|^(?:proxy|http|fastcgi|uwsgi|grpc|nginx|add|sub)_")


@check(
    severity=Severity.ERROR,
    needs=[NginxConfig],
    explains=[*CONSEQUENCES, "upstream.own-answer"],
)
def header_name_dropped(evidence: Evidence) -> Iterator[Claim]:
    is_decided = False
    for nginx, match, change in decided_by(evidence, "field"):
        name = change.request.name
        if change.request.change == "added" and is_ignored_name(match, name):
            directive = proxy_pass_of(match) or match.block
            facts = {"underscore": "_" in name, "told": False}
            is_decided = True
            yield comparison_claim(nginx, match, change, directive, facts, _fix(nginx, match, name))

    if not is_decided:
        yield from _told(evidence)


def _told(evidence: Evidence) -> Iterator[Claim]:
    """Yield the claim about the field that the message names."""
    names = [
        name
        for name in _NAME.findall(told_text(evidence, _HEADER))
        if not _DIRECTIVE.search(name.lower())
    ]
    for nginx, match, path in passed_paths(evidence) if names else ():
        if not is_ignored_name(match, names[0]):
            continue
        directive = proxy_pass_of(match) or match.block
        yield Claim(
            about=Subject(port=evidence.target.port, path=path),
            because=(nginx.config,) if nginx.config else (),
            confidence=Confidence.LIKELY,
            severity=Severity.WARNING,
            location=nginx.location(directive),
            facts={
                "url": evidence.target.origin + path,
                "name": names[0],
                "place": file_line(directive),
                "application": directive.args[0] if directive.args else "",
                "underscore": True,
                "told": True,
                "status": "",
                "other_status": "200",
            },
            fix=_fix(nginx, match, names[0]),
        )
        return


def _fix(nginx: Nginx, match: LocationMatch, name: str) -> Fix:
    """Accept underscores in the server block. It concerns all fields of all visitors."""
    server = match.blocks[1]
    file = nginx.file(server)
    if "_" in name and file is not None and match.directive(_SETTING) is None:
        change = edits.insert_first(file.text, server, [f"{_SETTING} on;"])
        file_edits = config_edits(nginx, {server.file: [change]})
        if file_edits:
            return location_fix(nginx, match, file_edits, sure=False)
    return Fix((Manual("accept-the-name", Where.SERVER),), Applicability.MANUAL)
