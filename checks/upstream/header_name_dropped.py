"""nginx drops a field of the visitor because of its name: names with an underscore are ignored
unless `underscores_in_headers on` (ngx_http_core_module), other characters than letters, digits and
hyphens by `ignore_invalid_headers`. The application refuses the page, and serves it with the field.
"""

from collections.abc import Iterator

from checks.nginx import Nginx
from checks.nginx._edits import config_edits
from checks.nginx._location_edits import location_fix
from checks.upstream._comparisons import CONSEQUENCES, comparison_claim, decided_by
from diagnose.checking.registry import check
from diagnose.model import Applicability, Claim, Evidence, Fix, Manual, Severity, Where
from diagnose.model.nginx import NginxConfig
from diagnose.model.requests import ComparedRequest, LoggedComparison
from diagnose.parsers.nginx import edits
from diagnose.parsers.nginx.locations import LocationMatch, proxy_pass_of
from diagnose.parsers.nginx.proxied_request import is_ignored_name

_SETTING = "underscores_in_headers"


@check(
    severity=Severity.ERROR,
    needs=[NginxConfig],
    needs_fault=[ComparedRequest, LoggedComparison],
    explains=CONSEQUENCES,
)
def header_name_dropped(evidence: Evidence) -> Iterator[Claim]:
    for nginx, match, change in decided_by(evidence, "field"):
        name = change.request.name
        if change.request.change == "added" and is_ignored_name(match, name):
            directive = proxy_pass_of(match) or match.block
            facts = {"underscore": "_" in name}
            yield comparison_claim(nginx, match, change, directive, facts, _fix(nginx, match, name))


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
