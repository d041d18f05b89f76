"""nginx's patience with an upload is known, and it ran out: nginx's access log has 408 for an
upload, or a pasted message says 408 Request Timeout. Between two pieces of a request's body nginx
waits for `client_body_timeout`, 60s by default (ngx_http_core_module). It logs the reason at level
info only.

A sender who was not seen again after the 408 may have left the network: that is no fault
(`stalled_uploads`).
"""

from collections.abc import Iterator

from checks.http import endpoint_subjects
from checks.nginx import Nginx, file_line
from checks.nginx._edits import Changes
from checks.nginx._failed_requests import current_failures
from checks.nginx._location_edits import setting_fix
from checks.upstream._edits import edit_fix
from diagnose.checking.registry import check
from diagnose.model import (
    Claim,
    Confidence,
    Evidence,
    Fix,
    Severity,
    Subject,
    merge_subjects,
)
from diagnose.model.http import Exchange, page_exchanges
from diagnose.model.nginx import Directive, NginxConfig
from diagnose.parsers.nginx.config import seconds
from diagnose.parsers.nginx.edits import insert_first, replace_directive
from diagnose.parsers.nginx.locations import LocationMatch
from diagnose.parsers.stalled_uploads import TIMED_OUT, is_reported

#: Seconds. nginx's default, and a patience that mobile networks hardly outlast.
_DEFAULT, _LONG = 60.0, 300.0
_NAME = "client_body_timeout"


@check(
    severity=Severity.WARNING,
    needs=[NginxConfig, Exchange],
    explains=["nginx.other-requests-failed"],
    names_requests=True,
)
def body_timeout(evidence: Evidence) -> Iterator[Claim]:
    nginx = Nginx.of(evidence)
    pages = list(page_exchanges(evidence))
    stalled = current_failures(evidence, {TIMED_OUT})
    path = stalled[0].path if stalled else evidence.target.path
    match = next(iter(nginx.location_matches(path)), None)
    if not (stalled or is_reported(evidence.target.symptom)) or not pages or match is None:
        return
    directive = match.directive(_NAME)
    limit = seconds(directive.args[0]) if directive and directive.args else _DEFAULT
    if limit is None or limit >= _LONG:
        return
    subjects = endpoint_subjects(pages)
    if stalled:
        subjects = tuple(
            dict.fromkeys(Subject(port=evidence.target.port, path=each.path) for each in stalled)
        )
    yield Claim(
        about=merge_subjects(subjects),
        covers=subjects,
        because=(*(stalled or pages), *nginx.configs),
        confidence=Confidence.LIKELY,
        location=nginx.location(directive or match.block),
        facts={
            "limit": f"{limit:g}s",
            "place": file_line(directive or match.block),
            "set": directive is not None,
            "logged": bool(stalled),
            "method": stalled[0].method if stalled else "",
            "url": evidence.target.origin + path,
            "last": stalled[0].written if stalled else "",
            "log": stalled[0].file if stalled else "",
        },
        fix=setting_fix(nginx, match, {_NAME: f"{_LONG:g}s"}, "wait-longer")
        if stalled
        else _site_fix(nginx, match, directive),
    )


def _site_fix(nginx: Nginx, match: LocationMatch, directive: Directive | None) -> Fix:
    """Wait longer where the time is set, or in the whole site: a message does not say which path
    took the upload. How long, a person confirms."""
    line = f"{_NAME} {_LONG:g}s;"
    server = next((block for block in match.blocks if block.name == "server"), match.block)
    file = nginx.file(server)
    changes: Changes = {}
    if directive is not None:
        changes[directive.file] = [replace_directive(directive, line)]
    elif file is not None:
        changes[server.file] = [insert_first(file.text, server, [line])]
    return edit_fix(nginx, changes, "wait-longer", sure=False)
