"""What counts of another page of the site, and how much."""

from dataclasses import replace

import pytest

from diagnose.checking.other_pages import other_claims, with_other_claims
from diagnose.checking.root_cause import findings
from diagnose.model import (
    Check,
    Claim,
    Evidence,
    Finding,
    Severity,
    Subject,
    Symptom,
)
from diagnose.model.http import Exchange
from diagnose.model.other_requests import OtherRequest, RequestSource
from diagnose.model.pages import PageFileResponse
from diagnose.model.requests import ComparedRequest, RequestPart
from tests.support.check_evidence import NOW, SHOP
from tests.support.page_evidence import answered, picture

REQUEST = OtherRequest(path="/about", status=404, by_browser=True)


def check_of(check_id: str, severity: Severity, explains: tuple[str, ...] = ()) -> Check:
    return Check(id=check_id, severity=severity, needs=(), explains=explains, judge=lambda _: ())


NOT_FOUND = check_of("nginx.target-not-found", Severity.ERROR, ("nginx.own-answer",))
OWN_ANSWER = check_of("nginx.own-answer", Severity.NOTE)
CLAIM = Claim(about=Subject(port=443), because=())


Raised = list[tuple[Check, Claim]]


@pytest.fixture
def raised() -> Raised:
    """What the checks claim about the other page."""
    return [(OWN_ANSWER, CLAIM), (NOT_FOUND, CLAIM)]


def claimed(
    raised: Raised,
    request: OtherRequest,
    own: tuple[tuple[Check, Claim], ...] = (),
    symptom: Symptom | None = None,
) -> list[tuple[str, Severity | None]]:
    evidence = Evidence(replace(SHOP, symptom=symptom), NOW, (request,))
    return [
        (check.id, claim.severity) for check, claim in other_claims(own, evidence, lambda _: raised)
    ]


def test_a_cause_comes_with_its_symptoms(raised: Raised) -> None:
    assert claimed(raised, REQUEST) == [
        ("nginx.target-not-found", Severity.WARNING), ("nginx.own-answer", Severity.NOTE),
    ]  # fmt: skip


def test_what_is_a_warning_for_a_page_may_be_meant(raised: Raised) -> None:
    raised[1] = (replace(NOT_FOUND, severity=Severity.WARNING), CLAIM)
    assert claimed(raised, REQUEST)[0] == ("nginx.target-not-found", Severity.NOTE)
    assert claimed(raised, replace(REQUEST, by_browser=False)) == []
    assert claimed(raised, replace(REQUEST, is_from_page=True))[0][1] is Severity.WARNING


def test_an_error_that_only_programs_asked_for_is_a_note(
    raised: Raised,
) -> None:
    assert claimed(raised, replace(REQUEST, by_browser=False))[0][1] is Severity.NOTE
    assert claimed(raised, replace(REQUEST, by_browser=False, status=502))[0][1] is Severity.WARNING


def test_a_note_of_the_target_may_be_a_fault_at_another_page(raised: Raised) -> None:
    noted = (NOT_FOUND, replace(CLAIM, severity=Severity.NOTE))
    evidence = Evidence(SHOP, NOW, (REQUEST,))
    both = with_other_claims([noted], evidence, lambda _: raised)
    assert [(check.id, claim.severity) for check, claim in both] == claimed(raised, REQUEST)
    elsewhere = (NOT_FOUND, replace(noted[1], about=Subject(port=80)))
    both = with_other_claims([elsewhere], evidence, lambda _: raised)
    assert both[0] == elsewhere
    assert len(both) == 3


def test_notes_and_what_is_known_are_left_out(raised: Raised) -> None:
    assert claimed(raised, REQUEST, own=((NOT_FOUND, CLAIM),)) == []
    del raised[1]
    assert claimed(raised, REQUEST) == []


def compared(part: RequestPart, status: int) -> ComparedRequest:
    return ComparedRequest(
        target="http://127.0.0.1:3000", path="/about", address="127.0.0.1", port=3000, part=part,
        status=status, is_html=True,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("part", "unknown", "count"),
    [("path", 0, 0), ("path", 200, 0), ("path", 404, 2), ("field", 0, 2)],
)
def test_another_path_needs_a_control(
    raised: Raised, part: RequestPart, unknown: int, count: int
) -> None:
    """An application may have one page for all paths."""
    change = compared(part, 200)
    raised[1] = (NOT_FOUND, replace(CLAIM, because=(change,)))
    controls = [compared("unknown-path", unknown)] if unknown else []
    assert len(claimed(raised, replace(REQUEST, observations=(change, *controls)))) == count


def test_the_certificate_is_the_targets_own(raised: Raised) -> None:
    raised[:] = [(check_of("certificate.expired", Severity.ERROR), CLAIM)]
    assert claimed(raised, REQUEST) == []


@pytest.mark.parametrize(
    ("symptom", "count"),
    [
        (None, 0),
        (Symptom("status", "404 Not Found", 404), 2),
        (Symptom("certificate-expired", "certificate has expired"), 0),
    ],
)
def test_a_page_without_a_failure_answers_a_message(
    raised: Raised, symptom: Symptom | None, count: int
) -> None:
    source: RequestSource = "visit"
    request = replace(REQUEST, source=source, status=404)
    page = Exchange(url="https://shop.example.com/about", address="::1", port=443, status=404)
    raised[1] = (NOT_FOUND, replace(CLAIM, because=(page,)))
    assert len(claimed(raised, request, symptom=symptom)) == count


def test_the_log_tells_of_the_same_request() -> None:
    """What only lists a failing request is explained, and no finding about the target."""
    about = replace(CLAIM, request="/about")
    listed = replace(check_of("nginx.other-requests-failed", Severity.WARNING), names_requests=True)
    conclusions: tuple[Finding, ...] = findings(
        [
            (NOT_FOUND, about),
            (OWN_ANSWER, CLAIM),
            (listed, Claim(about=Subject(port=443, path="/about"), because=())),
            (listed, Claim(about=Subject(port=443, path="/other"), because=())),
        ]
    )
    causes = {
        (finding.check.id, finding.claim.about.path): finding.explained_by
        for finding in conclusions
    }
    cause = next(finding.id for finding in conclusions if finding.check is NOT_FOUND)
    assert causes["nginx.other-requests-failed", "/about"] == cause
    assert causes["nginx.other-requests-failed", "/other"] is None
    assert causes["nginx.own-answer", None] is None


def test_what_the_log_tells_of_a_page_explains_what_its_own_run_shows() -> None:
    told = check_of("http.preflight-refused", Severity.WARNING, ("http.cors-refused",))
    at = Subject(port=443, path="/api")
    claim = replace(CLAIM, about=at, covers=(at, Subject(port=443)))
    for request, is_explained in (("/api", True), ("/about", False)):
        shown = replace(CLAIM, request=request)
        conclusions = findings([(told, claim), (REFUSED, shown)])
        roots = [finding for finding in conclusions if finding.explained_by is None]
        assert len(roots) == (1 if is_explained else 2)


def test_the_run_for_a_file_of_the_page_explains_that_it_does_not_come() -> None:
    denied = check_of("server.access-not-granted", Severity.WARNING, ("http.page-file-missing",))
    missing = check_of("http.page-file-missing", Severity.ERROR)
    file = PageFileResponse(
        page="https://shop.example.com/", file_kind="script", address="::1", port=443, status=403,
        url="https://shop.example.com/static/app.js?v=1",
    )  # fmt: skip
    page = replace(CLAIM, because=(file,))
    for request, is_explained in (("/static/app.js", True), ("/static/other.js", False)):
        conclusions = findings([(denied, replace(CLAIM, request=request)), (missing, page)])
        roots = [finding for finding in conclusions if finding.explained_by is None]
        assert len(roots) == (1 if is_explained else 2)


def test_what_a_visitor_got_comes_before_other_notes() -> None:
    own = check_of("host.clock", Severity.NOTE)
    notes = findings([(own, CLAIM), (OWN_ANSWER, replace(CLAIM, request="/about"))])
    assert [finding.check.id for finding in notes] == ["nginx.own-answer", "host.clock"]


TWICE = check_of("http.cors-twice", Severity.WARNING)
REFUSED = check_of("http.cors-refused", Severity.WARNING)
API = OtherRequest(
    path="/api", status=200, by_browser=True, origin="https://app.example.net"
)  # fmt: skip


def answer(kind: str = "application/json", allowed: str = "*", method: str = "GET") -> Exchange:
    fields = (("Content-Type", kind), *([("Access-Control-Allow-Origin", allowed)] * bool(allowed)))
    return Exchange(
        url="https://shop.example.com/api", address="::1", port=443, status=200, headers=fields,
        method=method,
    )  # fmt: skip


def with_reason(reason: str, page: Exchange) -> Claim:
    return replace(CLAIM, because=(page,), facts={reason: True})


def test_a_script_of_another_site_gets_what_its_browser_refuses() -> None:
    claim = replace(CLAIM, because=(answer(),))
    assert claimed([(TWICE, claim)], API) == [("http.cors-twice", Severity.WARNING)]
    wildcard = with_reason("wildcard", answer())
    assert claimed([(REFUSED, wildcard)], API) == [("http.cors-refused", Severity.WARNING)]
    preflight = with_reason("failed", answer(kind="text/html", method="OPTIONS"))
    assert claimed([(REFUSED, preflight)], API) == [("http.cors-refused", Severity.WARNING)]


@pytest.mark.parametrize(
    ("check", "claim"),
    [
        (NOT_FOUND, CLAIM),
        (TWICE, replace(CLAIM, because=(answer(kind="text/html; charset=utf-8"),))),
        (REFUSED, with_reason("missing", answer(allowed=""))),
        (REFUSED, with_reason("other", answer(allowed="https://b.example.net"))),
        (REFUSED, with_reason("failed", answer(allowed="", method="OPTIONS"))),
    ],
    ids=["no page", "a link", "not meant", "another site", "no permission anywhere"],
)
def test_a_site_that_permits_nothing_is_no_fault(check: Check, claim: Claim) -> None:
    assert claimed([(check, claim)], API) == []


def test_of_a_page_from_which_nobody_came_back_only_where_it_leads_counts(raised: Raised) -> None:
    request = replace(REQUEST, source="departure", status=301)
    assert claimed(raised, request) == []
    wrong_host = check_of("http.redirect-wrong-host", Severity.ERROR)
    return_address = check_of("http.login-return-address", Severity.WARNING)
    assert claimed([(wrong_host, CLAIM)], request) == [(wrong_host.id, Severity.WARNING)]
    assert claimed([(return_address, CLAIM)], request) == [(return_address.id, Severity.WARNING)]


def test_a_file_of_the_page_whose_fault_is_named_already_is_no_other_page(raised: Raised) -> None:
    file = answered(picture("/about"), 404)
    named = (
        check_of("nginx.page-file-forbidden", Severity.WARNING),
        replace(CLAIM, because=(file,)),
    )
    assert claimed(raised, REQUEST, own=(named,)) == []
    symptom = (check_of("http.page-file-missing", Severity.WARNING), named[1])
    assert claimed(raised, REQUEST, own=(symptom,))
    assert claimed(raised, replace(REQUEST, path="/other"), own=(named,))


def test_a_page_that_a_script_of_the_site_shows_is_meant() -> None:
    warned = check_of("nginx.front-controller-missing", Severity.WARNING)

    def severity(route: str, request: OtherRequest = REQUEST) -> Severity | None:
        file = replace(answered(picture("/app.js"), 200), routes=("/login", route))
        evidence = Evidence(SHOP, NOW, (request, file))
        ((_, claim),) = other_claims((), evidence, lambda _: [(warned, CLAIM)])
        return claim.severity

    assert severity("/about") is Severity.WARNING
    assert severity("/other") is Severity.NOTE
    assert severity("/:page", replace(REQUEST, path="/a/b")) is Severity.NOTE


ELSEWHERE = OtherRequest(
    path="/app.js", source="page", by_browser=True, origin="https://shop.example.com",
    elsewhere="https://api.example.com", use="module",
)  # fmt: skip
WITHHELD = check_of("http.cors-refused", Severity.WARNING)


def page_of(status: int) -> Exchange:
    return Exchange(
        url="https://api.example.com/app.js", address="203.0.113.10", port=443, status=status
    )


def test_what_is_kept_from_the_own_page_is_a_fault(raised: Raised) -> None:
    raised[:] = [(WITHHELD, CLAIM)]
    request = replace(ELSEWHERE, observations=(page_of(200),))
    ((check, claim),) = other_claims((), Evidence(SHOP, NOW, (request,)), lambda _: raised)
    assert (check.id, claim.severity) == ("http.cors-refused", Severity.WARNING)
    assert claim.request == "https://api.example.com/app.js"


def test_another_fault_of_another_origin_counts_where_nobody_gets_an_answer(raised: Raised) -> None:
    raised[:] = [(check_of("tcp.refused", Severity.ERROR), CLAIM)]
    assert claimed(raised, ELSEWHERE) == [("tcp.refused", Severity.WARNING)]
    assert claimed(raised, replace(ELSEWHERE, observations=(page_of(502),)))
    assert claimed(raised, replace(ELSEWHERE, observations=(page_of(200),))) == []
    unverified = replace(page_of(200), verified=False)
    assert claimed(raised, replace(ELSEWHERE, observations=(unverified,)))
    raised[:] = [(check_of("tcp.refused", Severity.WARNING), CLAIM)]
    assert claimed(raised, ELSEWHERE) == []
    raised[:] = [(check_of("firewall.port-closed", Severity.ERROR), CLAIM)]
    assert claimed(raised, replace(ELSEWHERE, observations=(page_of(200),)))
