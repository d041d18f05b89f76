"""nginx is configured to allow other sites' scripts (`add_header Access-Control-Allow-Origin`), and
this answer does not carry it.

Either an inner block has an add_header of its own, so that it inherits none ("These directives are
inherited … if and only if there are no add_header directives defined on the current level"), or
the answer is an error, and the line lacks `always` (ngx_http_headers_module, "add_header"), or the
line stands in a location for the same path that another location keeps from it: the first regular
expression that matches ends the search (ngx_http_core_module, "location").

It is judged after a pasted message about CORS, or if the request named an Origin (`--origin`). A
preflight that gets an error is refused whatever its fields say (Fetch standard, "CORS-preflight
fetch"): http.preflight-refused names the reason.
"""

from collections.abc import Iterator

from checks.http import endpoint_subjects
from checks.nginx import Nginx, file_line
from checks.nginx._edits import Changes, config_edits
from checks.nginx._location_edits import location_fix
from checks.nginx._lost_fields import LostLine, line_of, lost_line, sending_fix
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
from diagnose.model.nginx import Directive, NginxConfig
from diagnose.parsers.nginx import edits
from diagnose.parsers.nginx.config import children
from diagnose.parsers.nginx.locations import LocationMatch, beaten_locations

_HEADER = "access-control-allow-origin"


@check(
    severity=Severity.WARNING,
    needs=[NginxConfig, Exchange],
    explains=["http.cors-refused"],
)
def cors_header_lost(evidence: Evidence) -> Iterator[Claim]:
    nginx = Nginx.of(evidence)
    pages = [page for page in page_exchanges(evidence) if _is_judged(evidence, page)]
    match = next(iter(nginx.location_matches(evidence.target.path)), None)
    if not pages and match is not None and (claim := _told_claim(nginx, match)):
        yield claim
    if not pages or match is None:
        return
    line = lost_line(match, _HEADER, pages[0].status)
    is_sent = line is None and line_of(match.directives("add_header"), _HEADER) is not None
    beaten = None if line or is_sent else _beaten(nginx)
    directive = line.directive if line else _allowing_of(beaten) if beaten else None
    if directive is None:
        return
    # Imported late: few pages lose the field.
    from checks.http._preflights import is_reported_twice, takes_other_methods

    is_unlike = takes_other_methods(evidence, pages[0])
    if is_unlike and is_reported_twice(evidence):
        return
    subjects = endpoint_subjects(pages)
    yield Claim(
        about=merge_subjects(subjects),
        covers=subjects,
        because=(*pages, *nginx.configs),
        confidence=Confidence.LIKELY if is_unlike else Confidence.CERTAIN,
        location=nginx.location(directive),
        facts={
            "url": pages[0].url,
            "status": pages[0].status,
            **(line or LostLine(directive, None)).facts,
            "unsent": line is not None and line.own is None,
            "place": file_line(directive),
            "own_place": file_line(line.own) if line and line.own else "",
            "other": beaten.block.text if beaten else "",
            "used": match.block.text if beaten else "",
            "used_place": file_line(match.block) if beaten else "",
            "told": False,
        },
        fix=sending_fix(nginx, match, [line]) if line else _beaten_fix(nginx, match, directive),
    )


def _told_claim(nginx: Nginx, match: LocationMatch) -> Claim | None:
    """Return the claim about an error that a message, or the log, tells of: this run's request is
    answered with the field, and the line that sends it has no `always`."""
    evidence = nginx.evidence
    symptom, pages = evidence.target.symptom, page_exchanges(evidence)
    if symptom is None or symptom.kind != "cors" or not pages:
        return None
    # Imported late: few messages tell of such an error.
    from checks.nginx._told_errors import told_error

    status = told_error(evidence, symptom.text)
    line = lost_line(match, _HEADER, status) if status else None
    if line is None or line.own is not None:
        return None
    subjects = endpoint_subjects(pages)
    return Claim(
        about=merge_subjects(subjects),
        covers=subjects,
        because=(*pages, *nginx.configs),
        confidence=Confidence.LIKELY,
        location=nginx.location(line.directive),
        facts={
            "url": pages[0].url,
            "status": status,
            **line.facts,
            "place": file_line(line.directive),
            "own_place": "",
            "other": "",
            "used": "",
            "used_place": "",
            "told": True,
        },
        fix=sending_fix(nginx, match, [line]),
    )


def _beaten(nginx: Nginx) -> LocationMatch | None:
    """Return the location that sends the header to the same path, and does not answer it."""
    path = nginx.evidence.target.path
    for selected in nginx.answering_servers():
        for other in beaten_locations(selected.server, path):
            if _allowing_of(other):
                return other
    return None


def _allowing_of(match: LocationMatch) -> Directive | None:
    """Return the line of the location itself."""
    return line_of(tuple(children(match.block, "add_header")), _HEADER)


def _is_judged(evidence: Evidence, page: Exchange) -> bool:
    symptom = evidence.target.symptom
    is_asked = "Origin: " in page.equivalent or (symptom is not None and symptom.kind == "cors")
    is_refused = page.method == "OPTIONS" and not 200 <= (page.status or 0) < 300
    is_answer = page.status is not None and not is_refused
    return is_asked and is_answer and page.header(_HEADER) is None


def _beaten_fix(nginx: Nginx, match: LocationMatch, directive: Directive) -> Fix:
    """Repeat the line in the location that answers; by hand where it would end the inheritance of
    outer lines."""
    own = tuple(children(match.block, "add_header"))
    source, file = nginx.file(directive), nginx.file(match.block)
    changes: Changes = {}
    if (
        source
        and file
        and match.block.name == "location"
        and (own or not match.directives("add_header"))
    ):
        line = " ".join(source.text[directive.start : directive.stop].split())
        added = edits.insert_after(file.text, own[-1], [line]) if own else None
        changes[file.path] = [added or edits.insert_first(file.text, match.block, [line])]
    file_edits = config_edits(nginx, changes)
    if not file_edits:
        return Fix((Manual("repeat-it-there", Where.SERVER),), Applicability.MANUAL)
    return location_fix(nginx, match, file_edits, sure=False)
