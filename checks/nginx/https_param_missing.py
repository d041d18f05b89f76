"""nginx does not tell a program behind uwsgi_pass or fastcgi_pass that visitors use https: no
parameter HTTPS is in force (nginx's own uwsgi_params and fastcgi_params have it since 1.3.0; a
project's copy, or lines of its own, may not).

The program takes the visitor's scheme for http (WSGI, "wsgi.url_scheme"; PHP manual,
$_SERVER['HTTPS']). Django then refuses forms, whose Origin begins with https, and what forces https
redirects for ever. The check needs one of the two: other programs do not mind.
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
from diagnose.model.http import Exchange, page_exchanges
from diagnose.model.nginx import Directive, NginxConfig
from diagnose.parsers.nginx.config import children
from diagnose.parsers.nginx.edits import insert_first
from diagnose.parsers.nginx.final_requests import final_location, has_unknown_rules
from diagnose.parsers.nginx.locations import LocationMatch
from diagnose.parsers.nginx.upstreams import pass_directive_of
from diagnose.parsers.origin_refusals import FormGuard, form_guard
from diagnose.parsers.redirects import leads_to_itself

_PARAMS = {"uwsgi_pass": "uwsgi_param", "fastcgi_pass": "fastcgi_param", "scgi_pass": "scgi_param"}
#: Parameters by which a program knows the visitor's scheme.
_SCHEMES = frozenset({"HTTPS", "UWSGI_SCHEME", "HTTP_X_FORWARDED_PROTO", "HTTP_X_FORWARDED_SSL"})
_SCHEME_FIELD = "x-forwarded-proto"


@frozen(eq=False)
class _Untold:
    """The location that lacks the parameter, and what visitors suffer from at the path."""

    path: str
    match: LocationMatch
    passing: Directive
    symptoms: tuple[Observation, ...]
    is_form: bool

    @property
    def line(self) -> str:
        return f"{_PARAMS[self.passing.name]} HTTPS $https if_not_empty;"


@check(
    severity=Severity.ERROR,
    needs=[NginxConfig, Exchange],
    explains=["http.redirect-loop", "nginx.other-requests-failed"],
)
def https_param_missing(evidence: Evidence) -> Iterator[Claim]:
    nginx = Nginx.of(evidence)
    untold = next(_untold(nginx), None) if evidence.target.uses_tls else None
    if untold is None:
        return
    pages = [] if untold.is_form else [s for s in untold.symptoms if isinstance(s, Exchange)]
    subjects, own = endpoint_subjects(pages), Subject(port=evidence.target.port, path=untold.path)
    yield Claim(
        about=merge_subjects(subjects) if subjects else own,
        covers=(*subjects, own),
        because=(*untold.symptoms, *nginx.configs),
        confidence=Confidence.LIKELY,
        severity=Severity.WARNING if untold.is_form else None,
        location=nginx.location(untold.passing),
        facts={
            "url": f"{evidence.target.origin}{untold.path}",
            "form": untold.is_form,
            "statement": untold.passing.text,
            "place": file_line(untold.passing),
            "line": untold.line,
        },
        fix=_fix(nginx, untold),
    )


def _untold(nginx: Nginx) -> Iterator[_Untold]:
    evidence = nginx.evidence
    path = evidence.target.path_without_query
    loops = tuple(page for page in page_exchanges(evidence) if leads_to_itself(page))
    if loops and (match := _match(nginx, path)):
        yield _Untold(path, *match, loops, is_form=False)
    guarded = [
        (guard, page)
        for page in evidence.good(Exchange)
        if page.status == 200 and (guard := _guard(page)) and _SCHEME_FIELD in guard.fields
    ]
    for guard, page in guarded[:1]:
        for failure in current_failures(evidence, {guard.status}):
            match = _match(nginx, failure.path) if failure.is_from_page else None
            if match is not None and failure.method == "POST":
                yield _Untold(failure.path, *match, (failure, page), is_form=True)


def _guard(page: Exchange) -> FormGuard | None:
    cookies = [value for name, value in page.headers if name.lower() == "set-cookie"]
    return form_guard(page.body, cookies)


def _match(nginx: Nginx, path: str) -> tuple[LocationMatch, Directive] | None:
    """Return the location that passes a path on without the parameter, and its directive."""
    for selected in () if nginx.is_refused else nginx.answering_servers():
        match = final_location(selected.server, path)
        passing = pass_directive_of(match)
        name = _PARAMS.get(passing.name) if passing else None
        is_known = selected.socket.ssl and not has_unknown_rules(selected.server, path)
        if passing is None or name is None or not is_known:
            continue
        named = {line.args[0] for line in match.directives(name) if line.args}
        if named and not named & _SCHEMES:
            return match, passing
    return None


def _fix(nginx: Nginx, untold: _Untold) -> Fix:
    """Write the parameter into the block whose parameters are in force: one of a location's own
    would take all others away from it."""
    name = _PARAMS[untold.passing.name]
    block = next(block for block in reversed(untold.match.blocks) if children(block, name))
    file = nginx.file(block)
    changes = {file.path: [insert_first(file.text, block, [untold.line])]} if file else {}
    if block.name in {"location", "server"} and (file_edits := config_edits(nginx, changes)):
        return location_fix(nginx, untold.match, file_edits, sure=False)
    return Fix((Manual("tell-https", Where.SERVER),), Applicability.MANUAL)
