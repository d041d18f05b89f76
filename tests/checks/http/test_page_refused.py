"""http.page-refused: when it fires, and when it is silent."""

from dataclasses import replace

import pytest

from diagnose.model import Confidence, Host, Severity, Symptom, Vantage
from tests.support.check_evidence import CHAT, SHOP, judge
from tests.support.upstream_evidence import page

CHECK = "http.page-refused"
NGINX = "<html><head><title>404 Not Found</title></head><hr><center>nginx/1.26.3</center></html>"
HTML = "<!doctype html><title>Shop</title><p>It works.</p>"
PLAIN = replace(
    page(200, HTML), url="http://shop.example.com/", port=80, purpose="plain", verified=True
)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 405, 410])
def test_notes_who_refuses_and_what_was_not_looked_at(status: int) -> None:
    (claim,) = judge(CHECK, page(status, NGINX))
    assert claim.severity is None
    assert claim.facts["server"] == "nginx"
    (claim,) = judge(CHECK, page(status, "Cannot GET /"))
    assert (claim.severity, claim.facts["words"]) == (None, "Cannot GET /")
    (claim,) = judge(CHECK, page(status))
    assert claim.facts["silent"]


def test_fires_where_http_shows_the_page() -> None:
    (claim,) = judge(CHECK, page(404, NGINX), PLAIN)
    assert (claim.severity, claim.confidence) == (Severity.WARNING, Confidence.LIKELY)
    assert claim.facts["plain"] == PLAIN.url


def test_fires_where_nginx_has_files_for_a_form() -> None:
    (claim,) = judge(CHECK, replace(page(405, NGINX), method="POST"))
    assert (claim.severity, claim.facts["method"]) == (Severity.WARNING, "POST")


@pytest.mark.parametrize(
    "plain",
    [
        replace(PLAIN, status=301),
        replace(PLAIN, body="ok"),
        replace(PLAIN, url="http://shop.example.com/other"),
        replace(PLAIN, body="<!doctype html><title>Welcome to nginx!</title>"),
    ],
)
def test_only_notes_where_http_shows_no_page_of_the_site(plain: object) -> None:
    (claim,) = judge(CHECK, page(404, NGINX), plain)  # type: ignore[arg-type]
    assert claim.severity is None


def test_only_notes_an_application_that_refuses_the_method() -> None:
    (claim,) = judge(CHECK, replace(page(405, "Method Not Allowed"), method="POST"))
    assert claim.severity is None
    (claim,) = judge(CHECK, replace(page(405, NGINX), method="OPTIONS"))
    assert claim.severity is None


def test_silent_where_the_words_say_why_and_where_others_judge() -> None:
    for body in ("No input file specified.", "Invalid Host header", "default backend - 404"):
        assert not judge(CHECK, page(404 if "backend" in body else 403, body))
    assert not judge(CHECK, page(429, NGINX))
    assert not judge(CHECK, page(500, NGINX))
    assert not judge(CHECK, page(200, HTML))
    assert not judge(CHECK, page(404, NGINX), target=CHAT)


def test_silent_where_the_server_was_looked_into() -> None:
    server = Host(vantage=Vantage.SERVER, hostname="server", role="server")
    assert not judge(CHECK, page(404, NGINX), server)


def test_silent_where_somebody_reports_it() -> None:
    reported = replace(SHOP, symptom=Symptom("status", "m", 404))
    assert not judge(CHECK, page(404, NGINX), target=reported)
    assert judge(CHECK, page(404, NGINX), PLAIN, target=reported)


@pytest.mark.parametrize("status", [403, 404])
def test_fires_where_the_page_is_shown_over_the_other_family(status: int) -> None:
    """After issue 407 of DAppNode: a list has networks for IPv4 only."""
    over_six = replace(page(status, NGINX), address="2001:db8:2::10")
    (claim,) = judge(CHECK, over_six, page(200, HTML))
    assert (claim.severity, claim.confidence) == (Severity.WARNING, Confidence.LIKELY)
    assert (claim.facts["over"], claim.facts["shown"]) == ("IPv6", "IPv4")


def test_a_note_where_both_families_are_refused_or_one_of_two_machines_refuses() -> None:
    over_six = replace(page(403, NGINX), address="2001:db8:2::10")
    second = replace(page(403, NGINX), address="203.0.113.11")
    for seen in ((over_six, page(403, NGINX)), (over_six, second, page(200, HTML))):
        (claim,) = judge(CHECK, *seen)
        assert (claim.severity, claim.facts["over"]) == (None, "")
