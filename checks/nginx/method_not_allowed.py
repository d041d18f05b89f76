"""405 Not Allowed: a POST (or another method than GET and HEAD) reaches a location that serves
files. nginx's module for static files refuses it (ngx_http_static_module). Usually the path belongs
to an application, and no location passes it on.

It is judged if the method was asked for (`--method POST`), or if a pasted message says 405. Where
`dav_methods` lets visitors change files, it may lack the method of the message
(ngx_http_dav_module).
"""

import re
from collections.abc import Iterator
from itertools import islice

from checks.http import endpoint_subjects
from checks.nginx import Nginx, file_line
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Confidence,
    Evidence,
    Fix,
    Manual,
    Severity,
    Where,
    merge_subjects,
)
from diagnose.model.http import Exchange, page_exchanges
from diagnose.model.nginx import NginxConfig
from diagnose.parsers.http import proxy_page
from diagnose.parsers.nginx import upstreams
from diagnose.parsers.nginx.config import children
from diagnose.parsers.nginx.locations import LocationMatch, all_locations

#: Methods that change files (ngx_http_dav_module), and others that a message names.
_CHANGES = {"PUT", "DELETE", "MKCOL", "COPY", "MOVE"}
_METHOD = re.compile(r"\b(?:POST|PUT|PATCH|DELETE|OPTIONS|MKCOL|COPY|MOVE)\b(?= )")


@check(
    severity=Severity.WARNING,
    needs=[NginxConfig, Exchange],
    explains=["nginx.cors-header-lost"],
)
def method_not_allowed(evidence: Evidence) -> Iterator[Claim]:
    nginx, symptom = Nginx.of(evidence), evidence.target.symptom
    refused = [page for page in page_exchanges(evidence) if _is_refused(page)]
    is_pasted = symptom is not None and symptom.kind == "status" and symptom.number == 405
    pages = refused or (list(page_exchanges(evidence)) if is_pasted else [])
    told = _METHOD.search(symptom.text) if symptom and not refused else None
    method = pages[0].method if refused else told[0] if told else "POST"
    match = _file_location(nginx, method)
    if not pages or match is None:
        return
    lists = children(match.block, "dav_methods")
    subjects = endpoint_subjects(pages)
    fallback = match.directive("try_files")
    applications = tuple(islice(_applications(nginx), 4))
    yield Claim(
        about=merge_subjects(subjects),
        covers=subjects,
        because=(*pages, *([nginx.config] if nginx.config else [])),
        confidence=Confidence.CERTAIN if refused else Confidence.LIKELY,
        location=nginx.location(match.block),
        facts={
            "url": pages[0].url,
            "path": evidence.target.path,
            "method": method,
            "dav": " ".join((lists[0].name, *lists[0].args)) if lists else "",
            "asked": bool(refused),
            "location": " ".join((match.block.name, *match.block.args)),
            "place": file_line(match.block),
            "fallback": " ".join(fallback.args) if fallback else "",
            "applications": applications,
        },
        fix=Fix(
            (Manual("allow-the-method" if lists else "pass-on", Where.SERVER),),
            Applicability.MANUAL,
        ),
    )


def _is_refused(page: Exchange) -> bool:
    """Return whether nginx itself refuses the method."""
    return (
        page.failure is None
        and page.status == 405
        and page.method not in {"GET", "HEAD"}
        and proxy_page(page.body) == "nginx"
    )


def _file_location(nginx: Nginx, method: str) -> LocationMatch | None:
    """Return the location or server block that serves files for the target's path, and does not let
    visitors change them by this method."""
    path = nginx.evidence.target.path
    for selected in nginx.selected_servers():
        match = upstreams.final_location(selected.server, path)
        answers = any(children(match.block, name) for name in ("return", "stub_status"))
        changes = [word for line in children(match.block, "dav_methods") for word in line.args]
        answers = answers or (bool(changes) and (method in changes or method not in _CHANGES))
        if upstreams.pass_directive_of(match) is None and not answers and not match.redirects:
            return match
    return None


def _applications(nginx: Nginx) -> Iterator[str]:
    """Yield the applications of the site, each with its location."""
    for selected in nginx.selected_servers():
        for match in all_locations(selected.server):
            directive = upstreams.pass_directive_of(match)
            if directive is not None:
                yield f"{' '.join(match.block.args)} → {directive.args[0]}"
