"""What was read of a request counts only as far as no other check has used it."""

from dataclasses import replace

import pytest

from diagnose.checking.symptom_answer import names_failures
from diagnose.checking.unused_observations import without_used
from diagnose.model import Check, Claim, Evidence, Finding, Observation, Report, Severity, Subject
from diagnose.model.logs import UnservedRequests
from diagnose.model.other_requests import OtherRequest
from diagnose.outputs import verdict_text
from tests.support.check_evidence import NOW, SHOP
from tests.support.page_errors import logged, page
from tests.support.page_evidence import answered, picture

LINE, PAGE = logged("open() failed"), page(404)
REQUEST = OtherRequest(path="/img/1.png", status=404)


def check_of(check_id: str, severity: Severity = Severity.NOTE, only_unused: bool = False) -> Check:
    return Check(
        id=check_id, severity=severity, needs=(), explains=(), judge=lambda _: (),
        only_unused=only_unused,
    )  # fmt: skip


LEFT = check_of("nginx.request-logged", only_unused=True)
OF_LINE = LEFT, Claim(about=Subject(port=443), because=(LINE, PAGE))
OF_FILE = LEFT, Claim(about=Subject(port=443, path="/img/1.png"), because=(REQUEST,))


def is_left(
    left: tuple[Check, Claim], check: Check, *because: Observation, path: str | None = None
) -> bool:
    claim = Claim(about=Subject(path=path), because=because)
    return left in without_used([left, (check, claim)])


def test_alone_it_counts() -> None:
    assert without_used([OF_LINE, OF_FILE]) == [OF_LINE, OF_FILE]


@pytest.mark.parametrize(
    ("check", "because", "expected"),
    [
        (check_of("http.cors-refused"), LINE, False),
        # The log was read again.
        (check_of("http.cors-refused"), replace(LINE, times=2), False),
        (check_of("http.cors-refused"), logged("other words"), True),
        # Another note of the page's answer is why it is so; that a CDN stands before it is not.
        (check_of("nginx.own-answer"), PAGE, False),
        (check_of("dns.behind-cdn"), PAGE, True),
        (check_of("http.page-refused", Severity.ERROR), PAGE, False),
    ],
)
def test_a_line_is_used_by_another_claim(
    check: Check, because: Observation, expected: bool
) -> None:
    assert is_left(OF_LINE, check, because) is expected


@pytest.mark.parametrize(
    "because",
    [
        REQUEST,
        OtherRequest(path="/", sent="/img/1.png"),
        answered(picture()),
        UnservedRequests(file="/a.log", path="/img/1.png", written="", folder="/img"),
        replace(page(404), url="https://shop.example.com/img/1.png", purpose="logged"),
    ],
)
def test_a_request_is_used_by_a_claim_about_the_same_path(because: Observation) -> None:
    assert not is_left(OF_FILE, check_of("http.page-file-missing"), because)
    assert not is_left(OF_FILE, check_of("http.page-file-missing"), path="/img/1.png")
    assert is_left(OF_FILE, check_of("http.page-file-missing"), path="/img/2.png")


def test_a_failure_that_is_named_is_not_absent() -> None:
    evidence = Evidence(SHOP, NOW, ())
    assert not names_failures(Report(evidence, ()))
    assert names_failures(Report(evidence, (Finding("f1", *OF_LINE),)))
    assert not names_failures(
        Report(evidence, (Finding("f1", replace(LEFT, only_unused=False), OF_LINE[1]),))
    )


def test_the_own_words_of_a_refusal_stand_in_the_verdict() -> None:
    json = (("Content-Type", "application/json"),)
    refused = replace(page(401, '{"msg": "add access_token"}'), reason="Unauthorized", headers=json)
    report = Report(Evidence(SHOP, NOW, (refused,)), ())
    assert verdict_text._own_words(refused) == '{"msg": "add access_token"}'
    assert verdict_text._own_words(replace(refused, headers=())) == ""
    assert verdict_text._own_words(replace(refused, status=502)) == ""
    assert verdict_text.verdict_sentence(report, "en")
