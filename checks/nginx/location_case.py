"""A location is written in other upper and lower case than the path that is asked for
(`location /helloworld.greeter/`, and gRPC asks for `/helloworld.Greeter/SayHello`). nginx compares
prefixes letter by letter (ngx_http_core_module, "location", but for systems whose files ignore
case), so that another location answers, with 404 or a page.

That may as well be a mistake in the address. The edit suits what clients ask for.
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
from diagnose.model.nginx import NginxConfig
from diagnose.parsers.http import proxy_page
from diagnose.parsers.nginx.config import children
from diagnose.parsers.nginx.edits import TextEdit
from diagnose.parsers.nginx.final_requests import final_location, has_unknown_rules
from diagnose.parsers.nginx.locations import LocationMatch, location_pattern
from diagnose.parsers.nginx.server_blocks import Server
from diagnose.parsers.nginx.upstreams import pass_directive_of

_REFUSALS = frozenset({404, 405})


@frozen(eq=False)
class _Missed:
    """A path that a location misses by its case, and what shows that it is not answered."""

    path: str
    because: Observation
    match: LocationMatch


@check(
    severity=Severity.ERROR,
    needs=[NginxConfig],
    explains=[
        "nginx.method-not-allowed", "nginx.other-requests-failed", "nginx.own-answer",
        "nginx.target-not-found", "websocket.no-location",
    ],
)  # fmt: skip
def location_case(evidence: Evidence) -> Iterator[Claim]:
    nginx = Nginx.of(evidence)
    missed = next(_refused_paths(nginx), None)
    pattern = location_pattern(missed.match.block) if missed else None
    if missed is None or pattern is None:
        return
    is_page = isinstance(missed.because, Exchange)
    subjects = endpoint_subjects([missed.because]) if isinstance(missed.because, Exchange) else ()
    own = Subject(port=evidence.target.port, path=missed.path)
    passing = pass_directive_of(missed.match)
    yield Claim(
        about=merge_subjects(subjects) if subjects else own,
        covers=(*subjects, own),
        because=(missed.because, *nginx.configs),
        confidence=Confidence.LIKELY,
        severity=None if is_page else Severity.WARNING,
        location=nginx.location(missed.match.block),
        facts={
            "path": missed.path,
            "location": missed.match.block.text,
            "place": file_line(missed.match.block),
            "written": pattern.text,
            "asked": missed.path[: len(pattern.text)],
            "application": passing.args[0] if passing and passing.args else "",
        },
        fix=_fix(nginx, missed),
    )


def _refused_paths(nginx: Nginx) -> Iterator[_Missed]:
    """Yield what nginx itself refuses: the target, then what pages of the site asked for."""
    evidence = nginx.evidence
    path = evidence.target.path_without_query
    for page in page_exchanges(evidence):
        is_own = page.status in _REFUSALS and proxy_page(page.body) == "nginx"
        if is_own and (match := _match(nginx, path)):
            yield _Missed(path, page, match)
    for failure in current_failures(evidence, _REFUSALS):
        failed = _match(nginx, failure.path) if failure.is_from_page else None
        if failed is not None:
            yield _Missed(failure.path, failure, failed)


def _match(nginx: Nginx, path: str) -> LocationMatch | None:
    for selected in () if nginx.is_refused else nginx.answering_servers():
        chosen = final_location(selected.server, path)
        if pass_directive_of(chosen) is None and not has_unknown_rules(selected.server, path):
            return _similar(selected.server, path)
    return None


def _similar(server: Server, path: str) -> LocationMatch | None:
    """Return the longest location that passes requests on, and would have the path in any case."""
    similar = []
    for block in children(server.block, "location"):
        pattern = location_pattern(block)
        if pattern is None or pattern.modifier not in {"", "^~", "="}:
            continue
        asked = path if pattern.modifier == "=" else path[: len(pattern.text)]
        is_similar = asked != pattern.text and asked.lower() == pattern.text.lower()
        match = LocationMatch((server.http, server.block, block))
        if is_similar and pass_directive_of(match) is not None:
            similar.append((len(pattern.text), match))
    return max(similar, key=lambda each: each[0])[1] if similar else None


def _fix(nginx: Nginx, missed: _Missed) -> Fix:
    block, file = missed.match.block, nginx.file(missed.match.block)
    pattern = location_pattern(block)
    if file is not None and pattern is not None:
        head = file.text[block.start : block.opened]
        if head.count(pattern.text) == 1:
            asked = missed.path[: len(pattern.text)]
            change = TextEdit(block.start, block.opened, head.replace(pattern.text, asked))
            if file_edits := config_edits(nginx, {file.path: [change]}):
                return location_fix(nginx, missed.match, file_edits, sure=False)
    return Fix((Manual("as-asked", Where.SERVER),), Applicability.MANUAL)
