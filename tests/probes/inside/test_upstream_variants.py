"""Against real servers on loopback: what an application speaks, and what else it could be asked."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import trustme

from diagnose.machine import CommandResult
from diagnose.model import Unseen
from diagnose.model.http import Exchange
from diagnose.model.nginx import NginxConfig, UpstreamTry
from diagnose.model.upstream import ServerNames, UpstreamTalk
from diagnose.net.local import LocalNet
from diagnose.parsers.nginx.config import parse
from diagnose.probes import Probe
from diagnose.probes.inside import upstream_connect
from tests.support.check_evidence import SHOP
from tests.support.fake_context import Looking
from tests.support.recorded_machine import RecordedMachine

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
GATEWAY = Exchange(url=SHOP.url, address="203.0.113.10", port=443, status=502)


async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read(4096)
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
    writer.close()


def secure(name: str = "", only: bool = False) -> ssl.SSLContext:
    """A server's TLS; with `only`, for that name alone."""
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert(name or "app.internal").configure_cert(made)

    def choose(_: ssl.SSLObject, given: str | None, __: ssl.SSLContext) -> int | None:
        return None if given == name else ssl.ALERT_DESCRIPTION_UNRECOGNIZED_NAME

    if only:
        made.sni_callback = choose
    return made


@asynccontextmanager
async def application(tls: ssl.SSLContext | None = None) -> AsyncIterator[int]:
    async with await asyncio.start_server(answer, "127.0.0.1", 0, ssl=tls) as server:
        yield server.sockets[0].getsockname()[1]


def run(probe: Probe, ctx: Looking, seen: NginxConfig) -> None:
    async def work() -> None:
        await probe.work(ctx, seen)

    asyncio.run(work())


def config(location: str, around: str = "") -> NginxConfig:
    text = f"http {{ {around} server {{ listen 443; {location} }} }}"
    return NginxConfig(path="/n.conf", main=parse(text, "/n.conf"))


def talked(pass_to: str, tls: ssl.SSLContext | None, door: bool = False) -> list[UpstreamTalk]:
    ctx = Looking(RecordedMachine())
    ctx.net = LocalNet()

    async def work() -> None:
        async with application(tls) as port:
            given = config(f"location / {{ {pass_to.replace('PORT', str(port))} }}")
            await upstream_connect.applications.work(ctx, given)
            if door:
                ctx.observations.append(given)
                await upstream_connect.behind_a_broken_door.work(ctx, GATEWAY)

    asyncio.run(work())
    return list(ctx.observed(UpstreamTalk))


def test_a_handshake_that_stands_is_all_that_is_done() -> None:
    (seen,) = talked("proxy_pass https://127.0.0.1:PORT;", secure())
    assert (seen.as_nginx, seen.failure, seen.server_name) == (True, None, "")
    assert seen.protocol.startswith("TLS")


def test_a_plain_application_is_asked_without_tls() -> None:
    failed, plain = talked("proxy_pass https://127.0.0.1:PORT;", None)
    assert failed.failure
    assert failed.failure.kind == "protocol"
    assert (plain.speaks, plain.as_nginx, plain.status) == ("http", False, 200)


def test_an_application_that_wants_a_name_is_told_those_that_it_may_mean() -> None:
    given = "proxy_pass https://127.0.0.1:PORT; proxy_set_header Host app.internal;"
    failed, *others = talked(given, secure("app.internal", only=True))
    assert failed.failure
    assert failed.failure.kind in {"alert", "closed"}
    (named,) = [other for other in others if other.speaks == "https"]
    assert (named.server_name, named.failure) == ("app.internal", None)


def test_the_name_that_nginx_sends_is_sent() -> None:
    given = (
        "proxy_pass https://127.0.0.1:PORT; proxy_ssl_server_name on; proxy_ssl_name app.internal;"
    )
    (seen,) = talked(given, secure("app.internal", only=True))
    assert (seen.server_name, seen.failure) == ("app.internal", None)


def test_behind_a_broken_door_plain_requests_are_tried_with_tls() -> None:
    (seen,) = talked("proxy_pass http://127.0.0.1:PORT;", secure(), door=True)
    assert (seen.speaks, seen.as_nginx, seen.failure) == ("https", False, None)


def test_an_application_on_a_unix_socket(tmp_path: Path) -> None:
    path = str(tmp_path / "s")
    ctx = Looking(RecordedMachine())

    async def work() -> None:
        async with await asyncio.start_unix_server(answer, path):
            given = config(f"location / {{ proxy_pass http://unix:{path}; }}")
            ctx.observations.append(given)
            await upstream_connect.applications.work(ctx, given)
            await upstream_connect.behind_a_broken_door.work(ctx, GATEWAY)

    asyncio.run(work())
    tried, asked = ctx.observed(UpstreamTry)
    assert (tried.socket, tried.endpoint, tried.failure) == (path, f"unix:{path}", None)
    assert (asked.asked, asked.status) == (True, 200)


def test_fastcgi_is_connected_to_and_no_more() -> None:
    ctx = Looking(RecordedMachine())
    ctx.net = LocalNet()

    async def work() -> None:
        async with application() as port:
            given = config(f"location / {{ fastcgi_pass 127.0.0.1:{port}; }}")
            await upstream_connect.applications.work(ctx, given)

    asyncio.run(work())
    (tried,) = ctx.observed(UpstreamTry)
    assert (tried.scheme, tried.failure) == ("fastcgi", None)


class Afar(RecordedMachine):
    """A server over SSH whose curl prints this."""

    def __init__(self, *printed: CommandResult) -> None:
        super().__init__(via="ssh://shop")
        self.printed = list(printed)

    async def run(self, *argv: str, timeout: float = 8.0) -> CommandResult:
        self.commands_run.append(" ".join(argv[3:]))
        return self.printed.pop(0)


def ran(status: int, out: str) -> CommandResult:
    return CommandResult(("sh",), status, out, "", 0.0)


NAMELESS = """\
address 127.0.0.1
* TLSv1.3 (OUT), TLS handshake, Client hello (1):
* TLSv1.3 (IN), TLS alert, unrecognized name (624):
curl: (35) TLS connect error: error:0A000458:SSL routines::tlsv1 unrecognized name
"""
NAMED = """\
address 127.0.0.1
* SSL connection using TLSv1.3 / TLS_AES_256_GCM_SHA384 / X25519 / id-ecPublicKey
* Connected to app.internal (127.0.0.1) port 8443
< HTTP/1.1 200 OK
"""


def test_over_ssh_the_server_s_curl_does_it() -> None:
    ctx = Looking(Afar(ran(0, NAMELESS), ran(0, NAMED)))
    given = config("location / { proxy_pass https://app.internal:8443; }")
    run(upstream_connect.applications, ctx, given)
    (tried,) = ctx.observed(UpstreamTry)
    assert (tried.address, tried.failure) == ("127.0.0.1", None)
    failed, named = ctx.observed(UpstreamTalk)
    assert failed.failure
    assert failed.failure.code == 112
    assert (named.server_name, named.failure, named.as_nginx) == ("app.internal", None, False)


def test_without_curl_that_is_said_once() -> None:
    ctx = Looking(Afar(ran(127, ""), ran(127, "")))
    location = "location / { proxy_pass http://a:1; } location /b { proxy_pass http://b:1; }"
    run(upstream_connect.applications, ctx, config(location))
    assert [unseen.why for unseen in ctx.observed(Unseen)] == ["the server has no curl"]


def test_where_names_could_be_looked_up_is_read_only_where_nginx_cannot() -> None:
    files = {
        "/etc/resolv.conf": "nameserver 203.0.113.1\n",
        "/etc/hosts": "127.0.0.1 app.internal\n",
    }
    ctx = Looking(RecordedMachine(files=files))
    pass_by = "location / { set $app app.internal; proxy_pass http://$app:3000; }"
    run(upstream_connect.names, ctx, config(pass_by, "resolver 203.0.113.1;"))
    assert not ctx.observed(ServerNames)
    run(upstream_connect.names, ctx, config(pass_by))
    (seen,) = ctx.observed(ServerNames)
    assert (seen.resolvers, seen.written) == (("203.0.113.1",), ("app.internal",))


def asked_after_a_refusal(number: int) -> list[UpstreamTalk]:
    """What is tried after a 400 that says nothing of TLS, at a port that is usually one of TLS."""
    ctx = Looking(RecordedMachine())
    ctx.net = LocalNet()
    refusal = replace(GATEWAY, status=400)

    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(4096)
        writer.write(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 4\r\n\r\nBad\n")
        writer.close()

    async def work() -> None:
        async with await asyncio.start_server(refuse, "127.0.0.9", number):
            given = config(f"location / {{ proxy_pass http://127.0.0.9:{number}; }}")
            ctx.observations.append(given)
            await upstream_connect.behind_a_broken_door.work(ctx, refusal)

    asyncio.run(work())
    return list(ctx.observed(UpstreamTalk))


def test_a_port_of_tls_that_refuses_a_plain_request_is_tried_with_tls_once() -> None:
    (talk,) = asked_after_a_refusal(18443)
    assert talk.speaks == "https"
    assert talk.failure


def test_another_port_that_refuses_a_request_is_not_tried_with_tls() -> None:
    assert not asked_after_a_refusal(18080)
