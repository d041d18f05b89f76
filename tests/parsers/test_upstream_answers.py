"""Which answers are questioned, which the application gives itself, and which serve the page."""

from dataclasses import replace

import pytest

from diagnose.model import Failure
from diagnose.model.http import Exchange
from diagnose.model.requests import ComparedRequest
from diagnose.parsers import upstream_answers as answers
from tests.support.check_evidence import SHOP
from tests.support.upstream_evidence import compared, page

LOOP = replace(page(301), headers=(("Location", SHOP.url),))
CLOSED = Failure("closed", "connection closed")


@pytest.mark.parametrize("exchange", [page(400), page(404), page(426), page(500), page(502), LOOP])
def test_questioned(exchange: Exchange) -> None:
    assert answers.is_questionable(exchange)


@pytest.mark.parametrize(
    "exchange",
    [page(200), page(503), page(504), page(301), replace(page(400), failure=CLOSED),
     replace(page(302), headers=(("Location", "/login"),))],
)  # fmt: skip
def test_not_questioned(exchange: Exchange) -> None:
    assert not answers.is_questionable(exchange)


def test_the_application_gives_the_same_answer() -> None:
    assert answers.reproduces(compared(400), page(400))
    assert not answers.reproduces(compared(404), page(400))
    assert answers.reproduces(compared(301, location=SHOP.url), LOOP)
    assert not answers.reproduces(compared(301, location="https://b.test/"), LOOP)


def test_nginx_answers_502_where_the_application_closes_the_connection() -> None:
    closed = replace(compared(None), failure=CLOSED)
    assert answers.reproduces(closed, page(502))
    assert not answers.reproduces(closed, page(500))
    silent = replace(closed, failure=Failure("timeout", "no answer"))
    assert not answers.reproduces(silent, page(502))


@pytest.mark.parametrize(
    ("changed", "accepted"),
    [
        (compared(302, location="https://shop.example.com/home"), True),
        (compared(403, body="CSRF verification failed. A cookie is missing."), True),
        (compared(400, body="The form is empty."), True),
        (compared(403, body="CSRF verification failed."), False),
        (compared(500, body="Exception"), False),
    ],
)
def test_an_empty_form_may_be_refused_for_another_reason(
    changed: ComparedRequest, accepted: bool
) -> None:
    refused = replace(compared(403, body="CSRF verification failed."), method="POST")
    path = replace(SHOP, path="/login")
    assert answers.is_accepted(replace(changed, method="POST"), refused, path) is accepted
    plain = replace(refused, body="Forbidden")
    is_served = changed.status == 302
    assert answers.is_accepted(replace(changed, method="POST"), plain, path) is is_served


@pytest.mark.parametrize(
    ("status", "location", "served"),
    [
        (200, "", True),
        (302, "https://shop.example.com/login", True),
        (302, "https://shop.example.com/", False),
        (302, "http://shop.example.com/", False),
        (302, "https://login.example.net/", False),
        (304, "", False),
        (404, "", False),
        (None, "", False),
    ],
)
def test_served(status: int | None, location: str, served: bool) -> None:
    assert answers.is_served(compared(status, location=location), SHOP) is served


@pytest.mark.parametrize(
    ("changed", "as_nginx", "known"),
    [
        (compared(405, "path"), compared(404), True),
        (compared(401, "path"), compared(404), True),
        (compared(405, "path"), compared(403), False),
        (compared(404, "path"), compared(404), False),
        (compared(405, "field"), compared(404), False),
        (replace(compared(405, "path"), failure=CLOSED), compared(404), False),
    ],
)
def test_an_interface_is_known_that_refuses_the_method(
    changed: ComparedRequest, as_nginx: ComparedRequest, known: bool
) -> None:
    assert answers.is_known_path(changed, as_nginx) is known
    assert answers.is_accepted(changed, as_nginx, SHOP) is known


def test_a_location_is_read_relative_to_the_site() -> None:
    assert answers.absolute_location("/login", SHOP.url) == "https://shop.example.com/login"
    assert answers.absolute_location("", SHOP.url) == ""
    assert answers.absolute_location("http://[", SHOP.url) == "http://["
