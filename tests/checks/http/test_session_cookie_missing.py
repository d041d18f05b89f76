"""http.session-cookie-missing: when it fires, and when it is silent."""

from dataclasses import replace

import pytest

from diagnose.model import Applicability, Claim, Confidence, Edit, Observation, Vantage
from diagnose.model.http import Exchange
from diagnose.model.logs import FailedRequests
from diagnose.model.program_logs import ProgramRefusal
from diagnose.parsers.symptoms import symptom_of
from tests.support.caddy_evidence import CADDY, caddy_config
from tests.support.check_evidence import SHOP, judge
from tests.support.nginx_evidence import RUNNING, SITE, config
from tests.support.page_errors import page
from tests.support.page_evidence import SITE as URL
from tests.support.page_evidence import loads
from tests.support.report_builder import ANSWER

CHECK = "http.session-cookie-missing"
FORM = loads(url=ANSWER.url, posts=(f"{URL}/login",), tokens=("_csrf",))
LOGIN = FailedRequests(
    vantage=Vantage.SERVER, file="/var/log/nginx/access.log", method="POST", path="/login",
    status=403, written="29/Nov/2026:08:00:00 +0000", is_from_page=True,
)  # fmt: skip
SAID = ProgramRefusal(
    vantage=Vantage.SERVER, endpoint="3000", process="node", method="POST", path="/login",
    status=403, message="Error: CSRF token mismatch", equivalent="journalctl -u shop.service",
)  # fmt: skip


def claims(*observations: Observation, words: str = "", answer: Exchange = ANSWER) -> list[Claim]:
    target = replace(SHOP, symptom=symptom_of(words)) if words else SHOP
    return judge(CHECK, *observations, answer, target=target, masked=False)


def test_fires_certain_where_the_application_refused_the_token() -> None:
    (claim,) = claims(FORM, LOGIN, SAID)
    assert claim.confidence is Confidence.CERTAIN
    assert (claim.facts["field"], claim.facts["words"]) == ("_csrf", SAID.message)
    assert claim.facts["express"]
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL


def test_fires_where_a_form_was_refused_or_a_person_says_so() -> None:
    (claim,) = claims(FORM, LOGIN)
    assert claim.confidence is Confidence.LIKELY
    (claim,) = claims(FORM, words="ForbiddenError: invalid csrf token")
    assert claim.confidence is Confidence.LIKELY
    assert claims(FORM, words="419 Page Expired")


def test_fires_behind_caddy_and_names_the_framework() -> None:
    express = replace(ANSWER, headers=(("X-Powered-By", "Express"),))
    form = replace(FORM, tokens=("csrf_token",))
    (claim,) = claims(
        CADDY, caddy_config(), form, replace(LOGIN, server="caddy"), SAID, answer=express
    )
    assert (claim.facts["express"], claim.facts["untold"]) == (True, False)


def test_the_scheme_is_told_where_nginx_does_not() -> None:
    site = SITE.replace(
        "        proxy_set_header", "        proxy_set_header Host $http_host;\n"
        "        proxy_set_header", 1
    )  # fmt: skip
    (claim,) = judge(CHECK, config(site), RUNNING, FORM, page(200), LOGIN, SAID, masked=False)
    assert claim.facts["untold"]
    assert claim.fix
    assert isinstance(claim.fix.steps[0], Edit)
    assert "+" in claim.fix.steps[0].diff


COOKIE = replace(ANSWER, headers=(("Set-Cookie", "sid=1; Secure"),))


@pytest.mark.parametrize(
    ("answer", "seen"),
    [
        (COOKIE, (FORM, LOGIN, SAID)),
        (replace(ANSWER, headers=(("Age", "12"),)), (FORM, LOGIN, SAID)),
        (replace(ANSWER, headers=(("X-Cache", "HIT"),)), (FORM, LOGIN, SAID)),
        (replace(ANSWER, equivalent="curl -H 'Cookie: sid=1'"), (FORM, LOGIN, SAID)),
        (ANSWER, (FORM,)),
        (ANSWER, (FORM, replace(LOGIN, is_from_page=False))),
        (ANSWER, (FORM, replace(LOGIN, forms_accepted=True))),
        (ANSWER, (FORM, replace(LOGIN, status=401))),
        (ANSWER, (FORM, replace(LOGIN, path="/other"))),
        (ANSWER, (FORM, LOGIN, replace(SAID, message="Origin checking failed - https://x"))),
        (ANSWER, (replace(FORM, tokens=()), LOGIN, SAID)),
        (ANSWER, (replace(FORM, posts=("https://pay.example.net/login",)), LOGIN, SAID)),
    ],
)
def test_silent(answer: Exchange, seen: tuple[Observation, ...]) -> None:
    assert not claims(*seen, answer=answer)


def test_silent_where_nginx_takes_the_cookie_or_the_origin_is_told() -> None:
    hides = "        proxy_hide_header Set-Cookie;\n        proxy_set_header"
    site = SITE.replace("        proxy_set_header", hides, 1)
    assert not judge(CHECK, config(site), RUNNING, FORM, page(200), LOGIN, SAID, masked=False)
    caddy = caddy_config("shop.example.com {\n\theader -Set-Cookie\n\treverse_proxy :3000\n}\n")
    assert not claims(CADDY, caddy, FORM, LOGIN, SAID)
    assert not claims(FORM, words="Origin checking failed - https://shop.example.com")
