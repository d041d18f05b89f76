"""upstream.form-not-sent: nginx tells the application another origin than the visitor's."""

from dataclasses import replace

from diagnose.model import Applicability, Claim, Severity
from diagnose.model.http import Exchange
from diagnose.model.pages import Page
from tests.support.check_evidence import SHOP, judge
from tests.support.nginx_evidence import BUILD, RUNNING, SITE, config
from tests.support.upstream_evidence import page

CHECK = "upstream.form-not-sent"
HOST = "        proxy_set_header Host $host;\n"
TOLD = SITE.replace(HOST, f"{HOST}        proxy_set_header X-Forwarded-Proto $scheme;\n")
FORM = Page(url=SHOP.url, address="203.0.113.10", port=443, posts=(f"{SHOP.url}login?a=b",))


def claims(text: str, shown: Page = FORM, answer: Exchange | None = None) -> list[Claim]:
    return judge(CHECK, config(text), BUILD, RUNNING, answer or page(200), shown)


def test_fires_as_a_note_where_the_scheme_or_the_name_is_missing() -> None:
    for text in (SITE, TOLD.replace(HOST, "")):
        (claim,) = claims(text)
        assert (claim.severity or Severity.NOTE) is Severity.NOTE
        assert claim.facts["form"] == f"{SHOP.url}login"
        assert claim.fix
        assert claim.fix.applicability is Applicability.REVIEW


def test_silent_where_the_application_is_told_all() -> None:
    assert not claims(TOLD)


def test_silent_without_a_form_of_the_site() -> None:
    assert not claims(SITE, replace(FORM, posts=()))
    assert not claims(SITE, replace(FORM, posts=("https://pay.example.net/",)))


def test_silent_where_a_form_was_sent() -> None:
    assert not claims(SITE, answer=replace(page(200), method="POST"))


def test_silent_where_a_map_tells_the_scheme() -> None:
    entries = "default $http_x_forwarded_proto; '' $scheme;"
    sent = f"{HOST}        proxy_set_header X-Forwarded-Proto $proto;\n"
    text = SITE.replace(HOST, sent)
    assert not claims(f"map $http_x_forwarded_proto $proto {{ {entries} }}\n{text}")
    # What depends on the visitor is not known.
    assert not claims(f"map $ssl_client_verify $proto {{ default https; }}\n{text}")
