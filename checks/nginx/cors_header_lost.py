"""nginx is configured to allow other sites' scripts (`add_header Access-Control-Allow-Origin`), and
this answer does not carry it.

Either an inner block has an add_header of its own, so that it inherits none ("These directives are
inherited … if and only if there are no add_header directives defined on the current level"), or
the answer is an error, and the line lacks `always` (ngx_http_headers_module, "add_header").

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
from diagnose.parsers.nginx.locations import LocationMatch

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
    directive = lost or (effective if lacks_always else None)
    if directive is None:
        return
    subjects, own = endpoint_subjects(pages), _own(match)
    yield Claim(
        about=merge_subjects(subjects),
        covers=subjects,
        because=(*pages, *([nginx.config] if nginx.config else [])),
        confidence=Confidence.CERTAIN,
        location=nginx.location(directive),
        facts={
            "url": pages[0].url,
            "status": pages[0].status,
            "directive": " ".join((directive.name, *directive.args)),
            "place": file_line(directive),
            "inherited": lost is not None,
            "own": " ".join((own.name, *own.args))[:120] if lost and own else "",
            "own_place": file_line(own) if lost and own else "",
        },
        fix=_fix(nginx, match, directive, own if lost else None),
    )


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


def _fix(nginx: Nginx, match: LocationMatch, directive: Directive, own: Directive | None) -> Fix:
    """Repeat the line beside that of the inner block, or add `always`."""
    changes: Changes = {}
    source, file = nginx.file(directive), nginx.file(own or directive)
    if source is not None and file is not None:
        line = " ".join(source.text[directive.start : directive.stop].split())
        if own is not None:
            changes[own.file] = [edits.insert_after(file.text, own, [line])]
        else:
            text = f"{line.rstrip(';').rstrip()} always;"
            changes[directive.file] = [edits.replace_directive(directive, text)]
    file_edits = config_edits(nginx, changes)
    if not file_edits:
        return Fix((Manual("send-it-always", Where.SERVER),), Applicability.MANUAL)
    return location_fix(nginx, match, file_edits, sure=False)
