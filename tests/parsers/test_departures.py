"""After which pages visitors did not come back, and which addresses are doubtful."""

from dataclasses import replace

import pytest

from diagnose.model import Target
from diagnose.parsers.access_log import AccessLine
from diagnose.parsers.departures import MAX_PAGES, departures, leads_astray

NAMES = {"shop.example.com"}
SITE = "https://shop.example.com"
TARGET = Target(SITE, "https", "shop.example.com", 443)


def line(
    status: int,
    path: str,
    referer: str = f"{SITE}/",
    method: str = "GET",
    when: float = 100.0,
    has_query: bool = False,
    client: str = "::1",
) -> AccessLine:
    return AccessLine(
        when, f"at {when:.0f}", method, path, has_query, status, client, "", referer, "Mozilla/5.0"
    )


def paths(*lines: AccessLine) -> list[str]:
    return [page.path for page in departures({"/a.log": lines}, NAMES, (), 50.0)]


def test_a_redirect_and_a_login_that_came_last() -> None:
    (page,) = departures({"/a.log": [line(200, "/"), line(301, "/orders/")]}, NAMES, (), 50.0)
    assert (page.path, page.status, page.source) == ("/orders/", 301, "departure")
    assert page.by_browser
    assert page.is_from_page
    assert page.is_fault
    assert paths(line(200, "/web/login")) == ["/web/login"]
    assert paths(line(302, "/auth/github", has_query=True)) == ["/auth/github"]
    # What the page loads is no move of the visitor.
    assert paths(line(200, "/login"), line(200, "/app.js", f"{SITE}/login")) == ["/login"]


@pytest.mark.parametrize(
    "afterwards",
    [
        line(200, "/auth/github/callback", "https://github.com/", has_query=True),
        line(200, "/login", method="POST"),
        line(404, "/elsewhere"),
    ],
)
def test_a_visitor_who_came_back(afterwards: AccessLine) -> None:
    assert paths(line(302, "/auth/github"), afterwards) == []


def test_the_next_request_may_stand_in_another_log() -> None:
    first, second = [line(301, "/orders")], [line(200, "/orders")]
    assert departures({"/a.log": first, "/b.log": second}, NAMES, (), 50.0) == ()
    assert departures({"/b.log": second, "/a.log": first}, NAMES, (), 50.0) == ()
    earlier = [replace(second[0], when=90.0)]
    assert len(departures({"/a.log": first, "/b.log": earlier}, NAMES, (), 50.0)) == 1


@pytest.mark.parametrize(
    "last",
    [
        line(200, "/orders"),
        line(301, "/orders", has_query=True),
        line(301, "/logo.png"),
        line(301, "/orders", method="POST"),
        line(301, "/orders", when=40.0),
        line(302, "/socket.io/"),
        line(302, "/reset/3f786850e387550fdab836ed7e6dc881de23001b"),
        replace(line(301, "/orders"), agent="curl/8.0"),
        replace(line(301, "/orders"), agent="Mozilla/5.0 diagnose/1.0"),
    ],
)
def test_what_is_no_departure(last: AccessLine) -> None:
    assert paths(line(200, "/"), last) == []


def test_a_program_asks_once() -> None:
    typed = line(301, "/orders", referer="")
    assert paths(typed) == []
    assert paths(typed, typed) == ["/orders"]
    assert paths(line(200, "/login", referer=""), line(200, "/login", referer="")) == []
    # A browser is known by its other requests.
    assert paths(line(200, "/app.js"), typed) == ["/orders"]


def test_at_most_some_and_those_of_browsers_first() -> None:
    lines = [line(301, f"/{number}", client=f"::{number}") for number in range(9)]
    assert len(paths(*lines)) == MAX_PAGES
    typed = line(301, "/typed", "", client="::a")
    assert paths(typed, typed, line(301, "/linked"))[0] == "/linked"
    (page,) = departures(
        {"/a.log": [line(301, "/b", client="::1"), line(301, "/b", client="::2")]}, NAMES, (), 50.0
    )
    assert page.times == 2


@pytest.mark.parametrize(
    "url",
    [
        "http://shop.example.com/orders",
        "https://shop.example.com:8080/orders",
        "http://127.0.0.1:3000/orders",
        "https://backend/orders",
        "https://198.51.100.7/orders",
        "https://login.example.net/auth?redirect_uri=http%3A%2F%2Fshop.example.com%2Fback",
        "https://login.example.net/auth?redirect_uri=http%3A%2F%2Flocalhost%3A3000%2Fback",
    ],
)
def test_doubtful_addresses(url: str) -> None:
    assert leads_astray([url], TARGET)


@pytest.mark.parametrize(
    "url",
    [
        "https://shop.example.com/orders",
        "https://www.example.net/",
        "http://www.example.net/",
        "https://sso.shop.example.com:8443/",
        "https://login.example.net/auth?redirect_uri=https%3A%2F%2Fshop.example.com%2Fback",
        "mailto:someone@example.com",
        "",
    ],
)
def test_usual_addresses(url: str) -> None:
    assert not leads_astray([url], TARGET)


def test_a_site_over_http_may_name_itself_so() -> None:
    target = replace(TARGET, scheme="http", port=80)
    assert not leads_astray(["http://shop.example.com/orders"], target)
