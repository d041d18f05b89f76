"""server.apache-header-limit: Apache takes less of a request's header than its application."""

from dataclasses import replace

import pytest

from diagnose.model import Claim, Confidence, Edit, Observation, Symptom, Vantage
from diagnose.model.logs import FailedRequests
from diagnose.model.requests import HeaderTrial
from tests.support.check_evidence import SHOP, judge
from tests.support.upstream_evidence import page
from tests.support.web_server_evidence import APACHE, HTTPS, PASSED, apache_config

CHECK = "server.apache-header-limit"
OWN = "Size of a request header field exceeds server limit."
TOLD = replace(SHOP, symptom=Symptom("request-header", OWN))
TRIAL = HeaderTrial(
    vantage=Vantage.SERVER, target="http://127.0.0.1:3000", path="/", address="127.0.0.1",
    port=3000, normal=200, served=7500, refused=15500, status=400, server="apache",
)  # fmt: skip


def judged(text: str = HTTPS, *trials: Observation, words: str = OWN) -> list[Claim]:
    target = replace(TOLD, symptom=Symptom("request-header", words))
    return judge(CHECK, APACHE, PASSED, apache_config(text), page(200), *trials, target=target)


def diff_of(claim: Claim) -> str:
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    return edit.diff


def test_fires_where_the_application_takes_more() -> None:
    (claim,) = judged(HTTPS, TRIAL)
    assert claim.confidence is Confidence.CERTAIN
    assert (claim.facts["limit"], claim.facts["refused"]) == (8190, 15500)
    assert "+LimitRequestFieldSize 32768\n <VirtualHost *:443>" in diff_of(claim)


def test_changes_the_line_that_sets_the_limit() -> None:
    (claim,) = judged(HTTPS.replace("SSLEngine on", "SSLEngine on\n    LimitRequestFieldSize 4000"))
    assert claim.confidence is Confidence.LIKELY
    assert claim.facts["limit"] == 4000
    assert "-    LimitRequestFieldSize 4000\n+    LimitRequestFieldSize 32768" in diff_of(claim)


@pytest.mark.parametrize(
    ("words", "line"),
    [
        ("number of request header fields exceeds server limit", "LimitRequestFields 200"),
        ("The requested URL's length exceeds the capacity limit", "LimitRequestLine 32768"),
    ],
)  # fmt: skip
def test_fires_for_the_words_of_the_other_limits(words: str, line: str) -> None:
    (claim,) = judged(words=words)
    assert f"+{line}\n" in diff_of(claim)


@pytest.mark.parametrize(
    ("line", "words", "status"),
    [
        ("LimitRequestFieldSize 16384", OWN, 400),
        ("LimitRequestLine 16380", "The requested URL's length exceeds the capacity limit", 414),
    ],
)
def test_silent_where_the_limit_was_raised_and_no_visitor_is_refused(
    line: str, words: str, status: int
) -> None:
    text = HTTPS.replace("SSLEngine on", f"SSLEngine on\n    {line}")
    assert not judged(text, words=words)
    if words == OWN:
        assert not judged(text, replace(TRIAL, served=15500, refused=31500))
    refused = FailedRequests(
        file="/var/log/apache2/access.log", method="GET", path="/", status=status,
        written="at 18:01", times=3, server="apache",
    )  # fmt: skip
    assert judged(text, refused, words=words)


def test_silent_where_the_limit_is_large_already() -> None:
    assert not judged(
        HTTPS.replace("SSLEngine on", "SSLEngine on\n    LimitRequestFieldSize 65536")
    )


@pytest.mark.parametrize(
    "trial",
    [
        replace(TRIAL, refused=None, status=None, served=31500),
        replace(TRIAL, server=""),
        replace(TRIAL, status=302),
    ],
)
def test_silent_without_apaches_words_or_refusal(trial: HeaderTrial) -> None:
    assert not judged(HTTPS, trial, words="431 Request Header Fields Too Large")
