"""The files of a page, on a network written down: who is asked for what, how often, and as whom."""

import asyncio
import gzip
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from diagnose.model import Observation, Target
from diagnose.model.http import Exchange
from diagnose.model.pages import Page, PageFileResponse, PageFileTrial
from diagnose.model.symptom import Symptom
from diagnose.model.tcp import Connection
from diagnose.net import ConnectResult
from diagnose.parsers.request_fields import RequestFields
from diagnose.probes import Options
from diagnose.probes.further_requests import FurtherRequests
from diagnose.probes.outside import http as probes

HOST, HERE = "shop.example.com", "203.0.113.10"
TARGET = Target(f"http://{HOST}/", "http", HOST, 80)
HEAD = "<!doctype html><title>Shop</title>"
Serve = Callable[[str], bytes]


def answer(body: bytes | str, content_type: str = "text/html", *more: str, status: str = "200 OK",
           ) -> bytes:  # fmt: skip
    data = body.encode() if isinstance(body, str) else body
    fields = [f"Content-Type: {content_type}", f"Content-Length: {len(data)}", *more]
    return "\r\n".join([f"HTTP/1.1 {status}", *fields, "", ""]).encode() + data


@dataclass
class Site:
    """A site on port 80 that answers by path, and the requests it got."""

    pages: dict[str, bytes]
    requests: list[str] = field(default_factory=list)
    connections: int = 0
    peer: tuple[str, int] = (HERE, 80)
    is_truncated: bool = False
    coming: bytes = b""

    async def connect(self, *_: Any, **__: Any) -> ConnectResult:
        self.connections += 1
        return ConnectResult(0.0, stream=self)

    async def write(self, data: bytes, timeout: float = 0) -> None:
        self.requests.append(data.decode())
        path = data.decode().split(" ")[1]
        self.coming += self.pages.get(path, answer("", status="404 Not Found"))

    async def read(self, limit: int = 65536, timeout: float = 0) -> bytes:
        part, self.coming = self.coming[:limit], self.coming[limit:]
        return part

    def close(self) -> None:
        self.coming = b""

    def is_mine(self, address: str) -> bool:
        return False

    @property
    def paths(self) -> list[str]:
        return [request.split(" ")[1] for request in self.requests]


class Run:
    def __init__(self, site: Site, target: Target = TARGET, **options: Any) -> None:
        self.net: Any = site
        self.target, self.options, self.machine = target, Options(**options), None
        self.further_requests = FurtherRequests()
        self.observations: list[Observation] = []
        self.live: dict[int, Any] = {}
        self.tasks: list[asyncio.Task[None]] = []

    def elapsed(self) -> float:
        return 0.1

    def emit(self, observation: Any, live_stream: Any = None) -> Any:
        self.observations.append(observation)
        return observation

    def take_stream(self, observation: Observation) -> Any:
        return self.net

    def observed(self, kind: type[Any]) -> tuple[Any, ...]:
        return tuple(observation for observation in self.observations if type(observation) is kind)

    def start(self, work: Any) -> None:
        self.tasks.append(asyncio.ensure_future(work))


def visit(
    pages: dict[str, bytes], target: Target = TARGET, kind: type[Site] = Site, **options: Any
) -> tuple[Run, Site]:
    site = kind(pages)
    run = Run(site, target, **options)

    async def work() -> None:
        connection = Connection(address=HERE, port=80, family=4, purpose="target")
        await probes.plain.work(run, run.emit(connection))
        while run.tasks:
            await run.tasks.pop()

    asyncio.run(work())
    return run, site


def page(*tags: str) -> bytes:
    return answer(HEAD + "".join(tags))


CSS = "<link rel=stylesheet href=/a.css>"
JS = "<script src=/a.js></script>"


def test_the_files_are_requested_after_the_page_on_its_connection() -> None:
    run, site = visit({"/": page(CSS, JS), "/a.css": answer("p {}", "text/css")})
    assert site.paths == ["/", "/a.js", "/a.css"]
    assert site.connections == 0, "that of the page stays open"
    script, sheet = run.observed(PageFileResponse)
    assert (script.status, sheet.status) == (404, 200)
    assert run.observed(Page)[0].url == f"http://{HOST}/"


def test_they_are_requested_as_a_browser_requests_them() -> None:
    cookie = "Set-Cookie: session=1; HttpOnly"
    _, site = visit({"/": answer(HEAD + CSS, "text/html", cookie)})
    request = site.requests[1].lower()
    assert f"referer: http://{HOST}/\r\n" in request
    assert "cookie: session=1\r\n" in request
    assert "accept: text/css,*/*;q=0.1\r\n" in request


def test_a_login_is_begun_after_a_message_about_its_address_alone() -> None:
    pages = {"/": page("<a href=/auth/google>Sign in</a>", "<a href=/auth/github>Or so</a>")}
    _, site = visit(pages)
    assert site.paths == ["/"]
    reported = Symptom("login-address", "redirect_uri_mismatch")
    run, site = visit(pages, replace(TARGET, symptom=reported))
    assert site.paths == ["/", "/auth/google"]
    assert [exchange.purpose for exchange in run.observed(Exchange)] == ["target", "login"]


def test_what_an_empty_page_reads_is_kept_if_it_is_redirected() -> None:
    script = answer('fetch("/api/items")', "text/javascript")
    shell = page("<div id=app></div>", '<script src="/app.js"></script>')
    moved = answer("", "text/plain", "Location: /api/items/", status="307 Temporary Redirect")
    run, site = visit({"/": shell, "/app.js": script, "/api/items": moved})
    assert site.paths == ["/", "/app.js", "/api/items"]
    assert [exchange.status for exchange in run.observed(Exchange)] == [200, 307]


def test_what_an_empty_page_reads_is_requested_and_kept_only_if_a_page_comes() -> None:
    reads = 'fetch("/auth/me");fetch("/v1/items");fetch("/v1/more")'
    script = answer(reads, "text/javascript")
    shell = page("<div id=app></div>", '<script src="/app.js"></script>')
    pages = {"/": shell, "/app.js": script, "/auth/me": shell, "/v1/items": answer("[]")}
    run, site = visit(pages)
    assert site.paths == ["/", "/app.js", "/auth/me", "/v1/items"]
    assert [exchange.purpose for exchange in run.observed(Exchange)] == ["target", "data"]
    others = run.further_requests.other_pages
    assert [(each.path, each.source) for each in others] == [("/auth/me", "script")]
    full = {**pages, "/": page("<p>Welcome to our shop, here are all the things that we sell.</p>",
                               '<script src="/app.js"></script>')}  # fmt: skip
    _, site = visit(full)
    assert site.paths == ["/", "/app.js"]


def test_other_origins_are_listed_and_not_requested() -> None:
    run, site = visit(
        {
            "/": page(
                "<script src=//cdn.example.net/x.js></script>",
                "<script src=https://cdn.example.net/y.js></script>",
                f"<script src=http://{HOST}:8080/z.js></script>",
            )
        }
    )
    assert site.paths == ["/"]
    assert len(run.observed(Page)[0].files) == 3


@pytest.mark.parametrize(
    "pages",
    [
        {"/": answer(HEAD + CSS, status="404 Not Found")},
        {"/": answer(HEAD + CSS, "text/plain")},
        {"/": page("<p>Tea</p>")},
        {"/": answer("{}", "application/json")},
    ],
    ids=["not 200", "no HTML", "no files", "an interface"],
)
def test_nothing_more_is_asked(pages: dict[str, bytes]) -> None:
    run, site = visit(pages)
    assert site.paths == ["/"]
    assert not run.observed(Page)


def test_the_options_exclude_them() -> None:
    _, site = visit({"/": page(CSS)}, skip=("http",))
    assert "/a.css" not in site.paths


def test_the_first_files_of_each_kind_and_those_that_count_first() -> None:
    tags = [f"<script async src=/{number}.js></script>" for number in range(9)]
    tags += ["<script type=module src=/main.js></script>"]
    tags += [f"<link rel=stylesheet href=/{number}.css>" for number in range(9)]
    _, site = visit({"/": page(*tags)})
    assert site.paths[1] == "/main.js"
    assert len(site.paths) == 1 + 4 + 4


def test_a_redirect_on_the_own_origin_is_followed() -> None:
    moved = answer("", "text/html", "Location: /b.css", status="302 Found")
    run, site = visit({"/": page(CSS), "/a.css": moved, "/b.css": answer("p {}", "text/css")})
    assert site.paths == ["/", "/a.css", "/b.css"]
    (sheet,) = run.observed(PageFileResponse)
    assert (sheet.status, sheet.redirects) == (200, (f"http://{HOST}/b.css",))


@pytest.mark.parametrize("location", ["https://login.example.net/", "http://10.0.0.1/x", "/a.css"])
def test_a_redirect_elsewhere_is_kept_and_not_followed(location: str) -> None:
    moved = answer("", "text/html", f"Location: {location}", status="302 Found")
    run, site = visit({"/": page(CSS), "/a.css": moved})
    assert site.paths == ["/", "/a.css"]
    (sheet,) = run.observed(PageFileResponse)
    assert sheet.status == 302
    assert sheet.redirects == (() if location == "/a.css" else (location,))


def test_an_endless_chain_of_redirects_ends() -> None:
    chain = {
        f"/{number}.css": answer("", "x/y", f"Location: /{number + 1}.css", status="301 Moved")
        for number in range(9)
    }
    _, site = visit({"/": page("<link rel=stylesheet href=/0.css>"), **chain})
    assert len(site.paths) == 1 + 3


def test_the_page_behind_a_redirect_counts() -> None:
    moved = answer("", "text/html", "Location: /tea/", status="302 Found")
    run, site = visit({"/": moved, "/tea/": page("<script src=a.js></script>")})
    assert site.paths == ["/", "/tea/", "/tea/a.js"]
    assert run.observed(Exchange)[-1].purpose == "redirect"


def test_what_a_script_names() -> None:
    program = f'new WebSocket("ws://{HOST}/ws"); fetch("http://{HOST}/v1") // "ws://{HOST}/old"'
    zipped = answer(gzip.compress(program.encode()), "text/javascript", "Content-Encoding: gzip")
    for body in (answer(program, "text/javascript"), zipped):
        run, _ = visit({"/": page(JS), "/a.js": body})
        (script,) = run.observed(PageFileResponse)
        assert script.mentions == (f"ws://{HOST}/ws",)
        assert script.requests == (f"http://{HOST}/v1",)


def test_a_page_in_place_of_a_script() -> None:
    run, _ = visit({"/": page(JS), "/a.js": page()})
    (script,) = run.observed(PageFileResponse)
    assert script.is_html


def test_a_large_script_is_read_in_part_and_the_next_file_on_a_new_connection() -> None:
    large = answer(" " * 3_000_000, "text/javascript")
    run, site = visit({"/": page(JS, CSS), "/a.js": large, "/a.css": answer("", "text/css")})
    assert [file.status for file in run.observed(PageFileResponse)] == [200, 200]
    assert site.connections == 1


def test_what_the_user_added_goes_to_the_own_origin_and_is_masked() -> None:
    secret = "s3cr3t-token"
    request = RequestFields(headers=(("X-Token", secret),))
    run, site = visit({"/": page(f"<script src=/a.js?t={secret}></script>", CSS)}, request=request)
    assert site.paths == ["/", "/a.css"], "a masked address is not requested"
    assert f"X-Token: {secret}" in site.requests[1]
    assert secret not in str([replace(file) for file in run.observed(Page)[0].files])
    assert secret not in str(run.observed(PageFileResponse)[0].equivalent)


# Below the page's own path


def test_a_missing_file_is_tried_below_the_page() -> None:
    below = replace(TARGET, path="/app/")
    script = answer("1;", "text/javascript")
    run, site = visit({"/app/": page(JS), "/app/a.js": script}, target=below)
    assert site.paths == ["/app/", "/a.js", "/app/a.js", "/app/diagnose-7f3a.js"]
    (trial,) = run.observed(PageFileTrial)
    assert (trial.prefix, trial.is_used, trial.is_absolute) == ("/app", True, True)


def test_a_file_shows_nothing_where_every_path_is_answered_alike() -> None:
    below = replace(TARGET, path="/app/")
    script = answer("1;", "text/javascript")
    pages = dict.fromkeys(("/app/a.js", "/app/diagnose-7f3a.js"), script)
    run, _ = visit({"/app/": page(JS), **pages}, target=below)
    assert [trial.is_used for trial in run.observed(PageFileTrial)] == [False]


def test_a_font_that_only_a_style_sheet_names_is_tried_below_the_page() -> None:
    below = replace(TARGET, path="/app/")
    sheet = "@font-face { src: url(/f/a.woff2) } p { background: url(b.png) }"
    pages = {
        "/app/": page("<link rel=stylesheet href=c/a.css>"),
        "/app/c/a.css": answer(sheet, "text/css"),
        "/app/f/a.woff2": answer("wOF2", "font/woff2"),
    }
    run, site = visit(pages, target=below)
    # The picture is in a folder from which a file came.
    tried = ["/app/f/a.woff2", "/app/f/diagnose-7f3a.woff2"]
    assert site.paths == ["/app/", "/app/c/a.css", "/f/a.woff2", *tried]
    (font,) = (file for file in run.observed(PageFileResponse) if file.sheet)
    assert (font.file_kind, font.status, font.sheet[-8:]) == ("font", 404, "/c/a.css")
    (trial,) = run.observed(PageFileTrial)
    assert (trial.prefix, trial.is_used, trial.is_absolute) == ("/app", True, True)


def test_only_the_first_missing_file_is_tried_and_at_two_places_at_most() -> None:
    below = replace(TARGET, path="/app/d/board/")
    run, site = visit({"/app/d/board/": page(JS, CSS)}, target=below)
    assert site.paths[-2:] == ["/app/a.js", "/app/d/board/a.js"]
    assert [trial.is_used for trial in run.observed(PageFileTrial)] == [False, False]


def test_nothing_is_tried_where_the_files_are_there_or_the_page_is_the_root() -> None:
    script, below = answer("1;", "text/javascript"), replace(TARGET, path="/app/")
    run, _ = visit({"/app/": page(JS), "/a.js": script}, target=below)
    assert not run.observed(PageFileTrial)
    run, _ = visit({"/": page(JS)})
    assert not run.observed(PageFileTrial)


def test_pictures_are_requested_last_and_films_in_part() -> None:
    run, site = visit(
        {
            "/": page('<img src="/img/1.png">', '<video src="/film.mp4"></video>', CSS),
            "/a.css": answer("p {}", "text/css"),
            "/img/1.png": answer("PNG", "image/png"),
            "/film.mp4": answer("12", "video/mp4", status="206 Partial Content"),
        }
    )
    assert site.paths == ["/", "/a.css", "/img/1.png", "/film.mp4"]
    assert "Range: bytes=0-1\r\n" in site.requests[3]
    assert [response.status for response in run.observed(PageFileResponse)] == [200, 200, 206]


def test_a_part_of_a_film_that_is_the_target_is_requested() -> None:
    target = Target(f"http://{HOST}/film.mp4", "http", HOST, 80, "/film.mp4")
    run, site = visit({"/film.mp4": answer("a film <", "video/mp4")}, target)
    assert site.paths == ["/film.mp4", "/film.mp4"]
    (response,) = run.observed(PageFileResponse)
    assert (response.file_kind, response.status) == ("media", 200)


def test_a_module_that_a_script_names_is_requested() -> None:
    run, site = visit(
        {
            "/": page("<script type=module src=/js/main.js></script>"),
            "/js/main.js": answer("import('./viewer.min.mjs')", "text/javascript"),
            "/js/viewer.min.mjs": answer("export {}", "application/octet-stream"),
        }
    )
    assert site.paths == ["/", "/js/main.js", "/js/viewer.min.mjs"]
    assert [response.file_kind for response in run.observed(PageFileResponse)] == [
        "module", "import",
    ]  # fmt: skip


POLICY = "Content-Security-Policy: default-src 'self'"


def test_what_a_page_asks_for_is_read_where_a_policy_may_forbid_it() -> None:
    shows = f"{HEAD}<img src=https://cdn.example.net/a.png><script src=/a.js></script>"
    files = {
        "/": answer(shows),
        "/a.js": answer(
            "fetch('https://api.example.net/'); x.getUserMedia({audio:1})", "text/javascript"
        ),
    }
    run, _ = visit(files)
    assert not run.observed(Page)[0].uses
    run, _ = visit({**files, "/": answer(shows, "text/html", POLICY)})
    (shown,) = run.observed(Page)
    assert [use.kind for use in shown.uses] == ["image"]
    (script,) = run.observed(PageFileResponse)
    assert [use.url for use in script.uses] == ["https://api.example.net/"]
    assert script.features == ("microphone",)


def test_a_page_of_the_site_in_a_frame_and_webassembly_are_requested() -> None:
    run, site = visit(
        {
            "/": page("<iframe src=/map></iframe><script src=/a.js></script>"),
            "/a.js": answer("fetch('/a.wasm')", "text/javascript"),
            "/a.wasm": answer("x", "application/wasm"),
            "/map": page("<p>Map"),
        }
    )
    assert site.paths == ["/", "/a.js", "/a.wasm", "/map"]
    assert [response.file_kind for response in run.observed(PageFileResponse)] == [
        "script", "wasm", "frame",
    ]  # fmt: skip


class Unsteady(Site):
    """A site that answers every second request for a file with this status."""

    status = "400 Bad Request"

    async def write(self, data: bytes, timeout: float = 0) -> None:
        await super().write(data, timeout)
        if len(self.requests) % 2 == 0:
            self.coming = answer("", status=self.status)


def test_a_file_whose_request_is_refused_is_asked_for_again() -> None:
    pages = {"/": page(CSS), "/a.css": answer("p {}", "text/css")}
    run, site = visit(pages, kind=Unsteady)
    assert site.paths == ["/", "/a.css", "/a.css"]
    assert [file.status for file in run.observed(PageFileResponse)] == [200]
    run, site = visit({"/": page(CSS), "/a.css": answer("", status="400 Bad Request")})
    assert site.paths == ["/", *["/a.css"] * 3]
    assert [file.status for file in run.observed(PageFileResponse)] == [400]


class Incomplete(Unsteady):
    status = "404 Not Found"


def test_a_file_that_is_not_there_is_asked_for_once() -> None:
    _, site = visit({"/": page(CSS), "/a.css": answer("", "text/css")}, kind=Incomplete)
    assert site.paths == ["/", "/a.css"]
