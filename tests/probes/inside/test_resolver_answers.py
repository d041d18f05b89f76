"""nginx's own resolver, asked for the application's name: a real name server on loopback."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

import dns.message
import dns.rrset

from diagnose.machine import FileContent
from diagnose.machine.local import LocalMachine
from diagnose.model import Observation
from diagnose.model.http import Exchange
from diagnose.model.nginx import NginxConfig
from diagnose.model.upstream import NameAnswer, ServerNames
from diagnose.net import ConnectResult
from diagnose.net.local import LocalNet
from diagnose.parsers.nginx.config import parse
from diagnose.probes.inside import resolver_answers
from tests.support.fake_context import Looking
from tests.support.recorded_machine import RecordedMachine

FAILED = Exchange(url="https://shop.example.com/", address="203.0.113.10", port=443, status=502)
FILES = {"/etc/resolv.conf": "", "/etc/hosts": "127.0.0.1 app.internal\n"}


class Here(LocalMachine):
    """This machine, with these files in place of its own."""

    async def read(self, path: str, limit: int = 65536) -> FileContent:
        return FileContent(path, FILES[path])


class Far(RecordedMachine):
    """A server over SSH, whose connections lead to loopback."""

    def __init__(self) -> None:
        super().__init__()
        self.via = "ssh://web"

    async def read(self, path: str, limit: int = 65536) -> FileContent:
        return FileContent(path, FILES[path])

    async def connect(self, address: str, port: int, timeout: float = 3.0) -> ConnectResult:
        return await LocalNet().connect(address, port, timeout)


def answer(query: bytes) -> bytes:
    message = dns.message.from_wire(query)
    response = dns.message.make_response(message)
    name, rdtype = message.question[0].name, message.question[0].rdtype
    if dns.rdatatype.to_text(rdtype) == "A":
        response.answer.append(dns.rrset.from_text(name, 60, "IN", "A", "10.0.0.5"))
    return response.to_wire()


class Names(asyncio.DatagramProtocol):
    def connection_made(self, transport: Any) -> None:
        self.transport = transport

    def datagram_received(self, data: bytes, addr: Any) -> None:
        self.transport.sendto(answer(data), addr)


async def over_tcp(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    size = int.from_bytes(await reader.readexactly(2), "big")
    reply = answer(await reader.readexactly(size))
    writer.write(len(reply).to_bytes(2, "big") + reply)
    await writer.drain()
    writer.close()


@contextlib.asynccontextmanager
async def name_server(tcp: bool) -> AsyncIterator[int]:
    """Its port."""
    if tcp:
        async with await asyncio.start_server(over_tcp, "127.0.0.1", 0) as server:
            yield server.sockets[0].getsockname()[1]
        return
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(Names, ("127.0.0.1", 0))
    try:
        yield transport.get_extra_info("sockname")[1]
    finally:
        transport.close()


def config(port: int, more: str = "") -> NginxConfig:
    text = (
        f"http {{ server {{ listen 443 ssl; resolver 127.0.0.1:{port}{more};"
        " location / { set $app app.internal; proxy_pass http://$app:3000; } } }"
    )
    return NginxConfig(path="/n.conf", main=parse(text, "/n.conf"))


def asked(machine: Any, observation: Observation, more: str = "") -> Looking:
    ctx = Looking(machine)
    ctx.net = LocalNet()

    async def work() -> None:
        async with name_server(tcp=machine.via != "local") as port:
            ctx.observations += [config(port, more), observation]
            await resolver_answers.page_failed.work(ctx, observation)
            await resolver_answers.failed_before.work(ctx, ctx.observations[0])

    asyncio.run(work())
    return ctx


def test_nginx_s_resolver_is_asked_for_both_types_once() -> None:
    looking = asked(Here(), FAILED)
    answers = {item.rdtype: item for item in looking.observed(NameAnswer)}
    assert len(looking.observed(NameAnswer)) == 2
    assert answers["A"].addresses == ("10.0.0.5",)
    assert answers["AAAA"].addresses == ()
    assert not answers["A"].over_tcp
    (names,) = looking.observed(ServerNames)
    assert names.written == ("app.internal",)


def test_ipv6_off_asks_for_a_only() -> None:
    (item,) = asked(Here(), FAILED, " ipv6=off").observed(NameAnswer)
    assert item.rdtype == "A"


def test_over_ssh_it_is_asked_over_tcp() -> None:
    answers = asked(Far(), FAILED).observed(NameAnswer)
    assert {item.over_tcp for item in answers} == {True}
    assert ("10.0.0.5",) in {item.addresses for item in answers}


def test_nothing_is_asked_where_the_page_came() -> None:
    well = Exchange(url=FAILED.url, address=FAILED.address, port=443, status=200)
    assert not asked(Here(), well).observed(NameAnswer)
