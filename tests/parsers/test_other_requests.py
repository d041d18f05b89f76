from dataclasses import replace

import pytest

from diagnose.model.other_requests import OtherRequest
from diagnose.parsers.access_log import AccessLine
from diagnose.parsers.other_requests import (
    MAX_PAGES,
    calls_given_a_page,
    circling_pages,
    pages_with_failures,
    unserved_pages,
    unserved_parts,
    used_pages,
)

NAMES = {"shop.example.com"}
SITE = "https://shop.example.com"


def line(
    status: int,
    path: str,
    referer: str = "",
    method: str = "GET",
    when: float = 100.0,
    agent: str = "Mozilla/5.0",
    has_query: bool = False,
) -> AccessLine:
    return AccessLine(
        when, f"at {when:.0f}", method, path, has_query, status, "::1", "", referer, agent
    )


def unserved(*lines: AccessLine) -> tuple[OtherRequest, ...]:
    return unserved_pages(lines, "/a.log", NAMES, False, 50.0)


def test_a_browser_is_known_by_its_other_requests() -> None:
    (typed,) = unserved(line(404, "/about"))
    assert (typed.path, typed.status, typed.by_browser, typed.is_fault) == (
        "/about", 404, False, False,
    )  # fmt: skip
    (reloaded,) = unserved(line(404, "/about"), line(404, "/favicon.ico", f"{SITE}/about"))
    assert reloaded.by_browser
    assert not reloaded.is_fault
    (linked,) = unserved(line(404, "/about", f"{SITE}/"))
    assert linked.is_fault


def test_requests_of_one_page_are_counted() -> None:
    (page,) = unserved(line(404, "/about"), line(404, "/about", when=120.0))
    assert (page.times, page.written, page.file) == (2, "at 120", "/a.log")
    assert unserved(line(404, "/about"), line(200, "/about", when=120.0)) == ()


@pytest.mark.parametrize(
    "request_line",
    [
        line(404, "/logo.png"),
        line(404, "/.env"),
        line(404, "/ws"),
        line(404, "/about", agent="curl/8.5"),
        line(404, "/about", has_query=True),
        line(404, "/about", method="POST"),
        line(404, "/about", when=40.0),
        line(401, "/admin"),
    ],
)
def test_what_is_no_page_of_a_visitor(request_line: AccessLine) -> None:
    assert unserved(request_line) == ()


def test_errors_of_the_server_come_first() -> None:
    lines = (*(line(404, f"/{number}", f"{SITE}/") for number in range(9)), line(502, "/last"))
    pages = unserved(*lines)
    assert len(pages) == MAX_PAGES
    assert pages[0].path == "/last"


def failing(*lines: AccessLine) -> list[tuple[str, str, str]]:
    pages = pages_with_failures(lines, "/a.log", NAMES, 50.0)
    return [(page.path, page.method, page.sent) for page in pages]


def test_a_page_whose_requests_fail() -> None:
    assert failing(line(404, "/socket.io/socket.io.js", f"{SITE}/terminal")) == [
        ("/terminal", "GET", "/socket.io/socket.io.js")
    ]
    assert failing(line(405, "/login", f"{SITE}/start", "POST")) == [("/start", "POST", "/login")]
    for status in (403, 419):
        form = line(status, "/login", f"{SITE}/login", "POST")
        assert failing(form) == [("/login", "POST", "/login")]
        assert failing(form, replace(form, status=302)) == []


@pytest.mark.parametrize(
    "request_line",
    [
        line(404, "/logo.png", f"{SITE}/terminal"),
        line(404, "/app.js", "https://elsewhere.example.org/terminal"),
        line(404, "/app.js"),
        line(401, "/api", f"{SITE}/terminal"),
        line(404, "/terminal", f"{SITE}/terminal"),
        line(401, "/terminal", f"{SITE}/terminal", "POST"),
        line(404, "/app.js", f"{SITE}/terminal", when=40.0),
    ],
)
def test_what_harms_no_page(request_line: AccessLine) -> None:
    assert failing(request_line) == []


def test_what_succeeded_later_is_over() -> None:
    lines = (line(404, "/app.js", f"{SITE}/a"), line(200, "/app.js", f"{SITE}/a", when=120.0))
    assert failing(*lines) == []


def test_the_pages_that_were_used_last() -> None:
    lines = [line(200, "/style.css", f"{SITE}/{name}") for name in ("a", "b", "c", "a")]
    pages = used_pages([*lines, line(200, "/x", f"{SITE}/d?e=f")], "/a.log", NAMES, 50.0)
    assert [page.path for page in pages] == ["/a", "/c"]
    assert {page.source for page in pages} == {"visit"}


def test_a_page_that_a_script_has_shown_is_meant_to_be_there() -> None:
    typed, call = line(404, "/orders/7"), line(200, "/api/orders", f"{SITE}/orders/7")
    assert [page.is_fault for page in unserved(call, typed)] == [True]
    assert [page.is_fault for page in unserved(replace(call, method="POST"), typed)] == [True]
    # A page of an error may send requests, it may load files, and another visitor is another one.
    assert [page.is_fault for page in unserved(typed, call, typed)] == [False]
    assert [page.is_fault for page in unserved(replace(call, path="/a.css"), typed)] == [False]
    assert [page.is_fault for page in unserved(replace(call, agent="Mozilla/6"), typed)] == [False]
    # It was loaded before.
    assert [page.is_fault for page in unserved(line(200, "/orders/7"), call, typed)] == [False]


def parts(*lines: AccessLine) -> list[tuple[str, int]]:
    return [
        (part.path, part.times)
        for part in unserved_parts(lines, "/a.log", NAMES, "/", 50.0)
        if part.by_browser and part.is_fault
    ]


def test_what_a_page_loads_is_known_by_its_own_address() -> None:
    picture = line(404, "/media/a.png", f"{SITE}/album", has_query=True)
    assert parts(picture, picture) == [("/media/a.png", 2)]
    assert parts(picture, line(200, "/media/a.png", f"{SITE}/album")) == []
    assert parts(line(404, "/api/users", f"{SITE}/")) == [("/api/users", 1)]


@pytest.mark.parametrize(
    "request_line",
    [
        # The page is diagnosed, with its scripts.
        line(404, "/app.js", f"{SITE}/album"),
        line(404, "/media/a.png"),
        line(404, "/media/a.png", "https://other.example/"),
        line(404, "/favicon.ico", f"{SITE}/"),
        line(404, "/apple-touch-icon-precomposed.png", f"{SITE}/"),
        line(404, "/app.js.map", f"{SITE}/"),
        line(404, "/api/users", f"{SITE}/", has_query=True),
        line(404, "/ws", f"{SITE}/"),
        line(404, "/.well-known/appspecific/com.chrome.devtools.json", f"{SITE}/"),
        line(404, "/album", f"{SITE}/album"),
        line(404, "/media/a.png", f"{SITE}/album", when=40.0),
        line(404, "/media/a.png", f"{SITE}/album", method="HEAD"),
        line(401, "/media/a.png", f"{SITE}/album"),
    ],
)
def test_what_no_page_needs_is_left_out(request_line: AccessLine) -> None:
    assert parts(request_line) == []


def circling(*lines: AccessLine) -> list[tuple[str, int]]:
    pages = circling_pages(lines, "/a.log", NAMES, False, 50.0)
    assert all(page.is_fault for page in pages)
    return [(page.path, page.times) for page in pages]


def test_a_page_that_leads_to_itself_is_asked_for_many_times_at_once() -> None:
    loop = [line(301, "/go", when=60.0 + number / 10) for number in range(20)]
    assert circling(*loop) == [("/go", 20)]
    assert circling(*loop, line(200, "/go", when=70.0)) == []
    assert circling(*loop[:5]) == []
    assert circling(*(line(301, "/go", when=60.0 + 8 * number) for number in range(20))) == []
    assert circling(*(line(301, "/go", agent=f"Mozilla/{number}") for number in range(20))) == []
    assert circling(*(line(301, "/go", when=40.0) for _ in range(20))) == []


def test_a_call_that_got_a_page() -> None:
    def calls(*lines: AccessLine) -> list[tuple[str, int]]:
        pages = calls_given_a_page(lines, "/a.log", NAMES, 50.0)
        assert all(page.is_fault and page.by_browser for page in pages)
        return [(page.path, page.times) for page in pages]

    call = replace(
        line(200, "/api/users", f"{SITE}/"), accept="application/json", media_type="text/html"
    )
    assert calls(call, call) == [("/api/users", 2)]
    assert calls(replace(call, accept="*/*")) == [("/api/users", 1)]
    assert calls(call, replace(call, media_type="application/json")) == []
    assert calls(replace(call, accept="text/html,*/*")) == []
    assert calls(replace(call, accept="")) == []
    assert calls(replace(call, referer="")) == []
    assert calls(replace(call, path="/part.html")) == []
    assert calls(replace(call, status=404)) == []
    assert calls(replace(call, when=40.0)) == []


def test_an_answer_with_nothing_in_it_is_no_page() -> None:
    empty = replace(line(200, "/orders"), is_empty=True)
    icon = line(404, "/favicon.ico", f"{SITE}/orders")
    (page,) = unserved(empty, icon)
    assert (page.path, page.status, page.by_browser) == ("/orders", 200, True)
    assert unserved(empty, icon, line(200, "/orders")) == ()
    part = replace(line(200, "/app.js", f"{SITE}/"), is_empty=True)
    (unserved_part,) = unserved_parts((part,), "/a.log", NAMES, "/", 50.0)
    assert unserved_part.path == "/app.js"
    (failing,) = pages_with_failures((part,), "/a.log", NAMES, 50.0)
    assert (failing.path, failing.sent) == ("/", "/app.js")
