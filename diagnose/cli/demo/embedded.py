"""The demonstration where there is no nginx: a little server, which is looked at from outside only.

It starts two servers on free ports with asyncio, OpenSSL and newly made certificates: a proxy with
TLS, and port 80, which redirects to it. Only the `Net` object is not real: it maps the
demonstration's name and address to those ports. So the demonstration needs no root rights and no
name server, and touches nothing else.
"""

import asyncio
import contextlib
import ssl
import tempfile
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

from diagnose import engine
from diagnose.cli.demo.certificates import Authority
from diagnose.cli.demo.faults import DEFAULT_FAULT, Fault
from diagnose.model import Report, Target
from diagnose.model.events import Sink
from diagnose.net import DEFAULT_TIMEOUT, ConnectResult, ResolveResult
from diagnose.net.local import LocalNet
from diagnose.probes import Options

#: An address and a name reserved for documentation (RFC 5737, RFC 2606).
ADDRESS, HOST, PATH = "203.0.113.80", "chat.example.com", "/ws"
TARGET = Target(f"https://{HOST}/", "https", HOST, 443, "/", (PATH,), f"https://{HOST}:443/")


def target_of(fault: Fault) -> Target:
    """Return the target of a fault. Its path is the fault's name, so that lists say it."""
    url = f"https://{HOST}/{fault.name}"
    return Target(url, "https", HOST, 443, f"/{fault.name}", fault.websockets, url)


async def run(sink: Sink, fault: Fault = DEFAULT_FAULT) -> Report:
    """Start the site, diagnose it with the real engine, and stop it."""
    async with _site(fault) as (net, cafile):
        options = Options(inside=False, cafile=cafile)
        return await engine.run(target_of(fault), options, net, sink)


class _Net(LocalNet):
    """A network in which the demonstration's site exists."""

    def __init__(self, ports: dict[int, int]) -> None:
        super().__init__()
        self._ports = ports

    async def resolve(self, name: str, family: int, timeout: float = 10.0) -> ResolveResult:
        return ResolveResult(0.001, (ADDRESS,) if family == 4 else ())

    async def connect(
        self,
        address: str,
        port: int,
        timeout: float = DEFAULT_TIMEOUT,
        ttl: int | None = None,
        mss: int | None = None,
    ) -> ConnectResult:
        target_port = self._ports.get(port, 1) if address == ADDRESS else 1
        return await super().connect("127.0.0.1", target_port, timeout)

    async def ask(
        self, server: str, query: bytes, timeout: float = 3.0, tcp: bool = False
    ) -> bytes:
        raise TimeoutError("the demonstration has no name server")

    def is_mine(self, address: str) -> bool:
        return False


@contextlib.asynccontextmanager
async def _site(fault: Fault) -> AsyncIterator[tuple[_Net, str]]:
    """Start the two servers. Yield their network and the path of the trusted root certificates."""
    with tempfile.TemporaryDirectory(prefix="diagnose-demo-") as name:
        folder, authority = Path(name), Authority()
        chain, key, roots = folder / "chain.pem", folder / "key.pem", folder / "roots.pem"
        authority.write_leaf(HOST, fault.certificate_days, chain, key)
        roots.write_bytes(authority.root())
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(chain, key)
        handler = _redirect if fault.name == "redirect-loop" else _proxy
        secure = await asyncio.start_server(handler, "127.0.0.1", 0, ssl=context)
        plain = await asyncio.start_server(_redirect, "127.0.0.1", 0)
        ports = {443: secure.sockets[0].getsockname()[1], 80: plain.sockets[0].getsockname()[1]}
        if fault.name == "unreachable":
            del ports[443]
        async with secure, plain:
            yield _Net(ports), str(roots)


async def _request(reader: asyncio.StreamReader) -> tuple[str, dict[str, str]]:
    """Read a request. Return its first line, and its header fields with lower-case names."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    first, *lines = head.split("\r\n")
    fields = (line.partition(":") for line in lines if ":" in line)
    return first, {name.strip().lower(): value.strip() for name, _, value in fields}


async def _proxy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Act as a reverse proxy without `proxy_set_header Upgrade`: hop-by-hop fields are not
    forwarded (RFC 9110 section 7.6.1), so the application never sees the WebSocket upgrade."""
    with contextlib.suppress(OSError, EOFError, asyncio.LimitOverrunError):
        first, fields = await _request(reader)
        forwarded = {name: fields[name] for name in fields if name not in {"upgrade", "connection"}}
        path = first.split(" ")[1] if first.count(" ") == 2 else "/"
        await _respond(writer, *_application(path, forwarded))
    writer.close()


def _application(path: str, fields: dict[str, str]) -> tuple[str, str, str]:
    """Respond as an application with a WebSocket at PATH and a page elsewhere."""
    if path == PATH and fields.get("upgrade", "").lower() != "websocket":
        return "404 Not Found", "content-type: text/plain\r\n", "Not Found\n"
    return "200 OK", "content-type: text/html; charset=utf-8\r\n", "<h1>Chat</h1>\n"


async def _redirect(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError, EOFError, asyncio.LimitOverrunError):
        first, _ = await _request(reader)
        path = first.split(" ")[1] if first.count(" ") == 2 else "/"
        await _respond(writer, "301 Moved Permanently", f"location: https://{HOST}{path}\r\n", "")
    writer.close()


async def _respond(writer: asyncio.StreamWriter, status: str, fields: str, body: str) -> None:
    date = datetime.now(UTC).strftime("%a, %d %b %Y %H:%M:%S GMT")
    common = f"date: {date}\r\ncontent-length: {len(body.encode())}\r\nconnection: close\r\n"
    writer.write(f"HTTP/1.1 {status}\r\n{fields}{common}\r\n{body}".encode())
    await writer.drain()
