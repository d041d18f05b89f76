"""The application, asked as nginx asks it and with one part changed at a time."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest

from diagnose.machine import CommandResult
from diagnose.model import Target
from diagnose.model.http import Exchange
from diagnose.model.nginx import NginxConfig
from diagnose.model.requests import ComparedRequest
from diagnose.model.symptom import Symptom
from diagnose.net.local import LocalNet
from diagnose.parsers.nginx.config import parse
from diagnose.parsers.request_fields import RequestFields
from diagnose.probes import Options
from diagnose.probes.inside import upstream_comparisons
from tests.support.check_evidence import SHOP
from tests.support.fake_context import Looking
from tests.support.recorded_machine import RecordedMachine

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
REFUSED = Exchange(url=SHOP.url, address="203.0.113.10", port=443, status=400)
UPGRADE = "proxy_set_header Host $host; proxy_set_header Connection upgrade;"


def config(location: str) -> NginxConfig:
    text = f"http {{ server {{ listen 443 ssl; listen 8443 ssl; {location} }} }}"
    return NginxConfig(path="/n.conf", main=parse(text, "/n.conf"))


LOST = replace(SHOP, symptom=Symptom("cookie", "session lost"))


def compare(
    serve: Serve,
    door: Exchange = REFUSED,
    lines: str = UPGRADE,
    options: Options = Options(),
    machine: RecordedMachine | None = None,
    target: Target = SHOP,
    location: str = "/",
) -> Looking:
    ctx = Looking(machine or RecordedMachine())
    ctx.target = target
    ctx.net, ctx.options = LocalNet(), options or Options()

    async def work() -> None:
        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        seen = config(f"location {location} {{ proxy_pass http://127.0.0.1:{port}; {lines} }}")
        async with server:
            ctx.observations += [seen, door]
            await upstream_comparisons.page_questioned.work(ctx, door, seen)

    asyncio.run(work())
    return ctx


def question(ctx: Looking, exchange: Exchange) -> None:
    async def work() -> None:
        config = ctx.observed(NginxConfig)[0]
        await upstream_comparisons.page_questioned.work(ctx, exchange, config)

    asyncio.run(work())


def requests(ctx: Looking) -> list[tuple[str, str, bool, int | None]]:
    return [
        (
            compared_request.part,
            compared_request.name,
            compared_request.is_control,
            compared_request.status,
        )
        for compared_request in ctx.observed(ComparedRequest)
    ]


def answer(status: str, body: str = "", *fields: str) -> bytes:
    head = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *fields, "", body]
    return "\r\n".join(head).encode()


def serving(respond: Callable[[str], bytes]) -> Serve:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(respond((await reader.readuntil(b"\r\n\r\n")).decode()))
        writer.close()

    return serve


def minds_upgrade(asked: str) -> bytes:
    if "Connection: upgrade\r\n" in asked:
        return answer("400 Bad Request", "Bad upgrade")
    return answer("200 OK", "<p>It works.", "Content-Type: text/html")


@pytest.mark.parametrize("config_first", [True, False])
def test_the_change_that_helps_is_repeated_and_nothing_is_asked_after_it(
    config_first: bool,
) -> None:
    ctx = compare(serving(minds_upgrade))
    assert requests(ctx) == [
        ("none", "", False, 400),
        ("field", "Connection", False, 200),
        ("field", "Connection", True, 200),
        ("none", "", True, 400),
        ("none", "", True, 400),
        ("field", "Connection", True, 200),
    ]
    changed = ctx.observed(ComparedRequest)[1]
    assert (changed.original, changed.value, changed.is_html) == ("upgrade", "close", True)
    assert "-H 'Connection: close'" in changed.equivalent


def test_after_another_path_one_that_nobody_has_made_is_asked_for() -> None:
    """An application may have one page for all paths."""

    def respond(asked: str) -> bytes:
        return answer("404 Not Found" if asked.startswith("GET /x/ ") else "200 OK")

    door = replace(REFUSED, url=f"{SHOP.origin}/x/", status=404)
    ctx = compare(serving(respond), door, "", target=replace(SHOP, path="/x/"), location="/x/")
    paths = [(each.part, each.value) for each in ctx.observed(ComparedRequest)[:3]]
    assert paths == [("none", ""), ("path", "/"), ("unknown-path", "/-diagnose-7f3a")]


def test_the_request_is_nginxs_with_our_own_fields() -> None:
    asked: list[str] = []

    def respond(request: str) -> bytes:
        asked.append(request)
        return answer("200 OK")

    compare(serving(respond))
    (request,) = asked
    assert request.startswith("GET / HTTP/1.0\r\nHost: shop.example.com\r\nConnection: upgrade\r\n")
    assert "\r\nUpgrade-Insecure-Requests: 1\r\n" in request


def test_no_value_that_the_user_or_nginx_keeps_secret_is_shown() -> None:
    request = RequestFields(headers=(("X-Team", "hush-hush-1"),))
    lines = f'{UPGRADE} proxy_set_header X-Team ""; proxy_set_header X-Api-Key "s3same-open";'
    door = replace(REFUSED, verified=True)

    def respond(asked: str) -> bytes:
        return answer("200 OK") if "hush-hush-1" in asked else answer("400 Bad Request")

    ctx = compare(serving(respond), door, lines, Options(request=request))
    added = [
        compared_request
        for compared_request in ctx.observed(ComparedRequest)
        if compared_request.name == "X-Team"
    ]
    assert added, "the field that nginx drops was tried"
    shown = repr(ctx.observed(ComparedRequest))
    assert "hush-hush-1" not in shown
    assert "s3same-open" not in shown
    assert "-H 'X-Api-Key: ***'" in added[0].equivalent


def test_a_refusal_that_nothing_changes_costs_six_requests_at_most() -> None:
    lines = "".join(
        f"proxy_set_header {name} x;"
        for name in ("Connection", "Upgrade", "X-Forwarded-For", "Forwarded", "X-Real-IP", "Origin")
    )
    ctx = compare(serving(lambda _: answer("400 Bad Request")), lines=lines)
    assert [status for *_, status in requests(ctx)] == [400] * 6


def test_an_answer_of_nginxs_own_is_not_questioned() -> None:
    assert len(compare(serving(lambda _: answer("200 OK"))).observed(ComparedRequest)) == 1
    page = replace(REFUSED, body="<center>nginx</center>")
    assert len(compare(serving(minds_upgrade), page).observed(ComparedRequest)) == 1
    intercepted = f"{UPGRADE} proxy_intercept_errors on;"
    assert len(compare(serving(minds_upgrade), page, intercepted).observed(ComparedRequest)) > 1


@pytest.mark.parametrize("status", [200, 302, 503, 504])
def test_nothing_is_asked_where_there_is_no_question(status: int) -> None:
    ctx = compare(serving(minds_upgrade), replace(REFUSED, status=status))
    assert not ctx.observed(ComparedRequest)


def test_nothing_is_asked_of_another_port_or_twice() -> None:
    assert not compare(serving(minds_upgrade), replace(REFUSED, port=80)).observed(ComparedRequest)
    ctx = compare(serving(minds_upgrade))
    before, again = len(ctx.observed(ComparedRequest)), replace(REFUSED, address="2001:db8::1")
    ctx.observations.append(again)
    question(ctx, again)
    assert len(ctx.observed(ComparedRequest)) == before


def test_a_redirect_to_itself_is_a_question() -> None:
    def respond(asked: str) -> bytes:
        if "X-Forwarded-Proto: https\r\n" in asked:
            return answer("200 OK")
        return answer("301 Moved", "", "Location: https://shop.example.com/")

    loop = replace(REFUSED, status=301, headers=(("Location", SHOP.url),))
    lines = "proxy_http_version 1.1; proxy_set_header X-Forwarded-Proto http;"
    first, second, *_ = compare(serving(respond), loop, lines).observed(ComparedRequest)
    assert (first.status, first.location) == (301, "https://shop.example.com/")
    assert (second.name, second.change, second.status) == ("X-Forwarded-Proto", "replaced", 200)


def test_secrets_are_sent_and_never_shown() -> None:
    asked: list[str] = []

    def respond(request: str) -> bytes:
        asked.append(request)
        authorized = "Authorization: Basic c2VjcmV0" in request
        return answer("401 Unauthorized" if authorized else "200 OK", "no c2VjcmV0 here")

    fields = RequestFields(headers=(("Authorization", "Basic c2VjcmV0"), ("X-Key", "c2VjcmV0")))
    ctx = compare(
        serving(respond), replace(REFUSED, status=401), "auth_basic shop;", Options(request=fields)
    )
    assert "X-Key: c2VjcmV0" in asked[0]
    assert ("field", "Authorization", False, 200) in requests(ctx)
    assert "c2VjcmV0" not in repr(ctx.observed(ComparedRequest))


def test_an_unverified_site_gets_no_secrets() -> None:
    asked: list[str] = []

    def respond(request: str) -> bytes:
        asked.append(request)
        return answer("400 Bad Request")

    fields = RequestFields(headers=(("X-Key", "secret-word"),))
    compare(serving(respond), replace(REFUSED, verified=False), options=Options(request=fields))
    assert asked
    assert not any("secret-word" in request for request in asked)


def test_an_application_that_sends_without_end_or_never_is_left() -> None:
    async def endless(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        while not writer.is_closing():
            writer.write(b"HTTP/1.1 400 Bad\r\n" + b"X: y\r\n" * 2000)
            await writer.drain()

    (only,) = compare(endless).observed(ComparedRequest)[:1]
    assert only.status == 400


class Distant(RecordedMachine):
    """A server behind SSH whose curl gets 400 for an upgrade."""

    async def run(self, *argv: str, timeout: float = 8.0) -> CommandResult:
        self.commands_run.append(" ".join(argv))
        status = "400 Bad Request" if "Connection: upgrade" in argv else "200 OK"
        return CommandResult(argv, 0, answer(status).decode(), "", 0.1)


def distant(lines: str, fields: RequestFields | None = None) -> tuple[Distant, Looking]:
    machine = Distant(via="ssh://203.0.113.10")
    ctx = Looking(machine)
    ctx.options = Options(request=fields or RequestFields())
    ctx.observations += [config(f"location / {{ {lines} }}"), REFUSED]
    question(ctx, REFUSED)
    return machine, ctx


def test_over_ssh_the_servers_curl_asks() -> None:
    fields = RequestFields(headers=(("X-Key", "secret-word"),))
    machine, looking = distant(f"proxy_pass http://127.0.0.1:3000; {UPGRADE}", fields)
    assert requests(looking)[:2] == [("none", "", False, 400), ("field", "Connection", False, 200)]
    assert "--http1.0" in machine.commands_run[0]
    assert not any("secret-word" in command for command in machine.commands_run)


def test_curl_sends_the_server_name_of_the_request() -> None:
    names = "proxy_ssl_server_name on; proxy_ssl_name app.example.net;"
    machine, _ = distant(f"proxy_pass https://127.0.0.1:3000; {UPGRADE} {names}")
    first = machine.commands_run[0]
    assert "--connect-to app.example.net:3000:127.0.0.1:3000" in first
    assert first.endswith("https://app.example.net:3000/")
    bare, _ = distant(f"proxy_pass https://127.0.0.1:3000; {UPGRADE}")
    assert bare.commands_run[0].endswith(" https://127.0.0.1:3000/")
    socket, _ = distant(f"proxy_pass http://unix:/run/app.sock; {UPGRADE}")
    assert "--unix-socket /run/app.sock" in socket.commands_run[0]


@pytest.mark.parametrize(("lines", "expected"), [("proxy_cache shop;", 1), ("", 0)])
def test_an_error_that_may_be_cached_is_asked_about_once(lines: str, expected: int) -> None:
    failed = replace(REFUSED, status=503)
    ctx = compare(serving(lambda _: answer("200 OK")), failed, lines)
    assert len(requests(ctx)) == expected


# Forms


def minds_origin(request: str) -> bytes:
    """Refuse a form from another origin than the application's own, as Django does."""
    is_own = "X-Forwarded-Proto: https" in request
    if not request.startswith("POST / ") or "Content-Length: 0" not in request:
        return answer("400 Bad Request")
    return answer("403 Forbidden", "CSRF verification failed." + " A cookie is missing." * is_own)


def test_a_post_is_repeated_as_a_post_with_the_origin_of_the_site() -> None:
    door = replace(REFUSED, status=403, method="POST", body="CSRF verification failed.")
    ctx = compare(serving(minds_origin), door, "proxy_set_header Host $host;")
    assert [(part, name, control) for part, name, control, _ in requests(ctx)] == [
        ("none", "", False),
        ("field", "X-Forwarded-Proto", False),
        ("field", "X-Forwarded-Proto", True),
        ("none", "", True),
        ("none", "", True),
        ("field", "X-Forwarded-Proto", True),
    ]
    first = ctx.observed(ComparedRequest)[0]
    assert (first.method, first.length) == ("POST", 25)
    assert "-X POST" in first.equivalent
    assert "Origin: https://shop.example.com" in first.equivalent


def test_a_connection_that_is_closed_in_the_place_of_an_answer() -> None:
    def respond(request: str) -> bytes:
        return b"" if "Connection: upgrade" in request else answer("200 OK")

    ctx = compare(serving(respond), replace(REFUSED, status=502))
    assert requests(ctx)[:2] == [("none", "", False, None), ("field", "Connection", False, 200)]


class JavaServer(RecordedMachine):
    """A server whose application's settings name a context path."""

    async def run(self, *argv: str, timeout: float = 8.0) -> CommandResult:
        self.commands_run.append(argv[-1])
        return CommandResult(argv, 0, "    context-path: /shop\n", "", 0.1)


def serves_below(asked: str) -> bytes:
    return answer("200 OK" if asked.startswith("GET /shop/") else "404 Not Found", "{}")


def test_a_page_that_is_missing_is_asked_for_below_the_context_path() -> None:
    missing, machine = replace(REFUSED, status=404), JavaServer()
    ctx = compare(serving(serves_below), missing, "", machine=machine)
    assert ("context-path", "", True, 200) in requests(ctx)
    (changed, *_) = (
        request for request in ctx.observed(ComparedRequest) if request.part == "context-path"
    )
    assert (changed.original, changed.value) == ("/", "/shop/")
    assert len(machine.commands_run) == 1


def redirects_below(asked: str) -> bytes:
    path = asked.split(" ")[1]
    if path == "/":
        return answer("302 Found", "", "Location: /jeecg-boot/")
    is_there = path == "/jeecg-boot/info"
    return answer("200 OK" if is_there else "404 Not Found", "{}")


def test_a_page_that_is_missing_is_asked_for_where_the_first_page_redirects_to() -> None:
    missing = replace(REFUSED, status=404, url=f"{REFUSED.url}info")
    ctx = compare(serving(redirects_below), missing, "", target=replace(SHOP, path="/info"))
    parts = [(each.part, each.value, each.status) for each in ctx.observed(ComparedRequest)]
    assert ("context-path", "/jeecg-boot/info", 200) in parts
    assert ("unknown-path", "/jeecg-boot/info-diagnose-7f3a", 404) in parts


def test_the_context_path_is_looked_for_only_where_the_page_is_missing() -> None:
    machine = JavaServer()
    compare(serving(minds_upgrade), machine=machine)
    assert not machine.commands_run


def keeps_a_cookie_back(asked: str) -> bytes:
    told = "X-Forwarded-Proto: https\r\n" in asked
    return answer("200 OK", "x", *(["Set-Cookie: sid=1; Path=/; Secure"] if told else []))


def test_a_message_about_http_is_answered_by_the_page_with_the_scheme() -> None:
    page = replace(REFUSED, status=200)
    to_http = replace(SHOP, symptom=Symptom("wrong-address", "login redirects to http, not https"))
    assert len(requests(compare(serving(keeps_a_cookie_back), page, target=to_http))) == 6
    to_port = replace(SHOP, symptom=Symptom("wrong-address", "it redirects to port 8080"))
    assert not requests(compare(serving(keeps_a_cookie_back), page, target=to_port))


def test_a_lost_cookie_is_looked_for_with_the_scheme() -> None:
    page = replace(REFUSED, status=200)
    ctx = compare(serving(keeps_a_cookie_back), page, target=LOST)
    found = [(each.name, each.secure_cookies) for each in ctx.observed(ComparedRequest)]
    assert found[:2] == [("", ()), ("X-Forwarded-Proto", ("sid",))]
    assert len(found) == 6
    told = f"{UPGRADE} proxy_set_header X-Forwarded-Proto https;"
    assert len(requests(compare(serving(keeps_a_cookie_back), page, told, target=LOST))) == 1
    assert not requests(compare(serving(keeps_a_cookie_back), page))


def writes_its_scheme(asked: str) -> bytes:
    scheme = "https" if "X-Forwarded-Proto: https\r\n" in asked else "http"
    return answer("200 OK", f'{{"next": "{scheme}:\\/\\/shop.example.com\\/api?page=2"}}')


def test_its_addresses_are_asked_for_with_the_scheme() -> None:
    page = replace(REFUSED, status=200, body='{"next": "http://shop.example.com/api?page=2"}')
    ctx = compare(serving(writes_its_scheme), page)
    found = [(each.name, each.plain_addresses) for each in ctx.observed(ComparedRequest)]
    plain = ("http://shop.example.com/api?page=2",)
    assert found[:2] == [("", plain), ("X-Forwarded-Proto", ())]
    assert len(found) == 6
    told = f"{UPGRADE} proxy_set_header X-Forwarded-Proto https;"
    assert len(requests(compare(serving(writes_its_scheme), page, told))) == 1
    other = replace(
        page, body='{"next": "http://other.example/api", "at": "https://shop.example.com"}'
    )
    assert not requests(compare(serving(writes_its_scheme), other))


def leads_to_http(asked: str) -> bytes:
    return answer("302 Found", "", "Location: http://shop.example.com/login")


def test_a_redirect_to_http_is_asked_for_with_the_scheme() -> None:
    plain = "http://shop.example.com/login"
    page = replace(REFUSED, status=302, headers=(("Location", plain),))
    ctx = compare(serving(leads_to_http), page)
    found = [(each.name, each.location) for each in ctx.observed(ComparedRequest)]
    assert found == [("", plain), ("X-Forwarded-Proto", plain)]
    told = f"{UPGRADE} proxy_set_header X-Forwarded-Proto https;"
    assert len(requests(compare(serving(leads_to_http), page, told))) == 1


def keeps_a_told_port(asked: str) -> bytes:
    port = ":8443" if "X-Forwarded-Port: 8443" in asked else ""
    return answer("302 Found", "", f"Location: https://shop.example.com{port}/login")


def test_a_redirect_without_the_port_is_asked_for_with_the_port() -> None:
    target = replace(SHOP, port=8443)
    lost, kept = "https://shop.example.com/login", "https://shop.example.com:8443/login"
    page = replace(
        REFUSED, url=target.url, port=8443, status=302, headers=(("Location", lost),)
    )  # fmt: skip
    ctx = compare(serving(keeps_a_told_port), page, target=target)
    found = [(each.name, each.location) for each in ctx.observed(ComparedRequest)]
    assert found[:2] == [("", lost), ("X-Forwarded-Port", kept)]
    assert len(found) == 6
