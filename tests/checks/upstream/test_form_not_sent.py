"""upstream.form-not-sent: nginx tells the application another origin than the visitor's."""

from dataclasses import replace

from diagnose.checking.symptom_table import symptom_row
from diagnose.model import Applicability, Claim, Confidence, Severity, Symptom, Target
from diagnose.model.http import Exchange
from diagnose.model.pages import Page
from tests.support.check_evidence import SHOP, judge
from tests.support.nginx_evidence import BUILD, RUNNING, SITE, config
from tests.support.upstream_evidence import page

CHECK = "upstream.form-not-sent"
HOST = "        proxy_set_header Host $host;\n"
TOLD = SITE.replace(HOST, f"{HOST}        proxy_set_header X-Forwarded-Proto $scheme;\n")
FORM = Page(url=SHOP.url, address="203.0.113.10", port=443, posts=(f"{SHOP.url}login?a=b",))


DJANGO = page(200, '<input type="hidden" name="csrfmiddlewaretoken" value="x">')
TOLD_LOGIN = replace(SHOP, symptom=Symptom("login", "nobody can sign in"))


def claims(
    text: str, shown: Page = FORM, answer: Exchange | None = None, target: Target = SHOP
) -> list[Claim]:
    seen = config(text), BUILD, RUNNING, answer or page(200), shown
    return judge(CHECK, *seen, target=target, masked=False)


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


def test_is_likely_only_for_a_framework_that_compares() -> None:
    (claim,) = claims(SITE)
    assert claim.confidence is Confidence.POSSIBLE
    (claim,) = claims(SITE, answer=DJANGO)
    assert claim.confidence is Confidence.LIKELY
    # Next.js takes https for granted, and knows the host.
    (claim,) = claims(SITE, answer=page(200, '<script src="/_next/static/a.js"></script>'))
    assert claim.confidence is Confidence.POSSIBLE


def test_fires_as_a_warning_for_a_login_that_such_a_framework_guards() -> None:
    (claim,) = claims(SITE, answer=DJANGO, target=TOLD_LOGIN)
    assert claim.severity is Severity.WARNING
    (claim,) = claims(SITE, target=TOLD_LOGIN)
    assert (claim.severity or Severity.NOTE) is Severity.NOTE


def test_words_about_a_login_alone_make_no_fault_of_it() -> None:
    assert TOLD_LOGIN.symptom
    shown = symptom_row(TOLD_LOGIN.symptom).shown
    assert not {CHECK, "server.form-not-sent"} & set(shown)
