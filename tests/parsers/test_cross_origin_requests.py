"""Requests of scripts of other sites' pages, in lines of an access log."""

from dataclasses import replace

import pytest

from diagnose.model.other_requests import OtherRequest
from diagnose.parsers.access_log import AccessLine
from diagnose.parsers.cross_origin_requests import MAX_REQUESTS, cross_origin_requests

APP = "https://app.example.net"
BASE = AccessLine(
    100.0, "at 100", "GET", "/api", False, 200, "192.0.2.7", "", f"{APP}/", "Mozilla/5.0"
)


def requests(*lines: AccessLine, is_shared: bool = False) -> tuple[OtherRequest, ...]:
    return cross_origin_requests(lines, "/a.log", {"shop.example.com"}, is_shared, 50.0)


def test_the_origin_is_that_of_the_page() -> None:
    page = "http://localhost:3000/a?b=c"
    first, second = requests(BASE, replace(BASE, referer=page), replace(BASE, status=404))
    assert (first.origin, first.path, first.times, first.status) == (APP, "/api", 2, 404)
    assert second.origin == "http://localhost:3000"
    assert first.is_fault
    assert first.by_browser


@pytest.mark.parametrize(
    "line",
    [
        replace(BASE, path="/logo.png"),
        replace(BASE, path="/film.mp4"),
        replace(BASE, path="/"),
        replace(BASE, path="/ws"),
        replace(BASE, path="/.env"),
        replace(BASE, method="POST"),
        replace(BASE, agent="curl/8.5"),
        replace(BASE, agent="diagnose/1.0"),
        replace(BASE, referer=""),
        replace(BASE, referer="-"),
        replace(BASE, referer="android-app://com.example/"),
        replace(BASE, referer="https://servicewechat.com/wx1/0/page-frame.html"),
        replace(BASE, referer="https://shop.example.com/"),
        replace(BASE, host="blog.example.net"),
        replace(BASE, when=40.0),
    ],
)
def test_other_requests_are_none(line: AccessLine) -> None:
    assert requests(line) == ()


def test_a_visitor_who_followed_a_link_reads_the_page() -> None:
    script = replace(BASE, path="/app.js", referer="https://shop.example.com/api")
    assert requests(BASE, script) == ()
    assert requests(BASE, replace(script, client="192.0.2.8"))
    preflight = replace(BASE, method="OPTIONS", status=405)
    assert requests(preflight, script)


def test_a_refused_preflight_comes_first() -> None:
    preflight = replace(BASE, method="OPTIONS", status=405, path="/login")
    (first, _) = requests(BASE, preflight)
    assert (first.method, first.path) == ("OPTIONS", "/login")
    (answered,) = requests(replace(BASE, method="OPTIONS", status=204), BASE)
    assert answered.method == "GET"
    (refused,) = requests(replace(preflight, path="/api"), BASE)
    assert refused.method == "OPTIONS"


def test_how_many_are_kept() -> None:
    assert len(requests(*(replace(BASE, path=f"/{n}") for n in range(9)))) == MAX_REQUESTS


def test_a_log_of_several_sites_tells_nothing() -> None:
    assert requests(BASE, is_shared=True) == ()
    assert requests(replace(BASE, host="shop.example.com"), is_shared=True)
