"""The one change to nginx's request with which the application serves the page.

The evidence is that of `diagnose/probes/inside/upstream_comparisons.py`: the request as nginx sends
it, the same with one part changed, and both once more as a control. The same is there for other
paths at which requests of visitors fail by the log (`logged_comparisons`).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from checks.http import endpoint_subjects
from checks.nginx import Nginx, file_line
from diagnose.model import (
    Claim,
    Confidence,
    Evidence,
    Fix,
    Observation,
    Severity,
    Subject,
    Target,
)
from diagnose.model.frozen import frozen
from diagnose.model.http import Exchange, page_exchanges
from diagnose.model.nginx import Directive
from diagnose.model.requests import ComparedRequest
from diagnose.parsers.html_tags import excerpt
from diagnose.parsers.nginx.forwarding import is_respelling
from diagnose.parsers.nginx.locations import LocationMatch, proxy_pass_of
from diagnose.parsers.redirects import REDIRECTS, drops_port, leads_to_http
from diagnose.parsers.upstream_answers import (
    is_accepted,
    is_catch_all,
    is_questionable,
    reproduces,
)
from diagnose.parsers.urls import parse_url

if TYPE_CHECKING:
    from checks.http._page_files import RefusedFile
    from diagnose.model.logs import FailedRequests, UnservedRequests

#: The checks whose findings such a request causes.
CONSEQUENCES = (
    "http.redirect-loop", "http.no-redirect", "http.server-error", "http.misdirected",
    "upstream.closed-early", "upstream.application-log", "nginx.other-requests-failed",
)  # fmt: skip


@frozen
class DecisiveChange:
    """A change that makes the application serve the page.

    `as_nginx` are the requests as nginx sends them, `changed` those with the change, each with its
    control if there was time for it. `exchanges` are the visitors' responses, `failures` the
    requests in the log where the page is not the target's own. `pages` are the requests for the
    page, as nginx sends them and with the change that its file needs.
    """

    as_nginx: tuple[ComparedRequest, ...]
    changed: tuple[ComparedRequest, ...]
    exchanges: tuple[Exchange, ...]
    failures: "tuple[FailedRequests | UnservedRequests, ...]" = ()
    pages: tuple[ComparedRequest, ...] = ()

    @property
    def request(self) -> ComparedRequest:
        return self.changed[0]

    @property
    def status(self) -> int:
        answers = (self.as_nginx[0].status, *(exchange.status for exchange in self.exchanges))
        return next(filter(None, answers), 0)

    @property
    def is_loop(self) -> bool:
        """Whether visitors are redirected to the page that they asked for."""
        return self.status in REDIRECTS

    @property
    def is_one_missed_page(self) -> bool:
        """Whether visitors asked for a single path of a folder again and again, no page of the site
        did, and the application has no more than its first page elsewhere."""
        # Imported late: few runs have these.
        from diagnose.model.logs import UnservedRequests

        is_missed = bool(self.failures) and all(
            isinstance(failure, UnservedRequests) and not failure.beside
            for failure in self.failures
        )
        return is_missed and self.request.value.partition("?")[0] == "/"

    @property
    def confidence(self) -> Confidence:
        """Certain only if both requests were repeated, with the same result."""
        is_controlled = min(len(self.as_nginx), len(self.changed)) > 1
        return Confidence.CERTAIN if is_controlled else Confidence.LIKELY


def decisive_change(evidence: Evidence) -> DecisiveChange | None:
    """Return the change that makes the difference for the target's page; None if there is none, or
    if a control contradicts it."""
    requests = evidence.of(ComparedRequest)
    as_nginx = [request for request in requests if request.part == "none"]
    exchanges = tuple(
        exchange
        for exchange in page_exchanges(evidence)
        if as_nginx and reproduces(as_nginx[0], exchange)
        # A page that is served needs no change. It may miss a cookie.
        if (exchange.status or 0) >= 300
        # A redirect to http is http.redirect-downgrade's, whatever the field does to it, and one
        # without the port http.redirect-wrong-host's.
        and (is_questionable(exchange) or not (leads_to_http(exchange) or drops_port(exchange)))
    )
    change = _decisive(requests, evidence.target)
    return replace(change, exchanges=exchanges) if change and exchanges else None


def logged_changes(evidence: Evidence) -> Iterator[tuple[Target, DecisiveChange]]:
    """Yield the changes that make the difference for other paths at which requests of visitors
    fail, each with the target as if its path were the one."""
    # Imported late: few runs have these.
    from diagnose.model.logs import FailedRequests, UnservedRequests
    from diagnose.model.requests import LoggedComparison

    requests = evidence.of(LoggedComparison)
    logged: tuple[FailedRequests | UnservedRequests, ...] = (
        *evidence.of(FailedRequests), *evidence.of(UnservedRequests),
    )  # fmt: skip
    for path in dict.fromkeys(request.path for request in requests):
        target = replace(evidence.target, path=path, websockets=())
        own = [request for request in requests if request.path == path]
        change = _decisive(own, target)
        failures = [failure for failure in logged if failure.path == path]
        if change is None or not failures or is_catch_all(own, change.request):
            continue
        if 200 <= (change.as_nginx[0].status or 0) < 300:
            # A page that has the path works: one of its files does not.
            continue
        exchanges = tuple(
            exchange
            for exchange in evidence.good(Exchange)
            if exchange.purpose == "logged" and exchange.url == target.origin + path
        )
        yield target, replace(change, exchanges=exchanges, failures=tuple(failures[:1]))


def file_changes(
    evidence: Evidence, files: "Sequence[RefusedFile]"
) -> "Iterator[tuple[RefusedFile, DecisiveChange]]":
    """Yield the other paths at which the application has what is not there for a file of the page,
    if it has the page without the same prefix, too."""
    from diagnose.model.requests import LoggedComparison

    requests = evidence.of(LoggedComparison)
    for file in files:
        own = [request for request in requests if request.path == file.path]
        target = replace(evidence.target, path=file.path, websockets=())
        change = _decisive(own, target)
        url = parse_url(file.page.url)
        if change is None or url is None or is_catch_all(own, change.request):
            continue
        page_path = url.path.partition("?")[0]
        pages = tuple(request for request in requests if request.path == page_path)
        is_asked = {"none", "path"}.issubset(request.part for request in pages)
        if is_asked and all(request.status == 200 and request.is_html for request in pages):
            yield file, replace(change, pages=pages)


def respelled_files(
    evidence: Evidence, files: "Sequence[RefusedFile]"
) -> "Iterator[tuple[RefusedFile, DecisiveChange]]":
    """Yield the files of the page that the application has only as browsers encode their path."""
    from diagnose.model.requests import LoggedComparison

    requests = evidence.of(LoggedComparison)
    for file in files:
        own = [request for request in requests if request.path == file.path]
        change = _decisive(own, replace(evidence.target, path=file.path, websockets=()))
        if change is None or is_catch_all(own, change.request):
            continue
        if is_respelling(change.request.original, change.request.value):
            yield file, change


def _decisive(requests: Sequence[ComparedRequest], target: Target) -> DecisiveChange | None:
    """Return the change with which the application serves the page of this target every time."""
    as_nginx = tuple(request for request in requests if request.part == "none")
    groups: dict[tuple[str, ...], list[ComparedRequest]] = {}
    for request in requests:
        if request.part not in {"none", "unknown-path"}:
            key = (request.part, request.name, request.change, request.value)
            groups.setdefault(key, []).append(request)
    served = [
        group
        for group in groups.values()
        if as_nginx and all(is_accepted(request, as_nginx[0], target) for request in group)
    ]
    is_steady = len({request.status for request in as_nginx}) == 1
    return DecisiveChange(as_nginx, tuple(served[0]), ()) if served and is_steady else None


def proxied_match(nginx: Nginx, path: str) -> LocationMatch | None:
    """Return the location that forwards this path."""
    return next((match for match in nginx.location_matches(path) if proxy_pass_of(match)), None)


def decided_by(
    evidence: Evidence, *parts: str, method: str = "GET"
) -> Iterator[tuple[Nginx, LocationMatch, DecisiveChange]]:
    """Yield the decisive changes that concern one of these parts of a request with this method,
    each with the location that forwards the page. The target of nginx's evidence has its path."""
    own = decisive_change(evidence)
    changes = [*([(evidence.target, own)] if own else []), *logged_changes(evidence)]
    for target, change in changes:
        if change.request.part not in parts or change.request.method != method:
            continue
        nginx = Nginx.of(replace(evidence, target=target))
        match = proxied_match(nginx, change.request.path)
        if match is not None:
            yield nginx, match, change


def redirected_here(evidence: Evidence, path: str) -> tuple[Subject, ...]:
    """Return the sockets whose page redirects to this path of the site, where nothing is."""
    url = evidence.target.origin + path
    ends = (page for page in evidence.good(Exchange) if page.purpose == "redirect")
    is_end = any(page.url.partition("?")[0] == url and (page.status or 0) >= 400 for page in ends)
    return endpoint_subjects(page_exchanges(evidence)) if is_end else ()


def comparison_claim(
    nginx: Nginx,
    match: LocationMatch,
    change: DecisiveChange,
    directive: Directive,
    facts: Mapping[str, object],
    fix: Fix,
    confidence: Confidence | None = None,
) -> Claim:
    """Make a claim about the directive that decides. `confidence` None is that of the change."""
    request = change.request
    observations: tuple[Observation, ...] = (
        *change.exchanges, *change.failures, *change.as_nginx, *change.changed, *change.pages,
        *nginx.configs,
    )  # fmt: skip
    page = Subject(port=nginx.evidence.target.port, path=request.path)
    return Claim(
        about=replace(page, text=file_line(directive)),
        covers=(page, *redirected_here(nginx.evidence, request.path)) if change.failures else (),
        because=tuple(dict.fromkeys(observations)),
        severity=Severity.WARNING if change.failures else None,
        facts={
            "url": change.exchanges[0].url
            if change.exchanges and not change.failures
            else nginx.evidence.target.origin + request.path,
            "path": request.path,
            "status": change.status,
            "loop": change.is_loop,
            "closed": change.as_nginx[0].failure is not None,
            "other_status": request.status or "",
            "answer": excerpt(change.as_nginx[0].body),
            "application": request.endpoint,
            "name": request.name,
            "original": request.original,
            "value": request.value,
            "place": file_line(directive),
            "location": match.block.text,
            **facts,
        },
        confidence=confidence or change.confidence,
        ruled_out=("upstream.refused", "upstream.wrong-host-header"),
        location=nginx.location(directive),
        fix=fix,
    )
