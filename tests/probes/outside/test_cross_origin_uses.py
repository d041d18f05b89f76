"""What the page needs from another origin of its own server: who is asked, how, and what of it is
diagnosed."""

import pytest

from diagnose.model.other_requests import CookielessCall, OtherRequest
from diagnose.net import ResolveResult
from tests.probes.outside.test_page_assets import HERE, HOST, Run, Site, answer, page, visit

ALLOW = f"Access-Control-Allow-Origin: http://{HOST}"
PORT = f"http://{HOST}:8080"
MODULE = f"<script type=module src={PORT}/app.js></script>"


def script(text: str) -> str:
    return f"<script>{text}</script>"


def json(*more: str, status: str = "200 OK") -> bytes:
    return answer("{}", "application/json", *more, status=status)


def later(run: Run) -> list[OtherRequest]:
    return list(run.further_requests.other_pages)


def asked(site: Site) -> list[str]:
    """The requests with the page's Origin."""
    return [text for text in site.requests if f"origin: http://{HOST}\r" in text.lower()]


def test_a_module_on_another_port_without_a_permission_is_diagnosed() -> None:
    run, site = visit({"/": page(MODULE), "/app.js": answer("1", "text/javascript")})
    (request,) = later(run)
    assert (request.elsewhere, request.path, request.use) == (PORT, "/app.js", "module")
    assert (request.origin, request.method) == (f"http://{HOST}", "GET")
    assert len(asked(site)) == 1


@pytest.mark.parametrize(
    "response",
    [
        answer("1", "text/javascript", ALLOW),
        answer("1", "text/javascript", "Access-Control-Allow-Origin: *"),
        answer("", status="404 Not Found"),
        answer("", "text/html", "Location: /elsewhere.js", status="302 Found"),
    ],
)
def test_what_is_permitted_or_not_there_is_not(response: bytes) -> None:
    run, site = visit({"/": page(MODULE), "/app.js": response})
    assert later(run) == []
    assert len(asked(site)) == 1


def test_the_fonts_of_a_style_sheet_elsewhere() -> None:
    sheet = "@font-face { font-family: A; src: url(../f/a.woff2) } @font-face { src: url(b.woff) }"
    pages = {
        "/": page(f"<link rel=stylesheet href={PORT}/css/a.css>"),
        "/css/a.css": answer(sheet, "text/css"),
        "/f/a.woff2": answer("w", "font/woff2"),
    }
    run, site = visit(pages)
    (request,) = later(run)
    assert (request.path, request.use) == ("/f/a.woff2", "font")
    assert site.paths == ["/", "/css/a.css", "/f/a.woff2"]
    assert len(asked(site)) == 1, "a style sheet needs no permission"


def test_the_file_of_a_font_that_browsers_take() -> None:
    """A rule for .woff2 alone is enough; a font of .eot alone is for nobody."""
    faces = (
        "@font-face { src: url(/a.eot); src: url(/a.eot?#iefix) format('embedded-opentype'), "
        f"url({PORT}/a.woff2) format('woff2'), url({PORT}/a.ttf) }} "
        f"@font-face {{ src: url({PORT}/b.eot) }}"
    )
    _, site = visit({"/": page(f"<style>{faces}</style>")})
    assert [text.split(" ")[1] for text in asked(site)] == ["/a.woff2"]


@pytest.mark.parametrize(
    "response",
    [json("cf-mitigated: challenge", status="403 Forbidden"), json(status="429 Too Many Requests")],
)
def test_what_programs_meet_alone_is_not_judged(response: bytes) -> None:
    pages = {"/": page(script(f"fetch('{PORT}/me')")), "/me": response}
    assert later(visit(pages)[0]) == []


def test_data_with_a_token_needs_a_preflight() -> None:
    text = f"fetch('{PORT}/me', {{headers: {{Authorization: token}}}})"
    run, site = visit({"/": page(script(text)), "/me": json(ALLOW, status="405 Nope")})
    (request,) = later(run)
    assert (request.method, request.asks, request.fields) == ("OPTIONS", "GET", ("authorization",))
    (sent,) = asked(site)
    assert sent.startswith("OPTIONS /me ")
    assert "access-control-request-headers: authorization" in sent.lower()


def test_a_refused_request_without_a_permission_is_asked_for_by_a_preflight() -> None:
    """Visitors who have logged in get another answer."""
    pages = {"/": page(script(f"fetch('{PORT}/me')")), "/me": json(status="401 Unauthorized")}
    run, site = visit(pages)
    assert [text.split(" ")[0] for text in asked(site)] == ["GET", "OPTIONS"]
    assert later(run)[0].method == "OPTIONS"


def test_a_page_that_answers_is_not_data() -> None:
    pages = {"/": page(script(f"fetch('{PORT}/me')")), "/me": answer("<p>Log in")}
    assert later(visit(pages)[0]) == []


def test_one_use_of_a_kind_at_an_origin_is_asked_for() -> None:
    text = "".join(f"fetch('{PORT}/{number}');" for number in range(9))
    _, site = visit({"/": page(script(text)), "/0": json(ALLOW)})
    assert len(asked(site)) == 1


class Own(Site):
    """This machine has the page's address."""

    def is_mine(self, address: str) -> bool:
        return address == HERE


def test_another_port_of_this_machine_is_diagnosed_though_it_answers_here() -> None:
    """A firewall may close it to visitors."""
    pages = {"/": page(MODULE), "/app.js": answer("1", "text/javascript", ALLOW)}
    assert later(visit(pages)[0]) == []
    (request,) = later(visit(pages, kind=Own)[0])
    assert request.path == "/app.js"


class Named(Site):
    """The network knows the names below example.com, and tells that this machine is another."""

    async def resolve(self, name: str, family: int, timeout: float = 0) -> ResolveResult:
        self.requests.append(f"resolve {name}")
        here = {"api.example.com": HERE, "cdn.example.com": "203.0.113.99"}
        return ResolveResult(0.0, (here[name],) if name in here else ())


@pytest.mark.parametrize(
    ("host", "is_looked_up", "count"),
    [("api.example.com", True, 1), ("cdn.example.com", True, 0), ("cdn.example.net", False, 0)],
)
def test_other_servers_are_not_asked(host: str, is_looked_up: bool, count: int) -> None:
    run, site = visit({"/": page(script(f"fetch('http://{host}/x')")), "/x": json()}, kind=Named)
    assert (f"resolve {host}" in site.requests) is is_looked_up
    assert [len(asked(site)), len(later(run))] == [count, count]


def test_the_own_names_are_looked_up_first() -> None:
    """This machine is the server, and its page reads data of others."""

    class Here(Named, Own):
        pass

    text = "".join(f"fetch('http://{name}/x');" for name in ("a.test", "b.test", "api.example.com"))
    run, site = visit({"/": page(script(text)), "/x": json()}, kind=Here)
    assert [request.elsewhere for request in later(run)] == ["http://api.example.com"]
    assert [text for text in site.requests if text.startswith("resolve")] == [
        "resolve api.example.com", "resolve a.test",
    ]  # fmt: skip


def test_an_address_that_browsers_cannot_open() -> None:
    _, site = visit({"/": page(script(f"fetch('http://{HOST}:99999/x')"))})
    assert asked(site) == []


LOGIN = (ALLOW, "Access-Control-Allow-Credentials: true", "Set-Cookie: USER=a; Path=/")


def cookieless(text: str, *fields: str, status: str = "200 OK") -> list[CookielessCall]:
    run, _ = visit({"/": page(script(text)), "/login": json(*fields, status=status)})
    return list(run.observed(CookielessCall))


def test_a_script_that_sends_no_cookies_where_it_may() -> None:
    (call,) = cookieless(f"fetch('{PORT}/login')", *LOGIN)
    assert (call.url, call.method, call.cookies) == (f"{PORT}/login", "GET", ("USER",))
    assert call.script == f"http://{HOST}/"
    text = f"axios.post('{PORT}/login', {{a: 1}})"
    more = "Access-Control-Allow-Headers: content-type"
    (call,) = cookieless(text, *LOGIN[:2], more)
    assert (call.method, call.cookies) == ("OPTIONS", ())


@pytest.mark.parametrize(
    ("text", "fields"),
    [
        (f"fetch('{PORT}/login', {{credentials: 'include'}})", LOGIN),
        (f"fetch('{PORT}/login'); axios.defaults.withCredentials = true", LOGIN),
        (f"fetch('{PORT}/login', {{headers: {{Authorization: token}}}})", LOGIN),
        (f"fetch('{PORT}/login')", LOGIN[:1]),
        (f"fetch('{PORT}/login')", ("Access-Control-Allow-Origin: *", *LOGIN[1:])),
    ],
)
def test_a_script_that_sends_cookies_or_a_token_or_may_not(
    text: str, fields: tuple[str, ...]
) -> None:
    assert not cookieless(text, *fields)
