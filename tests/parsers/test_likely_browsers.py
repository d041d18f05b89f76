"""Browsers in a log that has neither Referer nor User-Agent."""

from diagnose.parsers.access_log import AccessLine
from diagnose.parsers.likely_browsers import with_likely_pages

HOST, PAGE = "shop.example.com", "https://shop.example.com/"


def line(
    when: float, path: str, status: int = 200, client: str = "::1", host: str = "", agent: str = ""
) -> AccessLine:
    return AccessLine(when, "", "GET", path, False, status, client, host, "", agent)


def referers(*lines: AccessLine, is_shared: bool = False) -> list[str]:
    return [each.referer for each in with_likely_pages(lines, HOST, {HOST}, is_shared)]


LOADED = (line(10.0, "/"), line(10.2, "/app.css"))


def test_what_a_browser_asks_for_comes_from_the_page_that_it_shows() -> None:
    assert referers(*LOADED, line(10.3, "/api/items", 404), line(40.0, "/api/items", 404)) == [
        "", PAGE, PAGE, PAGE,
    ]  # fmt: skip
    lines = with_likely_pages((*LOADED, line(10.3, "/a", 404, "::2")), HOST, {HOST}, False)
    assert [each.acts_as_browser for each in lines] == [True, True, False]
    assert lines[0].is_of_browser


def test_another_page_takes_its_place() -> None:
    orders = (line(20.0, "/orders"), line(20.1, "/orders.js"), line(20.2, "/api", 502))
    assert referers(*LOADED, *orders)[-2:] == [f"{PAGE}orders"] * 2
    call = (line(20.0, "/api/poll"), line(30.0, "/api/items", 404))
    assert referers(*LOADED, *call)[-2:] == [PAGE, PAGE], "data that is asked for again"


def test_lines_are_written_when_their_requests_are_over() -> None:
    slow = line(10.1, "/slow", 504)
    lines = with_likely_pages((*LOADED, slow), HOST, {HOST}, False)
    assert [each.path for each in lines] == ["/", "/slow", "/app.css"]


def test_programs_load_no_parts() -> None:
    weak = (line(10.0, "/"), line(10.1, "/favicon.ico"), line(10.2, "/admin", 404))
    assert referers(*weak) == ["", "", ""]
    guessed = (line(10.0, "/"), line(10.2, "/app.js", 404), line(10.3, "/admin", 404))
    assert referers(*guessed) == ["", "", ""]
    late = (line(10.0, "/"), line(30.0, "/logo.png"), line(30.1, "/admin", 404))
    assert referers(*late) == ["", "", ""]


def test_a_log_that_knows_browsers_stays_as_it_is() -> None:
    assert referers(*LOADED, line(11.0, "/a", agent="curl/8.0")) == ["", "", ""]


def test_a_line_of_another_site_is_left_alone() -> None:
    assert referers(*LOADED, is_shared=True) == ["", ""]
    other = [line(each.when, each.path, host="blog.example.com") for each in LOADED]
    assert referers(*other) == ["", ""]
    own = [line(each.when, each.path, host=f"{HOST}:443") for each in LOADED]
    assert referers(*own, is_shared=True) == ["", PAGE]
