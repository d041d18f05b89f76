"""The application, asked for a path at which other requests of visitors fail."""

import asyncio
from dataclasses import replace

import pytest

from diagnose.model import Vantage
from diagnose.model.http import Exchange
from diagnose.model.logs import FailedRequests, UnservedRequests
from diagnose.model.nginx import NginxConfig
from diagnose.model.pages import PageFileResponse
from diagnose.model.requests import ComparedRequest, LoggedComparison, RequestPart
from diagnose.net.local import LocalNet
from diagnose.parsers.nginx.config import parse
from diagnose.probes.inside import logged_comparisons
from tests.support.check_evidence import SHOP
from tests.support.fake_context import Looking
from tests.support.recorded_machine import RecordedMachine

PAGE = Exchange(url=SHOP.url, address="203.0.113.10", port=443, status=200)
AGAIN = replace(PAGE, url=f"{SHOP.origin}/api/roms", status=404, purpose="logged")
LOGIN = FailedRequests(
    vantage=Vantage.SERVER,
    file="/var/log/nginx/access.log",
    method="POST",
    path="/api/login",
    status=404,
    written="12:00:00",
    is_from_page=True,
    server="nginx",
)
MISSED = UnservedRequests(
    vantage=Vantage.SERVER,
    file="/var/log/nginx/access.log",
    path="/api/roms",
    folder="/api",
    written="12:00:00",
    times=2,
)
Row = tuple[RequestPart, str, bool, int | None]


def compare(
    paths: dict[str, str],
    seen: Exchange | FailedRequests | PageFileResponse | UnservedRequests,
    uri: str = "/",
) -> tuple[list[Row], list[str]]:
    """Return what was compared, and the requests that an application with these paths got."""
    ctx, asked = Looking(RecordedMachine()), list[str]()
    ctx.net = LocalNet()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        line = (await reader.readuntil(b"\r\n\r\n")).decode().partition(" HTTP/")[0]
        asked.append(line)
        path = line.partition(" ")[2]
        status = paths.get(path, paths.get("*", "404 Not Found"))
        kind = "text/html" if path.endswith("/") else "text/plain"
        fields = f"Content-Type: {kind}\r\nContent-Length: 0"
        writer.write(f"HTTP/1.1 {status}\r\n{fields}\r\n\r\n".encode())
        writer.close()

    async def work() -> None:
        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        location = f"location /api/ {{ proxy_pass http://127.0.0.1:{port}{uri}; }}"
        text = f"http {{ server {{ listen 443 ssl; {location} }} }}"
        async with server:
            ctx.observations += [
                NginxConfig(path="/n.conf", main=parse(text, "/n.conf")), PAGE, seen,
            ]  # fmt: skip
            if isinstance(seen, PageFileResponse):
                config = ctx.observed(NginxConfig)[0]
                await logged_comparisons.file_of_the_page.work(ctx, seen, config)
            elif isinstance(seen, UnservedRequests):
                await logged_comparisons.missed.work(ctx, seen, ctx.observed(NginxConfig)[0])
            elif isinstance(seen, Exchange):
                await logged_comparisons.repeated.work(ctx, seen, ctx.observed(NginxConfig)[0])
            else:
                await logged_comparisons.sent.work(ctx, seen, ctx.observed(NginxConfig)[0])

    asyncio.run(work())
    assert not ctx.observed(ComparedRequest)
    rows = [
        (request.part, request.value, request.is_control, request.status)
        for request in ctx.observed(LoggedComparison)
    ]
    return rows, asked


def test_a_path_that_works_is_controlled_by_itself_and_by_one_that_nobody_has_made() -> None:
    rows, asked = compare({"/api/roms": "200 OK"}, AGAIN)
    assert rows == [
        ("none", "", False, 404),
        ("path", "/api/roms", False, 200),
        ("unknown-path", "/api/roms-diagnose-7f3a", False, 404),
        ("path", "/api/roms", True, 200),
        ("none", "", True, 404),
        ("none", "", True, 404),
        ("path", "/api/roms", True, 200),
    ]
    assert asked[:2] == ["GET /roms", "GET /api/roms"]


def test_a_post_that_finds_nothing_is_asked_for_by_get_alone() -> None:
    rows, asked = compare({"/api/login": "405 Method Not Allowed"}, LOGIN)
    assert rows[1] == ("path", "/api/login", False, 405)
    assert all(line.startswith("GET ") for line in asked)


def test_nothing_more_is_asked_if_the_application_answers_otherwise_now() -> None:
    rows, _ = compare({"*": "200 OK"}, AGAIN)
    assert rows == [("none", "", False, 200)]


@pytest.mark.parametrize(
    "seen",
    [
        PAGE,
        replace(AGAIN, status=200),
        replace(AGAIN, url=f"{SHOP.origin}/ws"),
        replace(LOGIN, status=500),
        replace(LOGIN, is_from_page=False),
        replace(LOGIN, server="caddy"),
        replace(LOGIN, method="GET"),
    ],
)
def test_nothing_is_asked_for_other_requests(seen: Exchange | FailedRequests) -> None:
    assert compare({}, seen) == ([], [])


def test_a_path_that_programs_ask_for_again_is_asked_for_with_its_prefix_alone() -> None:
    rows, asked = compare({"/api/roms": "401 Unauthorized"}, MISSED)
    assert [row[:2] for row in rows[:3]] == [
        ("none", ""), ("path", "/api/roms"), ("unknown-path", "/api/roms-diagnose-7f3a"),
    ]  # fmt: skip
    rows, asked = compare({}, MISSED)
    assert asked == ["GET /roms", "GET /api/roms", "GET /"]


@pytest.mark.parametrize(
    "seen", [replace(MISSED, folder="/api/roms"), replace(MISSED, server="apache")]
)
def test_nothing_is_asked_where_somebody_got_anything_of_the_location(
    seen: UnservedRequests,
) -> None:
    assert compare({}, seen) == ([], [])


def test_two_paths_are_enough() -> None:
    ctx = Looking(RecordedMachine())
    assert all(ctx.further_requests.begin(f"logged comparison {number}") for number in (0, 1))
    ctx.observations += [NginxConfig(path="/n.conf", main=parse("http { }", "/n.conf")), AGAIN]

    async def work() -> None:
        await logged_comparisons.repeated.work(ctx, AGAIN, ctx.observed(NginxConfig)[0])

    asyncio.run(work())
    assert not ctx.observed(LoggedComparison)


FILE = PageFileResponse(
    page=f"{SHOP.origin}/api/", file_kind="script", url=f"{SHOP.origin}/api/static/app.js",
    address="203.0.113.10", port=443, status=404,
)  # fmt: skip
WITHOUT_PREFIX = {"/static/app.js": "200 OK", "/": "200 OK", "/api/": "200 OK"}


def test_a_file_of_the_page_is_asked_for_without_the_prefix_and_so_is_the_page() -> None:
    rows, asked = compare(WITHOUT_PREFIX, FILE, uri="")
    assert rows == [
        ("none", "", False, 404),
        ("path", "/static/app.js", False, 200),
        ("unknown-path", "/static/app.js-diagnose-7f3a", False, 404),
        ("none", "", False, 200),
        ("path", "/", False, 200),
        ("path", "/static/app.js", True, 200),
        ("none", "", True, 404),
        ("none", "", True, 404),
        ("path", "/static/app.js", True, 200),
    ]
    assert asked[3:5] == ["GET /api/", "GET /"]


def test_a_file_that_is_nowhere_is_asked_for_twice() -> None:
    rows, _ = compare({"/api/": "200 OK", "/": "200 OK"}, FILE, uri="")
    assert [row[0] for row in rows] == ["none", "path"]


def test_a_file_that_is_asked_for_with_two_slashes_is_asked_for_with_one() -> None:
    rows, _ = compare({"/x/app.js": "200 OK", "*": "404 Not Found"}, FILE, uri="/x//")
    assert rows[:2] == [("none", "", False, 404), ("path", "/x/static/app.js", False, 404)]
    rows, _ = compare({"/x/static/app.js": "200 OK"}, FILE, uri="/x//")
    assert [row[:3] for row in rows[:4]] == [
        ("none", "", False),
        ("path", "/x/static/app.js", False),
        ("unknown-path", "/x/static/app.js-diagnose-7f3a", False),
        ("path", "/x/static/app.js", True),
    ]


@pytest.mark.parametrize(
    ("seen", "uri"),
    [
        (FILE, "/"),
        (replace(FILE, status=403), ""),
        (replace(FILE, url="https://cdn.example.com/api/static/app.js"), ""),
        (replace(FILE, page=f"{SHOP.origin}/"), ""),
        (replace(FILE, redirects=(f"{SHOP.origin}/api/b",)), ""),
    ],
)
def test_other_files_are_not_asked_for(seen: PageFileResponse, uri: str) -> None:
    assert compare(WITHOUT_PREFIX, seen, uri) == ([], [])
