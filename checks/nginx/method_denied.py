"""nginx itself refuses the method: `limit_except` lets others pass than this one
(ngx_http_core_module, "limit_except"). It also refuses the question that browsers ask before a
request from another site (OPTIONS, the CORS preflight), if a password is wanted for it: browsers
send none with it (Fetch standard, "CORS-preflight request").

It is judged if the method was asked for (`--method POST`, `--method OPTIONS`), after a pasted
message about CORS or with the status, if the page has a form or a script that sends a POST, or if
the location is made for other sites' scripts: it says what a preflight asks for. Pages work,
because they are fetched by GET.
"""

from collections.abc import Iterator
from dataclasses import replace

from checks.http import endpoint_subjects
from checks.nginx import NO_PORT, Nginx, file_line
from checks.nginx._page_errors import is_in_run, logged_errors
from checks.nginx._reported_methods import reported_method
from checks.nginx._sent_requests import has_rule_for_method, sent_requests
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Confidence,
    Evidence,
    Fix,
    Manual,
    Severity,
    Subject,
    Where,
    merge_subjects,
)
from diagnose.model.frozen import frozen
from diagnose.model.http import Exchange, page_exchanges
from diagnose.model.logs import FailedRequests
from diagnose.model.nginx import Directive, NginxConfig
from diagnose.parsers.http import proxy_page
from diagnose.parsers.nginx.access_rules import limit_except_blocks
from diagnose.parsers.nginx.config import children
from diagnose.parsers.nginx.error_log import REFUSED_BY_RULE
from diagnose.parsers.nginx.locations import LocationMatch, all_locations, location_pattern

_PREFLIGHT = "OPTIONS"
_ORIGIN = "access-control-allow-origin"
#: What the answer to a preflight says, and no other.
_PREFLIGHT_FIELDS = {"access-control-allow-methods", "access-control-allow-headers"}


@frozen(eq=False)
class _Denial:
    """The directive that refuses a method with a status."""

    directive: Directive
    method: str
    status: int


@check(
    severity=Severity.WARNING,
    needs=[NginxConfig, Exchange],
    explains=["http.cors-refused", "nginx.other-requests-failed"],
)
def method_denied(evidence: Evidence) -> Iterator[Claim]:
    nginx, pages = Nginx.of(evidence), page_exchanges(evidence)
    match = _asked_location(nginx, pages)
    denials = [denial for page in pages if match and (denial := _denial(evidence, match, page))]
    if not denials or match is None:
        if claim := _sent_claim(nginx) or _preflight_claim(nginx) or _told_claim(nginx, pages):
            yield claim
        return
    denial, is_asked = denials[0], pages[0].method == denials[0].method
    lines = [
        line
        for line, _ in logged_errors(evidence, REFUSED_BY_RULE, evidence.target.path)
        if is_in_run(evidence, line)
    ]
    is_password, subjects = denial.status == 401, endpoint_subjects(pages)
    claim = Claim(
        about=merge_subjects(subjects),
        covers=subjects,
        because=(*pages, *lines[-1:], *nginx.configs),
        confidence=Confidence.CERTAIN if is_asked and (lines or is_password) else Confidence.LIKELY,
        location=nginx.location(denial.directive),
        facts={
            **_claim_facts(match, denial, pages[0].url),
            "asked": is_asked,
            "sender": "",
        },
    )
    yield _with_fix(nginx, match, denial, claim)


def _with_fix(nginx: Nginx, match: LocationMatch, denial: _Denial, claim: Claim) -> Claim:
    """Say what a person types if the method is wanted: what is closed may be meant. What the log or
    the message says of other methods that are refused here counts as well."""
    # Imported late: a healthy run edits nothing.
    from checks.nginx._method_edits import passing_steps
    from checks.nginx._reported_methods import refused_methods

    methods = dict.fromkeys((denial.method, *refused_methods(nginx.evidence)))
    names = [method for method in methods if _directive(match, method) is not None]
    typed = passing_steps(nginx, match, denial.directive, "|".join(names))
    # A guarded `limit_except` of a preflight is no password of the whole location.
    step = "let-it-pass" if denial.directive.name == "auth_basic" else "name-it"
    fix = Fix((Manual(step, Where.SERVER, commands=typed),), Applicability.MANUAL)
    wanted = " ".join(names)
    return replace(claim, fix=fix, facts={**claim.facts, "written": bool(typed), "wanted": wanted})


def _asked_location(nginx: Nginx, pages: tuple[Exchange, ...]) -> LocationMatch | None:
    """Return the location that answers the target, if a method or a message is asked about."""
    target = nginx.evidence.target
    if target.symptom is None and all(page.method in {"GET", "HEAD"} for page in pages):
        return None
    # Imported late: most runs ask for a page alone.
    from checks.nginx._inner_blocks import ending_locations

    return next((match for match, _ in ending_locations(nginx, target.path)), None)


def _sent_claim(nginx: Nginx) -> Claim | None:
    """Return the claim about a POST of the page itself that nginx refuses."""
    from checks.nginx._inner_blocks import ending_locations

    evidence = nginx.evidence
    logged = tuple(
        failure
        for failure in evidence.good(FailedRequests)
        if failure.server == "nginx" and failure.status == 403
        if failure.is_from_page or failure.is_served_otherwise
    )
    sent = [
        *((failure.method, failure.path, failure, "") for failure in logged),
        *(
            ("POST", sent_request.path, sent_request.source, sent_request.source.url)
            for sent_request in sent_requests(evidence)
        ),
    ]
    for method, path, source, sender in sent:
        subject = Subject(port=evidence.target.port, path=path)
        ends = (match for match, _ in ending_locations(nginx, path))
        for match in (*nginx.location_matches(path), *ends):
            denial = _directive(match, method)
            if denial is None or denial.status != 403:
                continue
            claim = Claim(
                about=subject,
                covers=(NO_PORT, *((subject,) if isinstance(source, FailedRequests) else ())),
                because=(source, *nginx.configs),
                confidence=Confidence.LIKELY,
                location=nginx.location(denial.directive),
                facts={
                    **_claim_facts(match, denial, evidence.target.origin + path),
                    "sender": sender,
                    "log": source.file if isinstance(source, FailedRequests) else "",
                    "by_program": isinstance(source, FailedRequests) and source.is_served_otherwise,
                },
            )
            return _with_fix(nginx, match, denial, claim)
    return None


def _preflight_claim(nginx: Nginx) -> Claim | None:
    """Return the claim about a location that answers other sites' scripts, and wants a password of
    the preflight. What a condition on the method answers comes first."""
    if nginx.is_refused:
        return None
    port = nginx.evidence.target.port
    for selected in nginx.selected_servers():
        for match in all_locations(selected.server):
            denial = _directive(match, _PREFLIGHT)
            pattern = location_pattern(match.block) if match.block.name == "location" else None
            path = pattern.text if pattern and pattern.modifier in {"", "^~", "="} else ""
            if denial and path and _answers_preflights(match) and not _has_condition(match):
                claim = Claim(
                    about=Subject(port=port, path=path),
                    covers=(NO_PORT,),
                    because=(nginx.config,) if nginx.config else (),
                    confidence=Confidence.LIKELY,
                    location=nginx.location(denial.directive),
                    facts={
                        **_claim_facts(match, denial, nginx.evidence.target.origin + path),
                        "sender": "",
                    },
                )
                return _with_fix(nginx, match, denial, claim)
    return None


def _told_claim(nginx: Nginx, pages: tuple[Exchange, ...]) -> Claim | None:
    """Return the claim about the one location that refuses the method of a message, which names no
    path."""
    target = nginx.evidence.target
    is_whole = target.symptom is not None and target.path_without_query == "/"
    method = reported_method(nginx.evidence, pages[0]) if is_whole and pages else ""
    if not method or nginx.is_refused:
        return None
    denials = {
        id(denial.directive): (match, denial)
        for selected in nginx.answering_servers()
        for match in all_locations(selected.server)
        if (denial := _directive(match, method)) and denial.directive.name == "limit_except"
    }
    if len(denials) != 1:
        return None
    ((match, denial),) = denials.values()
    pattern = location_pattern(match.block) if match.block.name == "location" else None
    path = pattern.text if pattern and pattern.modifier in {"", "^~", "="} else "/"
    claim = Claim(
        about=Subject(port=target.port, path=path),
        covers=(NO_PORT, Subject(port=target.port)),
        because=(*pages[:1], *nginx.configs),
        confidence=Confidence.LIKELY,
        location=nginx.location(denial.directive),
        facts={**_claim_facts(match, denial, target.origin + path), "sender": ""},
    )
    return _with_fix(nginx, match, denial, claim)


def _answers_preflights(match: LocationMatch) -> bool:
    """Return whether the location says what only a preflight asks for, and to which origin."""
    names = {line.args[0].lower() for line in match.directives("add_header") if line.args}
    return _ORIGIN in names and bool(names & _PREFLIGHT_FIELDS)


def _has_condition(match: LocationMatch) -> bool:
    satisfied = match.directive("satisfy")
    is_any = satisfied is not None and satisfied.args[:1] == ("any",)
    return is_any or has_rule_for_method(match)


def _claim_facts(match: LocationMatch, denial: _Denial, url: str) -> dict[str, object]:
    return {
        "url": url,
        "method": denial.method,
        "status": denial.status,
        "asked": False,
        "log": "",
        "by_program": False,
        "directive": denial.directive.text,
        "place": file_line(denial.directive),
        "location": match.block.text,
        "password": denial.status == 401,
        "preflight": denial.method == _PREFLIGHT,
        "limit": denial.directive.name == "limit_except",
    }


def _denial(evidence: Evidence, match: LocationMatch, page: Exchange) -> _Denial | None:
    if page.method in {"GET", "HEAD"}:
        return _denial_of_message(evidence, match, page)
    if page.status not in {401, 403} or proxy_page(page.body) != "nginx":
        return None
    denial = _directive(match, page.method)
    return denial if denial and denial.status == page.status else None


def _denial_of_message(evidence: Evidence, match: LocationMatch, page: Exchange) -> _Denial | None:
    """Return what refuses the method that a pasted message is about: a browser's preflight, or a
    form."""
    symptom = evidence.target.symptom
    if symptom is None:
        return None
    if symptom.kind == "cors":
        return _directive(match, _PREFLIGHT)
    method = reported_method(evidence, page)
    denial = _directive(match, method) if method else None
    return denial if denial and denial.directive.name == "limit_except" else None


def _directive(match: LocationMatch, method: str) -> _Denial | None:
    """Return the directive of a location that refuses every request with this method that carries
    no password."""
    for block in limit_except_blocks(match, method):
        if any(rule.args == ("all",) for rule in children(block, "deny")):
            return _Denial(block, method, 403)
        if any(rule.args[:1] != ("off",) for rule in children(block, "auth_basic")):
            return _Denial(block, method, 401)
        return None
    password = match.directive("auth_basic")
    if method != _PREFLIGHT or password is None or password.args[:1] == ("off",):
        return None
    return _Denial(password, method, 401)
