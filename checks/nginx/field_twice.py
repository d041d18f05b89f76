"""nginx sends an application one field of the request twice, because `proxy_set_header` has it in
an included file and in the location itself. nginx sends every such line (nginx source,
ngx_http_proxy_create_request); `nginx -t` accepts it.

A server has to refuse a request with two Host fields (RFC 9112 section 3.2: 400): Go, Apache, nginx
itself, uvicorn and others do. Two of X-Forwarded-Proto become "https, https" (RFC 9110 section
5.3), which a program that forces https takes for something else.
"""

from collections.abc import Iterator

from checks.http import endpoint_subjects
from checks.nginx import Nginx, file_line
from checks.nginx._edits import config_edits
from checks.nginx._failed_requests import current_failures
from checks.nginx._location_edits import location_fix
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Confidence,
    Evidence,
    Fix,
    Manual,
    Observation,
    Severity,
    Subject,
    Where,
    merge_subjects,
)
from diagnose.model.frozen import frozen
from diagnose.model.http import Exchange, Upgrade, page_exchanges
from diagnose.model.nginx import Directive, NginxConfig
from diagnose.model.requests import ComparedRequest
from diagnose.parsers.nginx.edits import remove_directive
from diagnose.parsers.nginx.final_requests import final_location
from diagnose.parsers.nginx.locations import LocationMatch, proxy_pass_of
from diagnose.parsers.redirects import leads_to_itself

_HOST, _SCHEME = "host", "x-forwarded-proto"
#: Fields that a program may refuse with 400 if they stand twice: Home Assistant does so with
#: X-Forwarded-For ("Too many headers").
_REFUSED = (_HOST, "x-forwarded-for", _SCHEME, "x-forwarded-host")
#: Values that are the name for which the visitor asked.
_VISITORS = frozenset({"$host", "$http_host", "$host:$server_port", "$server_name"})


@frozen(eq=False)
class _Pair:
    """Two lines of one location with one field. `symptoms` show that requests fail at the path."""

    match: LocationMatch
    lines: tuple[Directive, Directive]
    path: str
    symptoms: tuple[Observation, ...]


@check(
    severity=Severity.ERROR,
    needs=[NginxConfig],
    explains=[
        "http.redirect-loop", "http.page-file-missing", "nginx.other-requests-failed",
        "upstream.application-log",
        "nginx.own-answer", "upstream.own-answer", "websocket.not-upgraded",
    ],
)  # fmt: skip
def field_twice(evidence: Evidence) -> Iterator[Claim]:
    nginx = Nginx.of(evidence)
    pairs = [] if nginx.is_refused else list(_pairs(nginx))
    if not pairs:
        return
    first = pairs[0]
    same = [pair for pair in pairs if pair.match.block is first.match.block]
    symptoms = tuple(dict.fromkeys(symptom for pair in same for symptom in pair.symptoms))
    pages = [symptom for symptom in symptoms if isinstance(symptom, Exchange)]
    subjects = endpoint_subjects(pages)
    port = evidence.target.port
    controls = _controls(evidence, first.path)
    passing = proxy_pass_of(first.match)
    yield Claim(
        about=merge_subjects(subjects) if subjects else Subject(port=port, path=first.path),
        covers=(*subjects, *(Subject(port=port, path=pair.path) for pair in same)),
        because=(*symptoms, *controls, *nginx.configs),
        confidence=Confidence.CERTAIN if controls else Confidence.LIKELY,
        severity=None if pages else Severity.WARNING,
        location=nginx.location(first.lines[1]),
        facts={
            "path": first.path,
            "field": first.lines[0].args[0],
            "lines": tuple(line.text for line in first.lines),
            "first_place": file_line(first.lines[0]),
            "second_place": file_line(first.lines[1]),
            "host": first.lines[0].args[0].lower() == _HOST,
            "refused": not any(leads_to_itself(page) for page in pages),
            "application": passing.args[0] if passing and passing.args else "",
            "direct": controls[0].status if controls else "",
        },
        fix=_fix(nginx, first),
    )


def _pairs(nginx: Nginx) -> Iterator[_Pair]:
    evidence = nginx.evidence
    for path, name, symptoms in _failures(evidence):
        for selected in nginx.answering_servers():
            match = final_location(selected.server, path)
            lines = [
                line
                for line in match.directives("proxy_set_header")
                if len(line.args) > 1 and line.args[0].lower() == name and line.args[1]
            ]
            if len(lines) > 1 and proxy_pass_of(match) is not None:
                yield _Pair(match, (lines[0], lines[1]), path, symptoms)
                break


def _failures(evidence: Evidence) -> Iterator[tuple[str, str, tuple[Observation, ...]]]:
    """Yield a path, the field that may be the reason, and what shows the failure."""
    target = evidence.target
    path = target.path_without_query
    pages = page_exchanges(evidence)
    refused = tuple(page for page in pages if page.status == 400)
    loops = tuple(page for page in pages if leads_to_itself(page))
    if refused:
        yield from ((path, name, refused) for name in _REFUSED)
    if loops and target.uses_tls:
        yield path, _SCHEME, loops
    for upgrade in evidence.good(Upgrade):
        if upgrade.is_visit and upgrade.status == 400:
            yield upgrade.path, _HOST, (upgrade,)
    for failure in current_failures(evidence, {400}):
        if failure.is_from_page:
            yield failure.path, _HOST, (failure,)


def _controls(evidence: Evidence, path: str) -> tuple[ComparedRequest, ...]:
    """Return the application's answers to the same request with each field once."""
    return tuple(
        request
        for request in evidence.good(ComparedRequest)
        if request.part == "none"
        and request.path.partition("?")[0] == path
        and (request.status or 0) not in {0, 400}
    )


def _fix(nginx: Nginx, pair: _Pair) -> Fix:
    """Remove one of the lines: that of the location itself, if the other one says the same or names
    the visitor's host; else the other one."""
    first, second = pair.lines
    own = [line for line in pair.lines if line.file == pair.match.block.file]
    spare = own[-1] if own else second
    kept = first if spare is second else second
    if spare.args[1:] != kept.args[1:] and kept.args[1] not in _VISITORS:
        spare = kept
    file = nginx.file(spare)
    changes = {spare.file: [remove_directive(file.text, spare)]} if file else {}
    if file_edits := config_edits(nginx, changes):
        return location_fix(nginx, pair.match, file_edits, sure=False)
    return Fix((Manual("once", Where.SERVER),), Applicability.MANUAL)
