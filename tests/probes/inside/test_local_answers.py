"""The server's own web server, asked for what failed elsewhere: a real one on loopback."""

import asyncio
from dataclasses import replace

import pytest

from diagnose.machine import ServerSideNet
from diagnose.machine.local import LocalMachine
from diagnose.model import Failure, Host, Observation, Target, Vantage
from diagnose.model.http import Exchange, LocalAnswer, Upgrade
from diagnose.model.server import Interface, Listener, Listeners
from diagnose.model.tls import Handshake
from diagnose.model.web_servers import SiteSocket, WebServerConfig, WebSite
from diagnose.net import ConnectResult
from diagnose.net.local import LocalNet
from diagnose.probes.inside import local_answers
from tests.support.fake_context import Looking

OURS, EDGE = "203.0.113.10", "203.0.113.80"
NIC = Interface(name="eth0", up=True, addresses=(OURS,), default=(4,))
FAILED = Exchange(url="http://shop.example.com/", address=EDGE, port=80, status=502, body="bad\n")
REFUSED = Upgrade(
    url="ws://shop.example.com/ws", path="/ws", address=EDGE, port=80, status=426, fault="status"
)


APACHE_SITES = WebServerConfig(
    vantage=Vantage.SERVER, product="apache", path="/etc/apache2/apache2.conf"
)


async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    head = await reader.readuntil(b"\r\n\r\n")
    if b"Upgrade: websocket" in head:
        writer.write(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
    else:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nshop!\n")
    await writer.drain()
    writer.close()


def ask_locally(
    *observations: Observation, trigger: Observation, known: bool = True, ends_tls: bool = True
) -> list[LocalAnswer]:
    """What the server answered itself, after these observations of which the last one failed.
    Another machine ends TLS for it, unless `ends_tls`."""
    ctx = Looking(LocalMachine())
    ctx.net = LocalNet()

    async def work() -> None:
        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        ctx.target = Target("http://shop.example.com", "http", "shop.example.com", port)
        sockets = (Listener(address="127.0.0.1", port=port, family=4),)
        if not ends_tls:
            ctx.target = Target("https://shop.example.com", "https", "shop.example.com", 443)
            site = WebSite(names=("shop.example.com",), sockets=(SiteSocket(port),))
            ctx.observations.append(replace(APACHE_SITES, sites=(site,)))
        ctx.observations += [NIC, Listeners(sockets=sockets)] if known else []
        ctx.observations += [*observations, trigger]
        probes = {
            Exchange: local_answers.page_failed,
            Handshake: local_answers.handshake_failed,
            Upgrade: local_answers.upgrade_failed,
            Interface: local_answers.interfaces_read,
        }
        async with server:
            await probes[type(trigger)].work(ctx, trigger)
            await probes[type(trigger)].work(ctx, trigger)

    asyncio.run(work())
    return list(ctx.observed(LocalAnswer))


def test_a_page_that_failed_elsewhere_is_asked_for_here_once() -> None:
    (answer,) = ask_locally(trigger=FAILED)
    assert (answer.request, answer.status, answer.vantage) == ("page", 200, Vantage.SERVER)
    assert answer.same_as == ()
    assert "--resolve" in answer.equivalent


def test_an_address_that_shows_the_same_page_is_known() -> None:
    other = replace(FAILED, address="203.0.113.81", status=200, body="shop!")
    (answer,) = ask_locally(other, trigger=FAILED)
    assert answer.same_as == ("203.0.113.81",)


def test_a_websocket_that_was_refused_elsewhere_is_tried_here() -> None:
    answers = ask_locally(trigger=REFUSED)
    assert {answer.request for answer in answers} == {"page", "websocket"}
    (socket,) = (answer for answer in answers if answer.request == "websocket")
    assert (socket.status, socket.accepted) == (404, False)


def test_a_websocket_is_tried_over_http_where_another_machine_ends_tls() -> None:
    (socket,) = ask_locally(trigger=replace(REFUSED, port=443), ends_tls=False)
    assert (socket.request, socket.status) == ("websocket", 404)
    assert socket.url.startswith("ws://shop.example.com")


def test_a_page_that_came_too_late_is_awaited_until_shortly_before_the_end() -> None:
    ctx = Looking(LocalMachine())
    ctx.observations.append(FAILED)
    usual = local_answers._patience(ctx)
    ctx.observations.append(replace(FAILED, status=504))
    left = ctx.options.deadline - ctx.elapsed()
    assert usual == local_answers.PATIENCE < local_answers._patience(ctx) < left


def test_the_last_interface_starts_it_where_the_failure_came_first() -> None:
    assert not ask_locally(FAILED, trigger=replace(NIC, name="eth1"), known=False)
    assert ask_locally(FAILED, trigger=replace(NIC, name="eth1"))


@pytest.mark.parametrize(
    "seen",
    [
        replace(FAILED, status=200),
        replace(FAILED, status=401),
        replace(FAILED, address=OURS),
        replace(FAILED, vantage=Vantage.SERVER),
        replace(FAILED, purpose="plain"),
    ],
)
def test_nothing_is_asked_without_a_failure_elsewhere(seen: Exchange) -> None:
    assert not ask_locally(trigger=seen)


RESET = Handshake(address=OURS, port=443, failure=Failure("reset", "Connection reset by peer", 104))


def test_a_reset_on_the_way_to_this_server_is_compared_with_its_own_answer() -> None:
    remote = Host(vantage=Vantage.SERVER, hostname="server", via="ssh://root@203.0.113.10")
    assert ask_locally(remote, trigger=RESET)
    assert not ask_locally(remote, trigger=replace(RESET, failure=Failure("closed", "closed")))


def test_a_reset_by_this_machine_itself_is_not() -> None:
    here = Host(vantage=Vantage.SERVER, hostname="server", via="local")
    assert not ask_locally(here, trigger=RESET)


def test_a_balancers_own_error_asks_as_its_health_check_does(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    stgw = replace(FAILED, body="<hr><center>stgw</center>")
    assert not [one for one in ask_locally(trigger=stgw) if one.request == "health-check"]
    monkeypatch.setattr(local_answers, "entry_address", lambda ctx, port: "127.0.0.1")
    seen: list[str] = []

    async def connect(self: ServerSideNet, address: str, port: int, *rest: float) -> ConnectResult:
        seen.append(f"{address}:{port}")
        return ConnectResult(0.0)

    monkeypatch.setattr(ServerSideNet, "connect", connect)
    ask_locally(trigger=stgw)
    assert "127.0.0.1:80" in seen
    seen.clear()
    ask_locally(trigger=FAILED)
    assert "127.0.0.1:80" not in seen
