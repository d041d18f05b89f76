"""A location has a `rewrite … last` in front of its `proxy_pass`: nginx looks for a location anew,
with the new path, and comes to another one (ngx_http_rewrite_module, "rewrite"). The `proxy_pass`
behind it is never used. `break` is meant.

Only where the other location asks another application, and visitors get its error. Where nginx
answers itself, it is nginx.path-taken.
"""

from collections.abc import Iterator

from checks.http import _page_files as page_files
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
)
from diagnose.model.frozen import frozen
from diagnose.model.http import Exchange, Upgrade, page_exchanges
from diagnose.model.nginx import Directive, NginxConfig
from diagnose.model.pages import PageFileResponse
from diagnose.parsers.nginx import edits
from diagnose.parsers.nginx.final_requests import final_location
from diagnose.parsers.nginx.locations import LocationMatch, match_location
from diagnose.parsers.nginx.rewrites import rewritten
from diagnose.parsers.nginx.upstreams import pass_directive_of


@frozen(eq=False)
class _Departure:
    """A path that a rule leads out of its location: the rule, the new path, and the location that
    answers."""

    path: str
    because: Observation
    match: LocationMatch
    rule: Directive
    new_path: str
    other: LocationMatch


@check(
    severity=Severity.ERROR,
    needs=[NginxConfig],
    needs_fault=[Exchange, PageFileResponse, Upgrade],
    explains=[
        "http.page-file-missing", "http.page-file-type", "http.answer-says-why",
        "nginx.other-requests-failed", "nginx.own-answer", "nginx.target-not-found",
        "nginx.page-file-not-found", "upstream.own-answer", "upstream.wrong-path",
        "websocket.not-served", "websocket.no-location", "websocket.not-upgraded",
    ],
)  # fmt: skip
def rewrite_leaves_location(evidence: Evidence) -> Iterator[Claim]:
    nginx = Nginx.of(evidence)
    departures: dict[int, list[_Departure]] = {}
    for path, seen in _failing(evidence):
        if (departure := find_departure(nginx, path, seen)) is not None:
            departures.setdefault(id(departure.rule), []).append(departure)
    for group in departures.values():
        yield _claim(nginx, group)


def _failing(evidence: Evidence) -> Iterator[tuple[str, Observation]]:
    """Yield what is answered with an error: the target, files of its page, WebSockets, and what
    pages of the site asked for."""
    for page in page_exchanges(evidence):
        if (page.status or 0) >= 400:
            yield evidence.target.path_without_query, page
    for file in page_files.all_refused_files(evidence):
        if (file.response.status or 0) >= 400:
            yield file.path, file.response
    for upgrade in evidence.good(Upgrade):
        if upgrade.is_visit and (upgrade.status or 0) >= 400:
            yield upgrade.path.partition("?")[0], upgrade
    for failure in current_failures(evidence):
        if failure.is_from_page:
            yield failure.path, failure


def find_departure(nginx: Nginx, path: str, seen: Observation) -> _Departure | None:
    """Return how a rule leads the path out of its location to another application, None if none
    does."""
    for selected in () if nginx.is_refused else nginx.answering_servers():
        match = match_location(selected.server, path)
        if match.block.name != "location" or pass_directive_of(match) is None:
            continue
        rules = rewritten(match, path)
        if not (rules.searches and rules.is_known and rules.path and rules.applied):
            continue
        other = final_location(selected.server, rules.path)
        # Where nginx answers itself, nginx.path-taken says it.
        if other.block is not match.block and pass_directive_of(other) is not None:
            return _Departure(path, seen, match, rules.applied[-1], rules.path, other)
    return None


def _claim(nginx: Nginx, departures: list[_Departure]) -> Claim:
    evidence, first = nginx.evidence, departures[0]
    pages = [
        departure.because for departure in departures if isinstance(departure.because, Exchange)
    ]
    files = [
        departure.because
        for departure in departures
        if isinstance(departure.because, PageFileResponse)
    ]
    paths = tuple(dict.fromkeys(departure.path for departure in departures))
    page, port = page_files.page_of(evidence), evidence.target.port
    passing = pass_directive_of(first.match)
    return Claim(
        about=Subject(port=port, path=first.path),
        covers=(
            *(Subject(port=port, path=path) for path in paths),
            *endpoint_subjects(pages),
            *((page_files.page_subject(page),) if page and files else ()),
        ),
        because=(
            *dict.fromkeys(departure.because for departure in departures),
            *nginx.configs,
        ),
        # That the other location is not meant, its error says alone.
        confidence=Confidence.LIKELY,
        severity=None if pages or files else Severity.WARNING,
        location=nginx.location(first.rule),
        facts={
            "path": first.path,
            "paths": paths[1:4],
            "rule": first.rule.text,
            "place": file_line(first.rule),
            "new": first.new_path,
            "location": first.match.block.text,
            "other": first.other.block.text,
            "other_place": file_line(first.other.block),
            "application": passing.args[0] if passing and passing.args else "",
        },
        fix=departure_fix(nginx, first),
    )


def departure_fix(nginx: Nginx, departure: _Departure) -> Fix:
    """Let the rule stay in its location."""
    file, rule = nginx.file(departure.rule), departure.rule
    if file is not None and rule.name == "rewrite" and len(rule.args) <= 3:
        line = edits.one_line(file.text, rule).removesuffix(";")
        if rule.args[2:] == ("last",):
            line = line.removesuffix("last").rstrip()
        change = edits.replace_directive(rule, f"{line} break;")
        if file_edits := config_edits(nginx, {file.path: [change]}):
            return location_fix(nginx, departure.match, file_edits, sure=False)
    return Fix((Manual("stay-in-the-location", Where.SERVER),), Applicability.MANUAL)
