"""The application is asked for a page that came cut off: over a real socket, over SSH by curl."""

import asyncio
from dataclasses import replace

import pytest

from diagnose.machine import CommandResult
from diagnose.model import Failure, Observation
from diagnose.model.http import BodyEnd, ResponseBody
from diagnose.model.nginx import NginxConfig
from diagnose.net.local import LocalNet
from diagnose.probes.inside import upstream_bodies
from tests.probes.inside.test_upstream_requests import ask, config
from tests.support.check_evidence import SHOP
from tests.support.fake_context import Looking
from tests.support.recorded_machine import RecordedMachine

CUT = ResponseBody(
    url=SHOP.url,
    address="203.0.113.10",
    port=443,
    status=200,
    received=300,
    end="cut",
    failure=Failure("closed", "closed"),
)


def asked(sent: int, announced: int) -> tuple[ResponseBody, ...]:
    ctx = Looking(RecordedMachine())
    ctx.net, ctx.target = LocalNet(), SHOP
    requests = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        requests.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % announced + b"x" * sent)
        writer.close()

    async def work() -> None:
        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        seen = config(
            f"location / {{ proxy_pass http://127.0.0.1:{port}; proxy_set_header X-Own yes; }}"
        )
        async with server:
            ctx.observations += [seen, CUT]
            await upstream_bodies.page_cut.work(ctx, CUT, seen)

    asyncio.run(work())
    assert b"\r\nX-Own: yes\r\n" in requests[0]
    return tuple(body for body in ctx.observed(ResponseBody) if body.request == "application")


def test_an_application_that_cuts_is_seen_without_nginx() -> None:
    (own,) = asked(50_000, 90_000)
    assert (own.end, own.received, own.announced) == ("cut", 50_000, 90_000)
    assert own.equivalent.startswith(
        "curl -sSk -m 3 -o /dev/null --max-filesize 2097152 -H 'Host: "
    )


def test_an_application_that_sends_all_is_seen_too() -> None:
    (own,) = asked(50_000, 50_000)
    assert (own.end, own.failure) == ("complete", None)


def asked_for_upgrade(announced: int, line: str) -> list[tuple[str, str]]:
    """The requests to an application that cuts what asks for an upgrade, and their ends."""
    ctx = Looking(RecordedMachine())
    ctx.net, ctx.target = LocalNet(), SHOP

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request = await reader.readuntil(b"\r\n\r\n")
        sent = 50 if b"\r\nConnection: upgrade\r\n" in request else announced
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % announced + b"x" * sent)
        writer.close()

    async def work() -> None:
        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        lines = f"proxy_pass http://127.0.0.1:{port}; {line}"
        seen = config(f"location / {{ {lines} }}")
        async with server:
            ctx.observations += [seen, CUT]
            await upstream_bodies.page_cut.work(ctx, CUT, seen)

    asyncio.run(work())
    return [(body.request, body.end) for body in ctx.observed(ResponseBody) if body is not CUT]


def test_an_application_is_asked_for_an_upgrade_as_nginx_asks_it() -> None:
    """https://github.com/iv-org/invidious/issues/604."""
    line = 'proxy_set_header Connection "Upgrade";'
    assert asked_for_upgrade(900, line) == [("application", "complete"), ("upgrade", "cut")]
    by_map = "proxy_set_header Connection $http_connection;"
    assert asked_for_upgrade(900, by_map) == [("application", "complete")]


class Server(RecordedMachine):
    """A server over SSH whose curl ends so."""

    def __init__(self, result: CommandResult) -> None:
        super().__init__(via="ssh")
        self.result = result

    async def run(self, *argv: str, **_: object) -> CommandResult:
        assert argv[0] == "curl"
        return self.result


@pytest.mark.parametrize(
    ("status", "out", "end"),
    [(0, "50000 200", "complete"), (18, "300 200", "cut"), (56, "300 200", "cut"),
     (28, "300 200", "unread"), (63, "0 200", "unread")],
)  # fmt: skip
def test_over_ssh_curl_says_how_it_ended(status: int, out: str, end: str) -> None:
    ctx = Looking(Server(CommandResult(("curl",), status, out, "", 0.1)))
    seen = config("location / { proxy_pass http://127.0.0.1:3000; }")
    ctx.observations += [CUT, seen]
    ask(upstream_bodies.page_cut, ctx, CUT)
    assert ctx.observed(ResponseBody)[-1].end == end


@pytest.mark.parametrize(
    ("announced", "end", "times"),
    [(900, "unread", 2), (900, "cut", 2), (300, "unread", 0), (None, "unread", 0),
     (3 << 20, "unread", 0)],
)  # fmt: skip
def test_an_application_that_stops_is_asked_twice(
    announced: int | None, end: BodyEnd, times: int
) -> None:
    ctx = Looking(Server(CommandResult(("curl",), 28, "300 200", "", 0.1)))
    body = replace(CUT, announced=announced, end=end, failure=None)
    ctx.observations += [body, config("location / { proxy_pass http://127.0.0.1:3000; }")]
    ask(upstream_bodies.page_cut, ctx, body)
    assert [each.request for each in ctx.observed(ResponseBody)[1:]] == ["application"] * times


@pytest.mark.parametrize(("status", "out"), [(7, "0 000"), (127, "")])
def test_without_an_answer_nothing_is_said(status: int, out: str) -> None:
    ctx = Looking(Server(CommandResult(("curl",), status, out, "", 0.1)))
    seen = config("location / { proxy_pass http://127.0.0.1:3000; }")
    ctx.observations += [CUT, seen]
    ask(upstream_bodies.page_cut, ctx, CUT)
    assert ctx.observed(ResponseBody) == (CUT,)


@pytest.mark.parametrize(
    "seen", [replace(CUT, end="complete"), replace(CUT, request="application")]
)
def test_it_is_asked_only_after_a_cut(seen: Observation) -> None:
    ctx = Looking(RecordedMachine())
    ctx.observations += [config("location / { proxy_pass http://127.0.0.1:1; }"), seen]
    ask(upstream_bodies.page_cut, ctx, seen)
    assert ctx.observed(NginxConfig)
    assert len(ctx.observations) == 2
