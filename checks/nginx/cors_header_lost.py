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
from diagnose.parsers.nginx.config import WITHOUT_ALWAYS, children
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
    if not pages or match is None:
        return
    effective = _allowing(match.directives("add_header"))
    lost = _lost(match) if effective is None else None
    is_error = pages[0].status not in WITHOUT_ALWAYS
    lacks_always = effective is not None and "always" not in effective.args and is_error
    beaten = None if effective or lost else _beaten(nginx)
    directive = lost or (effective if lacks_always else None)
    if beaten is not None:
        directive = _allowing_of(beaten)
    if directive is None:
        return
    # Imported late: few pages lose the field.
    from checks.http._preflights import is_told_twice, takes_other_methods

    is_unlike = takes_other_methods(evidence, pages[0])
    if is_unlike and is_told_twice(evidence):
        return
    subjects, own = endpoint_subjects(pages), _own(match)
    yield Claim(
        about=merge_subjects(subjects),
        covers=subjects,
        because=(*pages, *([nginx.config] if nginx.config else [])),
        confidence=Confidence.LIKELY if is_unlike else Confidence.CERTAIN,
        location=nginx.location(directive),
        facts={
            "url": pages[0].url,
            "status": pages[0].status,
            "directive": " ".join((directive.name, *directive.args)),
            "place": file_line(directive),
            "inherited": lost is not None,
            "unsent": lacks_always,
            "other": _head(beaten.block) if beaten else "",
            "used": _head(match.block) if beaten else "",
            "used_place": file_line(match.block) if beaten else "",
            "own": " ".join((own.name, *own.args))[:120] if lost and own else "",
            "own_place": file_line(own) if lost and own else "",
        },
        fix=_beaten_fix(nginx, match, directive)
        if beaten
        else _fix(nginx, match, directive, own if lost else None),
    )


def _head(block: Directive) -> str:
    return " ".join((block.name, *block.args))


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
    return _allowing(tuple(children(match.block, "add_header")))


def _is_judged(evidence: Evidence, page: Exchange) -> bool:
    symptom = evidence.target.symptom
    is_asked = "Origin: " in page.equivalent or (symptom is not None and symptom.kind == "cors")
    is_refused = page.method == "OPTIONS" and not 200 <= (page.status or 0) < 300
    is_answer = page.status is not None and not is_refused
    return is_asked and is_answer and page.header(_HEADER) is None


def _allowing(directives: tuple[Directive, ...]) -> Directive | None:
    return next(
        (
            directive
            for directive in directives
            if directive.args[:1] and directive.args[0].lower() == _HEADER
        ),
        None,
    )


def _lost(match: LocationMatch) -> Directive | None:
    """Return the line of an outer block that the innermost blocks do not inherit."""
    for depth in range(len(match.blocks) - 1, 0, -1):
        outer = _allowing(tuple(children(match.blocks[depth - 1], "add_header")))
        if outer is not None:
            return outer
    return None


def _own(match: LocationMatch) -> Directive | None:
    """Return the add_header that breaks the inheritance."""
    return next(iter(match.directives("add_header")), None)


def _beaten_fix(nginx: Nginx, match: LocationMatch, directive: Directive) -> Fix:
    """Repeat the line in the location that answers; by hand where it would end the inheritance of
    outer lines."""
    own = tuple(children(match.block, "add_header"))
    source, file = nginx.file(directive), nginx.file(match.block)
    changes: Changes = {}
    if source and file and match.block.name == "location" and (own or not _own(match)):
        line = " ".join(source.text[directive.start : directive.stop].split())
        added = edits.insert_after(file.text, own[-1], [line]) if own else None
        changes[file.path] = [added or edits.insert_first(file.text, match.block, [line])]
    file_edits = config_edits(nginx, changes)
    if not file_edits:
        return Fix((Manual("repeat-it-there", Where.SERVER),), Applicability.MANUAL)
    return location_fix(nginx, match, file_edits, sure=False)


def _fix(nginx: Nginx, match: LocationMatch, directive: Directive, own: Directive | None) -> Fix:
    """Repeat the line beside that of the inner block, or add `always`."""
    changes: Changes = {}
    source, file = nginx.file(directive), nginx.file(own or directive)
    if source is not None and file is not None:
        line = edits.one_line(source.text, directive)
        if own is not None:
            changes[own.file] = [edits.insert_after(file.text, own, [line])]
        else:
            text = f"{line.rstrip(';').rstrip()} always;"
            changes[directive.file] = [edits.replace_directive(directive, text)]
    file_edits = config_edits(nginx, changes)
    if not file_edits:
        return Fix((Manual("send-it-always", Where.SERVER),), Applicability.MANUAL)
    return location_fix(nginx, match, file_edits, sure=False)
