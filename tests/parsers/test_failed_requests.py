from dataclasses import replace
from typing import Any

import pytest

from diagnose.model.logs import FailedRequests
from diagnose.parsers.access_log import AccessLine
from diagnose.parsers.failed_requests import (
    MAX_FAILURES,
    MAX_UPGRADES,
    failed_requests,
    refused_upgrades,
)

NAMES = {"shop.example.com", "www.shop.example.com"}
PAGE = "https://shop.example.com/"


def line(
    status: int,
    path: str = "/api/items",
    method: str = "GET",
    when: float = 100.0,
    referer: str = "",
    host: str = "",
    agent: str = "Mozilla/5.0",
) -> AccessLine:
    return AccessLine(
        when, f"at {when:.0f}", method, path, False, status, "::1", host, referer, agent
    )


def failed(*lines: AccessLine, is_shared: bool = False) -> tuple[FailedRequests, ...]:
    return failed_requests(lines, "/a.log", NAMES, is_shared, 50.0)


def test_equal_failures_are_one() -> None:
    (failure,) = failed(line(502), line(502, when=120.0, referer=PAGE))
    assert (failure.method, failure.path, failure.status) == ("GET", "/api/items", 502)
    assert (failure.times, failure.written, failure.is_from_page) == (2, "at 120", True)


def test_what_succeeded_later_is_over() -> None:
    assert not failed(line(502), line(304, when=120.0))
    assert failed(line(200), line(502, when=120.0))
    assert failed(line(502), line(200, method="POST", when=120.0))


def test_a_handshake_of_a_browser_that_is_known_by_what_it_loads() -> None:
    refused = replace(line(400, "/live", agent="", referer=PAGE), version="1.1")
    assert refused_upgrades([refused], NAMES, False, 50.0) == ()
    known = replace(refused, acts_as_browser=True)
    assert refused_upgrades([known], NAMES, False, 50.0) == ("/live",)


def test_a_request_without_the_port_is_another_request() -> None:
    """As a run on another machine sends it again, before this one reads HAProxy's log."""
    with_port = line(503, host="shop.example.com:443")
    (failure,) = failed(with_port, line(200, when=120.0, host="shop.example.com", agent=""))
    assert failure.wrote_port
    assert not failed(with_port, replace(with_port, status=200, when=120.0))
    (failure,) = failed(line(503, host="shop.example.com"), replace(with_port, status=200))
    assert not failure.wrote_port


def test_old_requests_and_our_own_do_not_count() -> None:
    assert not failed(line(502, when=40.0))
    assert not failed(line(502, agent="Mozilla/5.0 diagnose/1.2"))
    assert not failed(line(502, path="/app-diagnose-7f3a"))


@pytest.mark.parametrize(
    ("status", "method", "path"),
    [
        (404, "GET", "/.env"), (403, "GET", "/admin"), (405, "POST", "/"), (400, "POST", "/"),
        (404, "POST", "/wp-login.php"), (501, "PROPFIND", "/"), (505, "GET", "/"),
        (401, "GET", "/"), (414, "GET", "/a"), (444, "GET", "/"),
        (499, "GET", "/"), (429, "GET", "/"),
    ],
)  # fmt: skip
def test_what_programs_send_that_look_for_weak_sites(status: int, method: str, path: str) -> None:
    assert not failed(line(status, path, method))


@pytest.mark.parametrize(
    ("status", "method", "path"),
    [
        (405, "POST", "/login"), (403, "DELETE", "/api/1"), (419, "POST", "/form"),
        (413, "PUT", "/a"), (404, "POST", "/api"), (404, "GET", "/api/items"),
        (431, "GET", "/"), (500, "GET", "/"),
    ],
)  # fmt: skip
def test_what_the_pages_of_the_site_send(status: int, method: str, path: str) -> None:
    assert failed(line(status, path, method, referer=f"{PAGE}app"))


@pytest.mark.parametrize(
    ("status", "method", "path"),
    [
        (404, "GET", "/favicon.ico"),
        (401, "POST", "/login"),
        (400, "POST", "/form"),
        (404, "GET", "/a.png"),
    ],
)
def test_usual_answers_to_the_pages_of_the_site(status: int, method: str, path: str) -> None:
    assert not failed(line(status, path, method, referer=PAGE))


def test_a_websocket_that_a_browser_opens() -> None:
    assert failed(line(404, "/ws"))
    assert failed(line(400, "/socket.io/"))
    assert not failed(line(404, "/ws"), line(101, "/ws", when=120.0))
    assert not failed(line(404, "/ws", agent="curl/8.5"))
    assert not failed(line(401, "/ws"))


def test_an_upload_that_was_too_large_counts_from_anywhere() -> None:
    assert failed(line(413, "/upload", "POST"))


def test_in_a_shared_log_only_what_is_known_to_be_of_the_site() -> None:
    assert not failed(line(502), is_shared=True)
    assert failed(line(502, referer=PAGE), is_shared=True)
    assert failed(line(502, host="shop.example.com"), is_shared=True)
    assert not failed(line(502, host="blog.example.com", referer=PAGE), is_shared=True)


def test_the_worst_come_first_and_the_rest_is_left_out() -> None:
    lines = [line(413, f"/u{number}", "POST") for number in range(MAX_FAILURES)]
    failures = failed(*lines, line(500, "/api", referer=PAGE))
    assert [failure.status for failure in failures] == [500, 413, 413]


def test_a_form_that_may_have_been_filled_in_wrongly_comes_last() -> None:
    form = line(422, "/order", "POST", referer=PAGE)
    failures = failed(form, form, line(404, referer=PAGE))
    assert [failure.status for failure in failures] == [404, 422]


def test_a_client_that_did_not_wait_comes_last() -> None:
    """nginx's 499: of a GET a visitor left the page, unless the page itself asked for it."""
    gone = line(499, method="POST")
    assert [failure.status for failure in failed(gone, line(502, "/a"))] == [502, 499]
    assert failed(line(499, referer=PAGE))
    assert not failed(line(499))
    assert not failed(gone, line(200, method="POST", when=120.0))


def test_a_preflight_for_the_page_of_another_site() -> None:
    other = "https://app.example.net/"
    for status, is_failure in ((405, True), (401, True), (403, True), (204, False)):
        seen = failed(line(status, method="OPTIONS", referer=other))
        assert bool(seen) is is_failure
    assert not failed(line(405, method="OPTIONS"))
    assert not failed(line(405, method="OPTIONS", referer=other, agent="curl/8"))


def asked(path: str = "/rest/push", status: int = 400, **fields: Any) -> AccessLine:
    return replace(line(status, path), version="1.1", **fields)


def upgrades(*lines: AccessLine, is_shared: bool = False) -> tuple[str, ...]:
    return refused_upgrades(lines, NAMES, is_shared, 50.0)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 426, 500, 502])
def test_a_browsers_get_without_a_page_may_be_a_websocket(status: int) -> None:
    assert upgrades(asked(status=status)) == ("/rest/push",)


@pytest.mark.parametrize(
    "fields",
    [
        {"version": "2.0"}, {"version": ""}, {"referer": PAGE}, {"agent": "curl/8.14"},
        {"method": "POST"}, {"status": 499}, {"when": 40.0}, {"path": "/favicon.ico"},
        {"agent": "Mozilla/5.0 diagnose/1.2"},
    ],
)  # fmt: skip
def test_what_is_no_websocket_of_a_browser(fields: dict[str, Any]) -> None:
    assert upgrades(replace(asked(), **fields)) == ()


def test_a_websocket_that_opened_later_is_over() -> None:
    assert upgrades(asked(), asked(status=101)) == ()
    assert upgrades(asked(status=101), asked()) == ("/rest/push",)


def test_a_shared_log_says_whose_websocket_it_is_only_by_a_host() -> None:
    assert upgrades(asked(), is_shared=True) == ()
    assert upgrades(asked(host="shop.example.com"), is_shared=True) == ("/rest/push",)


def test_the_paths_that_are_asked_for_most_come_first() -> None:
    lines = [asked(f"/p{number}") for number in range(9)] + [asked("/p7")]
    assert upgrades(*lines)[0] == "/p7"
    assert len(upgrades(*lines)) == MAX_UPGRADES


def with_user(when: float, **fields: Any) -> AccessLine:
    return replace(line(200, "/", when=when), has_user=True, **fields)


TOKEN = line(401, "/api/me", referer=PAGE)


def test_a_browser_that_has_a_password_and_sends_none() -> None:
    (failure,) = failed(with_user(90.0), TOKEN)
    assert failure.lost_user
    assert failed(with_user(90.0), replace(TOKEN, method="POST"))


@pytest.mark.parametrize(
    "lines",
    [
        (TOKEN,),
        (with_user(39.0), TOKEN),
        (with_user(90.0, client="::2"), TOKEN),
        (with_user(90.0, agent="Mozilla/4.0"), TOKEN),
        (with_user(90.0, status=401), TOKEN),
        (with_user(90.0), replace(TOKEN, has_user=True)),
        (with_user(90.0), replace(TOKEN, referer="")),
        (with_user(90.0), replace(TOKEN, path="/manifest.json")),
        (with_user(90.0), TOKEN, replace(TOKEN, status=200, when=101.0)),
        (TOKEN, with_user(110.0)),
    ],
)
def test_a_password_that_is_missing_otherwise_is_usual(lines: tuple[AccessLine, ...]) -> None:
    assert not failed(*lines)


def withheld(*lines: AccessLine) -> tuple[FailedRequests, ...]:
    return failed_requests(lines, "/a.log", NAMES, False, 50.0, lambda path: path == "/api/me")


def test_a_login_that_nginx_keeps_from_the_application() -> None:
    (failure,) = withheld(TOKEN, TOKEN)
    assert (failure.path, failure.status, failure.times) == ("/api/me", 401, 2)
    assert not failure.lost_user


@pytest.mark.parametrize(
    "lines",
    [
        (TOKEN,),
        (TOKEN, TOKEN, replace(TOKEN, status=200)),
        *(
            (other, other)
            for other in (
                replace(TOKEN, path="/api/you"),
                replace(TOKEN, referer=""),
                replace(TOKEN, method="POST"),
                replace(TOKEN, path="/manifest.json"),
                replace(TOKEN, agent="curl/8.0"),
            )
        ),
    ],
)
def test_a_login_that_is_still_to_come(lines: tuple[AccessLine, ...]) -> None:
    assert not withheld(*lines)
    assert not failed(*lines)


@pytest.mark.parametrize(
    ("referer", "paths"),
    [
        ("", ("/ws",)),
        ("https://servicewechat.com/wx1234/7/page-frame.html", ("/ws",)),
        (PAGE, ()),
        ("https://other.example.org/", ()),
    ],
)
def test_a_handshake_of_a_mini_program_has_a_referer(referer: str, paths: tuple[str, ...]) -> None:
    handshake = replace(line(426, "/ws", referer=referer), version="1.1")
    assert refused_upgrades([handshake], NAMES, False, 50.0) == paths


def test_a_preflight_that_nobody_signed_in_for_lost_no_password() -> None:
    """A browser asks for a page of another site, which never had the password."""
    (failure,) = failed(line(401, method="OPTIONS", referer="https://front.example.org/"))
    assert not failure.lost_user


def test_tunnels_that_a_timeout_ended() -> None:
    cut = replace(line(101, "/ws"), ending="sD--", lasted_s=50.1)
    closed = replace(cut, ending="----", lasted_s=3.0)
    (failure,) = failed(line(502, "/ws"), cut, closed, replace(cut, ending="cD--", lasted_s=50.0))
    assert (failure.status, failure.times, failure.ending) == (101, 2, "cD--")
    assert failure.lasted_s == 50.0
    assert not failed(closed)


def test_a_file_that_webdav_does_not_move() -> None:
    (failure,) = failed(line(400, "/a.txt", "MOVE", agent="WinSCP/6"))
    assert (failure.method, failure.status) == ("MOVE", 400)
    assert not failed(line(404, "/a.txt", "COPY"))
    assert not failed(line(400, "/a.txt", "PROPFIND"))


@pytest.mark.parametrize("path", ["/ws", "/ws/", "/websocket"])
def test_a_page_at_a_usual_path_of_websockets_may_answer_a_handshake(path: str) -> None:
    page = asked(path, 200, has_query=True)
    assert upgrades(page) == (path,)
    assert upgrades(replace(page, media_type="text/html")) == (path,)


@pytest.mark.parametrize(
    "fields",
    [
        {"path": "/rest/push"}, {"referer": PAGE}, {"version": "2.0"}, {"agent": "curl/8.14"},
        {"media_type": "application/json"}, {"status": 304}, {"method": "POST"},
    ],
)  # fmt: skip
def test_a_page_that_is_no_answer_to_a_handshake(fields: dict[str, Any]) -> None:
    assert not upgrades(replace(asked("/ws/", 200), **fields))


def test_a_websocket_that_opened_after_a_page_is_no_refused_one() -> None:
    assert not upgrades(asked("/ws/", 200), asked("/ws/", 101, when=120.0))


def test_a_form_of_the_page_at_its_own_path_counts_in_a_log_without_the_page() -> None:
    """As HAProxy's, which has neither Referer nor User-Agent."""
    shown, refused = line(200, "/login", agent=""), line(403, "/login", "POST", 120.0, agent="")
    (failure,) = failed(shown, refused)
    assert failure.is_from_page
    assert not failed(refused)
    assert not failed(shown, replace(refused, client="::2"))
    assert not failed(shown, replace(refused, referer="https://example.net/"))


def test_browsers_that_get_400_for_a_page_count_from_the_second_time() -> None:
    bad = line(400, "/")
    (failure,) = failed(bad, replace(bad, when=120.0))
    assert (failure.status, failure.times) == (400, 2)
    assert not failed(bad)
    for other in (
        replace(bad, agent=""),
        replace(bad, has_query=True),
        replace(bad, path="/a.png"),
        replace(bad, method="POST"),
    ):
        assert not failed(other, replace(other, when=120.0))
    assert not failed(bad, replace(bad, when=120.0), line(200, "/", when=130.0))


def test_a_method_that_is_not_allowed_counts_where_somebody_has_a_password() -> None:
    """As a program for files sends it (WebDAV), without a Referer."""
    refused = replace(line(405, "/dav/", "PROPFIND"), has_user=True)
    (failure,) = failed(refused)
    assert (failure.method, failure.status) == ("PROPFIND", 405)
    assert not failed(replace(refused, has_user=False))
    assert not failed(replace(refused, method="TRACE"))


def test_a_form_that_is_accepted_beside_the_refused_ones_is_noticed() -> None:
    refused, accepted = line(403, "/orders/delete", "POST"), line(302, "/login", "POST", 120.0)
    pages = [replace(each, referer=PAGE) for each in (refused, accepted)]
    assert [failure.forms_accepted for failure in failed(*pages)] == [True]
    (failure,) = failed(pages[0])
    assert not failure.forms_accepted
