"""server.form-not-sent: Apache, Caddy or HAProxy tells the application another origin."""

from dataclasses import replace

from diagnose.model import Claim, Confidence, Observation, Severity
from diagnose.model.http import Exchange
from diagnose.model.pages import Page
from tests.support.caddy_evidence import CADDY, caddy_config
from tests.support.check_evidence import SHOP, judge
from tests.support.report_builder import ANSWER
from tests.support.web_server_evidence import APACHE, HTTPS, apache_config

CHECK = "server.form-not-sent"
LINES = "    ProxyPreserveHost On\n    RequestHeader set X-Forwarded-Proto https\n"
TOLD = apache_config(HTTPS.replace("    ProxyPass /ws", f"{LINES}    ProxyPass /ws"))
FORM = Page(url=SHOP.url, address="203.0.113.10", port=443, posts=(f"{SHOP.url}login?a=b",))


def claims(*observations: Observation, page: Page = FORM, answer: Exchange = ANSWER) -> list[Claim]:
    return judge(CHECK, *observations, answer, page, masked=False)


def test_fires_as_a_note_where_apache_tells_nothing() -> None:
    (claim,) = claims(APACHE, apache_config())
    assert (claim.severity or Severity.NOTE) is Severity.NOTE
    assert claim.facts["form"] == f"{SHOP.url}login"
    assert claim.facts["told"] == "http://127.0.0.1:3000"
    assert claim.facts["fields"] == ("X-Forwarded-Proto", "Host")
    assert claim.fix


def test_silent_where_the_application_is_told_all() -> None:
    assert not claims(APACHE, TOLD)
    assert not claims(CADDY, caddy_config())


def test_silent_without_a_form_that_was_not_sent() -> None:
    assert not claims(APACHE, apache_config(), page=replace(FORM, posts=()))
    assert not claims(APACHE, apache_config(), answer=replace(ANSWER, method="POST"))


def test_is_likely_only_for_a_framework_that_compares() -> None:
    (claim,) = claims(APACHE, apache_config())
    assert claim.confidence is Confidence.POSSIBLE
    rails = replace(ANSWER, body='<input type="hidden" name="authenticity_token" value="x">')
    (claim,) = claims(APACHE, apache_config(), answer=rails)
    assert claim.confidence is Confidence.LIKELY
