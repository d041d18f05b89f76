"""upstream.host-not-allowed: the application does not allow the visitor's own name."""

from dataclasses import replace

import pytest

from diagnose.model import Confidence
from diagnose.model.http import Exchange
from diagnose.model.requests import Asked, ComparedRequest
from tests.support.check_evidence import judge
from tests.support.nginx_evidence import SITE, config
from tests.support.upstream_evidence import asked, compared, controlled, page

CHECK = "upstream.host-not-allowed"
VITE = 'Blocked request. This host ("shop.example.com") is not allowed.'
PASSED = asked(403, sent="shop.example.com", body=VITE)
LOCAL = controlled(
    compared(400), compared(200, "field", "Host", "replaced", original="shop", value="localhost")
)
MENTIONED = "Blocked hosts: 3"
DJANGO = asked(400, sent="shop.example.com", body="<h1>Bad Request (400)</h1>")
WORDLESS = replace(DJANGO, body="Bad Request")


def test_fires_on_the_words_of_a_framework() -> None:
    (claim,) = judge(CHECK, config(), page(403, VITE), PASSED)
    assert claim.confidence is Confidence.CERTAIN
    assert claim.facts["place"] == "/etc/nginx/nginx.conf:10"
    assert (claim.facts["program"], claim.facts["file"]) == ("Vite", "vite.config.js")
    assert claim.facts["line"] == 'server: { allowedHosts: ["shop.example.com"] }'


def test_fires_and_names_the_program_whose_words_are_the_whole_answer() -> None:
    passed = replace(PASSED, body="Host check error")
    (claim,) = judge(CHECK, config(), page(403, "Host check error"), passed, *LOCAL)
    assert claim.facts["known"] == "Syncthing"
    other = "Host check error of the day"
    (claim,) = judge(CHECK, config(), page(403, other), replace(PASSED, body=other), *LOCAL)
    assert claim.facts["known"] == "", "a short message tells nothing within others"


def test_fires_on_words_that_only_the_visitors_page_was_long_enough_for() -> None:
    passed = replace(PASSED, body="<!DOCTYPE html>")
    assert judge(CHECK, config(), page(403, "Blocked hosts: shop.example.com"), passed)


def test_fires_less_sure_when_localhost_alone_is_welcome() -> None:
    (claim,) = judge(CHECK, config(), page(400), DJANGO, *LOCAL)
    assert claim.confidence is Confidence.LIKELY
    assert claim.facts["local"] == 200
    assert claim.facts["program"] == "Django"
    (claim,) = judge(CHECK, config(), page(400), WORDLESS, *LOCAL)
    assert claim.facts["program"] == "", "that localhost is welcome tells of no program"


def test_fires_less_sure_on_djangos_page_without_a_word() -> None:
    (claim,) = judge(CHECK, config(), page(400, DJANGO.body), DJANGO)
    assert claim.confidence is Confidence.LIKELY


@pytest.mark.parametrize(
    "observations",
    [
        (page(400), WORDLESS),
        (page(400), WORDLESS, *LOCAL[:3], replace(LOCAL[3], status=400)),
        (page(403), replace(PASSED, body="No.")),
        (page(404), asked(404, sent="shop.example.com"), *LOCAL),
        (page(403, VITE), replace(PASSED, sent="127.0.0.1:3000")),
        (page(400), DJANGO, *LOCAL, asked(200, "own", "app.example.net")),
        (page(200), DJANGO, *LOCAL),
        (page(200, MENTIONED), asked(200, sent="shop.example.com", body=MENTIONED)),
    ],
    ids=[
        "400 alone",
        "localhost by turns",
        "403 alone",
        "404",
        "nginx's name",
        "another name",
        "served", "a page about it",
    ],
)  # fmt: skip
def test_silent_when(observations: tuple[Exchange | Asked | ComparedRequest, ...]) -> None:
    assert not judge(CHECK, config(SITE), *observations)


ADDRESS = asked(200, "address", sent="127.0.0.1:3000")


def test_fires_with_the_address_that_the_application_serves() -> None:
    (claim,) = judge(CHECK, config(), page(403, VITE), PASSED, ADDRESS, ADDRESS, PASSED)
    assert claim.facts["other"] == "127.0.0.1:3000"
    assert claim.fix is not None
    assert len(claim.fix.steps) == 2


@pytest.mark.parametrize(
    "asked_again",
    [(ADDRESS,), (ADDRESS, ADDRESS), (ADDRESS, replace(ADDRESS, status=403), PASSED)],
)
def test_fires_without_an_address_that_was_not_controlled(asked_again: tuple[Asked, ...]) -> None:
    (claim,) = judge(CHECK, config(), page(403, VITE), PASSED, *asked_again)
    assert not claim.facts["other"]
