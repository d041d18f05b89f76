"""What the checks claim about other pages of the site than the target's, which a run diagnosed
because visitors ask for them.

Only a cause of what visitors get there counts, at most as a warning: the target works. It is a note
where nothing shows that the page is meant to be there, as for an address that somebody mistyped. A
script of the site that shows pages by itself names theirs.
What the checks claim about the target already is not repeated.
"""

from collections.abc import Callable, Collection, Iterator
from dataclasses import replace

from diagnose.checking.root_cause import findings
from diagnose.checking.symptom_match import may_produce, produces
from diagnose.model import Check, Claim, Evidence, Finding, Severity, Symptom
from diagnose.model.http import Exchange
from diagnose.model.other_requests import OtherRequest
from diagnose.model.pages import PageFileResponse
from diagnose.model.requests import ComparedRequest
from diagnose.parsers.upstream_answers import is_catch_all
from diagnose.parsers.urls import parse_url

#: The layers that may treat two paths of a site differently.
_LAYERS = frozenset({"nginx", "server", "http", "upstream", "websocket"})
#: What says that a file of the page does not come, and not why.
_SYMPTOM = "http.page-file-missing"
#: Requests of which nobody saw a failure.
_UNFAILED = frozenset({"visit", "message"})
#: What a page does from which visitors do not come back.
_LEADS_AWAY = (
    Symptom("wrong-address", "a redirect to a wrong address"),
    Symptom("login-address", "a login that is to lead back to a wrong address"),
)
#: What scripts of other sites' pages meet alone.
_OF_OTHER_SITES = frozenset({"http.cors-twice", "nginx.cors-header-lost", "http.cors-refused"})


def with_other_claims(
    own: list[tuple[Check, Claim]],
    evidence: Evidence,
    judge: Callable[[Evidence], list[tuple[Check, Claim]]],
) -> list[tuple[Check, Claim]]:
    """Return the claims about the target and about other pages. A note of the target's goes where a
    claim about another page says the same of the same subject, and more."""
    others = list(other_claims(own, evidence, judge))
    repeated = {(check.id, claim.about) for check, claim in others}
    kept = [
        (check, claim)
        for check, claim in own
        if (check.id, claim.about) not in repeated or not _is_note(check, claim)
    ]
    return kept + others


def _is_note(check: Check, claim: Claim) -> bool:
    return (claim.severity or check.severity) is Severity.NOTE


def other_claims(
    own: Collection[tuple[Check, Claim]],
    evidence: Evidence,
    judge: Callable[[Evidence], list[tuple[Check, Claim]]],
) -> Iterator[tuple[Check, Claim]]:
    """Yield the claims about other pages; `own` are those about the target. `judge` runs the checks
    on the evidence of a page. What is a note of the target's may be a fault at another page."""
    known = {check.id for check, claim in own if not _is_note(check, claim)}
    symptom = evidence.target.symptom
    for request in evidence.of(OtherRequest):
        if _is_named(own, request):
            continue
        conclusions = findings(judge(request.evidence(evidence)))
        for cause in conclusions:
            group = (
                cause,
                *(conclusion for conclusion in conclusions if conclusion.explained_by == cause.id),
            )
            if request.elsewhere:
                is_meant = cause.check.id not in known and _fails_elsewhere(group, request)
            else:
                is_meant = _counts(cause, request, known) and _is_wanted(group, request, symptom)
            if is_meant:
                yield from (
                    (each.check, _about_request(each, request, _is_routed(evidence, request)))
                    for each in group
                    if each.check.id not in known
                )
                known.update(finding.check.id for finding in group)


def _is_named(own: Collection[tuple[Check, Claim]], request: OtherRequest) -> bool:
    """Whether a claim about the target names why a file of its page does not come, and the request
    is for that file."""
    return any(
        isinstance(each, PageFileResponse)
        and not request.elsewhere
        and _path(each.url) == request.path
        for check, claim in own
        if check.id != _SYMPTOM and not _is_note(check, claim)
        for each in claim.because
    )


def _path(url: str) -> str:
    return parsed.path.partition("?")[0] if (parsed := parse_url(url)) else ""


def _counts(cause: Finding, request: OtherRequest, known: Collection[str]) -> bool:
    """Whether a finding is a cause that is not known yet. What is a warning for a page may be meant
    for one that nobody but a program asked for."""
    is_new = cause.check.layer in _LAYERS and cause.check.id not in known
    if _is_catch_all(cause, request):
        return False
    if request.origin:
        return is_new and cause.check.id in _OF_OTHER_SITES and _is_permission_meant(cause)
    return cause.is_cause and is_new and (request.by_browser or cause.severity is Severity.ERROR)


def _fails_elsewhere(group: tuple[Finding, ...], request: OtherRequest) -> bool:
    """Whether a cause keeps an answer of another origin from the site's own page: it is not
    permitted, or no visitor gets one, as behind a firewall."""
    if group[0].severity is Severity.NOTE:
        return False
    is_withheld = any(finding.check.id in _OF_OTHER_SITES for finding in group)
    is_answered = any(
        page.purpose == "target" and page.verified and (page.status or 500) < 500
        for page in request.observations
        if isinstance(page, Exchange)
    )
    is_unserved = group[0].check.layer == "firewall" or not is_answered
    return is_withheld or (group[0].severity is Severity.ERROR and is_unserved)


def _is_catch_all(cause: Finding, request: OtherRequest) -> bool:
    """Whether an application answered another path as it answers any: it may have one page for all,
    and nobody knows that this one exists."""
    compared = [
        observation
        for observation in request.observations
        if isinstance(observation, ComparedRequest)
    ]
    return any(
        isinstance(each, ComparedRequest) and is_catch_all(compared, each)
        for each in cause.claim.because
    )


def _is_permission_meant(cause: Finding) -> bool:
    """Whether the site means to answer scripts of other sites: its configuration or its answer has
    a permission. Of a page that was opened by a link nobody asks one."""
    facts = cause.claim.facts
    pages = [page for page in cause.claim.because if isinstance(page, Exchange)]
    is_page = any(
        "html" in (page.header("Content-Type") or "html") and page.status == 200
        for page in pages
        if page.method == "GET"
    )
    if is_page:
        return False
    if cause.check.id != "http.cors-refused":
        return True
    # Another site than the permitted ones is refused rightly.
    is_fault = any(facts.get(reason) for reason in ("redirected", "failed", "wildcard", "field"))
    is_permitted = any(
        name.lower().startswith("access-control-allow-")
        for page in pages
        for name, _ in page.headers
    )
    return is_fault and (is_permitted or bool(facts.get("added")))


def _is_wanted(group: tuple[Finding, ...], request: OtherRequest, symptom: Symptom | None) -> bool:
    """Whether visitors met it: a page that they used without a failure is of interest only for what
    somebody reports, and one from which they did not come back for where it leads."""
    if request.source == "departure":
        return any(produces(group, meant) for meant in _LEADS_AWAY)
    if request.source not in _UNFAILED:
        return True
    return symptom is not None and (produces(group, symptom) or may_produce(group, symptom))


def _is_routed(evidence: Evidence, request: OtherRequest) -> bool:
    """Whether a script of the site shows this page: its address is meant to be there."""
    routes = {route for file in evidence.good(PageFileResponse) for route in file.routes}
    if not routes or not request.by_browser:
        return False
    # Imported late: few sites have pages that a script shows.
    from diagnose.parsers.script_routes import is_routed

    return any(is_routed(request.path, route) for route in routes)


def _about_request(finding: Finding, request: OtherRequest, is_routed: bool) -> Claim:
    claim = finding.claim
    return replace(
        claim,
        because=(request, *claim.because),
        severity=_severity(finding, request, is_routed),
        request=f"{request.elsewhere}{request.path}",
    )


def _severity(finding: Finding, request: OtherRequest, is_routed: bool) -> Severity:
    if finding.severity is Severity.NOTE:
        return Severity.NOTE
    is_met = request.by_browser and (
        finding.severity is Severity.ERROR or request.source in _UNFAILED
    )
    is_meant = request.is_fault or is_routed
    return Severity.WARNING if is_meant or is_met else Severity.NOTE
