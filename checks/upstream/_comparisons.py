"""The one change to nginx's request with which the application serves the page.

The evidence is that of `diagnose/probes/inside/upstream_comparisons.py`: the request as nginx sends
it, the same with one part changed, and both once more as a control.
"""

from collections.abc import Iterator, Mapping

from checks.nginx import Nginx, file_line
from diagnose.model import Claim, Confidence, Evidence, Fix, Observation, Subject
from diagnose.model.frozen import frozen
from diagnose.model.http import Exchange, page_exchanges
from diagnose.model.nginx import Directive
from diagnose.model.requests import ComparedRequest
from diagnose.parsers.html_tags import excerpt
from diagnose.parsers.nginx.locations import LocationMatch, proxy_pass_of
from diagnose.parsers.redirects import REDIRECTS
from diagnose.parsers.upstream_answers import is_accepted, reproduces

#: The checks whose findings such a request causes.
CONSEQUENCES = (
    "http.redirect-loop", "http.no-redirect", "http.server-error", "http.misdirected",
    "upstream.closed-early", "upstream.application-log",
)  # fmt: skip


@frozen
class DecisiveChange:
    """A change that makes the application serve the page.

    `as_nginx` are the requests as nginx sends them, `changed` those with the change, each with its
    control if there was time for it. `exchanges` are the visitors' responses.
    """

    as_nginx: tuple[ComparedRequest, ...]
    changed: tuple[ComparedRequest, ...]
    exchanges: tuple[Exchange, ...]

    @property
    def request(self) -> ComparedRequest:
        return self.changed[0]

    @property
    def status(self) -> int:
        return self.as_nginx[0].status or self.exchanges[0].status or 0

    @property
    def is_loop(self) -> bool:
        """Whether visitors are redirected to the page that they asked for."""
        return self.status in REDIRECTS

    @property
    def confidence(self) -> Confidence:
        """Certain only if both requests were repeated, with the same result."""
        is_controlled = min(len(self.as_nginx), len(self.changed)) > 1
        return Confidence.CERTAIN if is_controlled else Confidence.LIKELY


def decisive_change(evidence: Evidence) -> DecisiveChange | None:
    """Return the change that makes the difference; None if there is none, or if a control
    contradicts it."""
    requests = evidence.of(ComparedRequest)
    as_nginx = tuple(request for request in requests if request.part == "none")
    exchanges = tuple(
        exchange
        for exchange in page_exchanges(evidence)
        if as_nginx and reproduces(as_nginx[0], exchange)
        # A page that is served needs no change. It may miss a cookie.
        if (exchange.status or 0) >= 300
    )
    groups: dict[tuple[str, ...], list[ComparedRequest]] = {}
    for request in requests:
        if request.part != "none":
            key = (request.part, request.name, request.change, request.value)
            groups.setdefault(key, []).append(request)
    served = [
        group
        for group in groups.values()
        if as_nginx and all(is_accepted(request, as_nginx[0], evidence.target) for request in group)
    ]
    is_steady = len({request.status for request in as_nginx}) == 1
    if not exchanges or not served or not is_steady:
        return None
    return DecisiveChange(as_nginx, tuple(served[0]), exchanges)


def proxied_match(nginx: Nginx, path: str) -> LocationMatch | None:
    """Return the location that forwards this path."""
    return next((match for match in nginx.location_matches(path) if proxy_pass_of(match)), None)


def decided_by(
    evidence: Evidence, *parts: str, method: str = "GET"
) -> Iterator[tuple[Nginx, LocationMatch, DecisiveChange]]:
    """Yield the decisive change if it concerns one of these parts of a request with this method,
    with the location that forwards the page."""
    change = decisive_change(evidence)
    if change is None or change.request.part not in parts or change.request.method != method:
        return
    nginx = Nginx.of(evidence)
    match = proxied_match(nginx, change.request.path)
    if match is not None:
        yield nginx, match, change


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
        *change.exchanges, *change.as_nginx, *change.changed,
        *([nginx.config] if nginx.config else []),
    )  # fmt: skip
    return Claim(
        about=Subject(
            port=nginx.evidence.target.port, path=request.path, text=file_line(directive)
        ),
        because=tuple(dict.fromkeys(observations)),
        facts={
            "url": change.exchanges[0].url,
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
            "location": " ".join((match.block.name, *match.block.args)),
            **facts,
        },
        confidence=confidence or change.confidence,
        ruled_out=("upstream.refused", "upstream.wrong-host-header"),
        location=nginx.location(directive),
        fix=fix,
    )
