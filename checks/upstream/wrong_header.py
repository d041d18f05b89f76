"""One header field that nginx sets or drops makes the application refuse the page.

`proxy_set_header Connection "upgrade"` on every request is the usual one: it asks for an upgrade
that the visitor did not ask for (RFC 9110 section 7.8), and some applications answer 400. The
evidence is the application itself: it serves the page without this field, and refuses it again
with it.
"""

from collections.abc import Iterator

from checks.nginx import Nginx, _location_edits
from checks.nginx._edits import Changes, config_edits
from checks.upstream._comparisons import (
    CONSEQUENCES,
    DecisiveChange,
    comparison_claim,
    decided_by,
)
from diagnose.checking.registry import check
from diagnose.model import Applicability, Claim, Evidence, Fix, Manual, Severity, Where
from diagnose.model.nginx import Directive, NginxConfig
from diagnose.model.requests import ComparedRequest, LoggedComparison
from diagnose.parsers.base_path_references import FOLDER_FIELDS
from diagnose.parsers.nginx import edits
from diagnose.parsers.nginx.locations import LocationMatch, proxy_pass_of, proxy_set_header_of
from diagnose.parsers.nginx.proxied_request import (
    CLIENT_ADDRESS_FIELDS,
    SCHEME_FIELD,
    is_ignored_name,
)

_OTHER_CHECKS = {*CLIENT_ADDRESS_FIELDS, SCHEME_FIELD.lower(), "host"}


@check(
    severity=Severity.ERROR,
    needs=[NginxConfig],
    needs_fault=[ComparedRequest, LoggedComparison],
    explains=CONSEQUENCES,
)
def wrong_header(evidence: Evidence) -> Iterator[Claim]:
    for nginx, match, change in decided_by(evidence, "field"):
        name = change.request.name.lower()
        is_dropped = change.request.change == "added"
        if name in _OTHER_CHECKS or (is_dropped and is_ignored_name(match, name)):
            continue
        directive = proxy_set_header_of(match, name)
        passed_on = name == "authorization" and directive is None
        reported = directive or proxy_pass_of(match) or match.block
        yield comparison_claim(
            nginx,
            match,
            change,
            reported,
            {
                "dropped": is_dropped,
                "passed_on": passed_on,
                "set": change.request.change != "added" and not passed_on,
                "folder": change.request.value if name in FOLDER_FIELDS else "",
                "upgrade": name in {"connection", "upgrade"},
            },
            _fix(nginx, match, change, directive),
        )


def _fix(
    nginx: Nginx, match: LocationMatch, change: DecisiveChange, directive: Directive | None
) -> Fix:
    name = change.request.name
    changes: Changes = {}
    if directive is None:
        lines = _location_edits.header_lines(nginx, match, {name: '""'}, changes)
        _location_edits.insert_lines(nginx, match, lines, changes)
    elif name.lower() in {"connection", "upgrade"}:
        value = "$http_upgrade"
        if name.lower() == "connection":
            value = _location_edits.upgrade_variable(nginx, match, changes) or '""'
        line = f"proxy_set_header {name} {value};"
        changes.setdefault(directive.file, []).append(edits.replace_directive(directive, line))
    elif name.lower() in FOLDER_FIELDS and change.request.value:
        line = f"proxy_set_header {name} {change.request.value};"
        changes.setdefault(directive.file, []).append(edits.replace_directive(directive, line))
    elif file := nginx.file(directive):
        changes.setdefault(directive.file, []).append(edits.remove_directive(file.text, directive))
    file_edits = config_edits(nginx, changes)
    if not file_edits:
        return Fix((Manual("change-the-field", Where.SERVER),), Applicability.MANUAL)
    is_upgrade = name.lower() in {"connection", "upgrade"}
    return _location_edits.location_fix(nginx, match, file_edits, sure=is_upgrade)
