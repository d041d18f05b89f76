"""What a person adds to the requests reaches the target and nobody else, and is shown nowhere."""

import asyncio
import json
import ssl
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
import trustme
from websockets.utils import accept_key

from diagnose.checking.conclusion import conclude
from diagnose.engine import run
from diagnose.model import Report, Target
from diagnose.model.http import Exchange, Upgrade
from diagnose.net.local import LocalNet
from diagnose.parsers.request_fields import RequestFields
from diagnose.probes import Options
from diagnose.recording.codec import Recording, encode
from diagnose.recording.redaction import masked_recording

SECRET = "swordfish-swordfish"
FIELDS = RequestFields(
    headers=(("Authorization", f"Bearer {SECRET}1"), ("X-Tenant", f"{SECRET}2")),
    cookie=f"sid={SECRET}3",
    origin="https://app.example.com",
    subprotocols=("chat", f"token.{SECRET}.{SECRET}4"),
)

Handle = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class Site:
    """A site that notes what it is asked, and repeats it, as an echo service does."""

    def __init__(self, location: str = "", needs: bytes = b"") -> None:
        self.location, self.needs = location, needs
        self.requests: list[bytes] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            request = await reader.readuntil(b"\r\n\r\n")
            self.requests.append(request)
            writer.write(self.answer(request))
            await writer.drain()
            if b" 101 " in self.answer(request):
                while head := await reader.read(4096):
                    if head[0] == 0x89:
                        pong = bytes(a ^ b for a, b in zip(head[6:14], head[2:6] * 2, strict=True))
                        writer.write(b"\x8a\x08" + pong)
        except (OSError, EOFError):
            pass
        finally:
            writer.close()

    def answer(self, request: bytes) -> bytes:
        lines = request.decode("latin-1").split("\r\n")
        fields = dict(line.split(": ", 1) for line in lines[1:] if ": " in line)
        key = fields.get("Sec-WebSocket-Key")
        if self.needs and self.needs not in request:
            return b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n"
        if key:
            return (
                "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                f"Sec-WebSocket-Accept: {accept_key(key)}\r\nSec-WebSocket-Protocol: chat\r\n\r\n"
            ).encode()
        if self.location and "/away" not in lines[0]:
            found = f"HTTP/1.1 302 Found\r\nLocation: {self.location}\r\n"
            return f"{found}Content-Length: 0\r\n\r\n".encode()
        body = request
        head = f"HTTP/1.1 200 OK\r\nX-Echo: {fields.get('Authorization', '')}\r\n"
        return (
            f"{head}Content-Type: text/html\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body
        )

    @property
    def heard(self) -> bytes:
        return b"".join(self.requests)


async def look(
    site: Site, other: Site, context: ssl.SSLContext | None = None, cafile: str | None = None
) -> Report:
    elsewhere = await asyncio.start_server(other.serve, "127.0.0.1", 0)
    here = await asyncio.start_server(site.serve, "127.0.0.1", 0, ssl=context)
    async with elsewhere, here:
        port = here.sockets[0].getsockname()[1]
        if site.location:
            site.location = f"http://127.0.0.1:{elsewhere.sockets[0].getsockname()[1]}/away"
        scheme = "wss" if context else "ws"
        target = Target("localhost", scheme, "localhost", port, "/ws", ("/ws",))
        options = Options(
            inside=False, address="127.0.0.1", request=FIELDS, cafile=cafile, timeout=8.0
        )
        return await run(target, options, LocalNet())


def test_it_opens_what_is_shut_without_it() -> None:
    site = Site(needs=f"{SECRET}3".encode())
    report = asyncio.run(look(site, Site()))
    (seen,) = report.evidence.of(Upgrade)
    assert (seen.stayed_open, seen.authenticated, seen.subprotocol) == (True, True, "chat")
    for secret in (f"Bearer {SECRET}1", f"X-Tenant: {SECRET}2", f"sid={SECRET}3", f"{SECRET}4"):
        assert secret.encode() in site.heard
    assert b"Origin: https://app.example.com" in site.heard


def test_another_origin_gets_nothing() -> None:
    site, other = Site(location="away"), Site()
    report = asyncio.run(look(site, other))
    assert len(report.evidence.of(Exchange)) == 2
    assert other.requests
    assert SECRET.encode() not in other.heard
    assert b"Origin:" not in other.heard


def test_nothing_that_is_shown_holds_a_secret() -> None:
    report = asyncio.run(look(Site(), Site()))
    whole = encode(Recording(report.evidence, "laptop", True))
    assert "Authorization: ***" in whole
    assert SECRET not in whole
    assert SECRET not in masked_recording(report.evidence, True)
    assert SECRET not in json.dumps(_facts(conclude(report.evidence)))


def _facts(report: Report) -> Any:
    return [
        {key: str(value) for key, value in finding.claim.facts.items()}
        for finding in report.findings
    ]


@pytest.mark.parametrize("trusted", [True, False])
def test_over_tls_it_needs_the_sites_own_certificate(trusted: bool, tmp_path: Any) -> None:
    root = trustme.CA()
    root.cert_pem.write_to_path(tmp_path / "root.pem")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    root.issue_cert("localhost").configure_cert(context)
    site = Site()
    cafile = str(tmp_path / "root.pem") if trusted else None
    report = asyncio.run(look(site, Site(), context, cafile))
    assert (SECRET.encode() in site.heard) is trusted
    assert [upgrade.authenticated for upgrade in report.evidence.of(Upgrade)] == [trusted]


def test_over_tls_it_needs_the_sites_own_name(tmp_path: Any) -> None:
    root = trustme.CA()
    root.cert_pem.write_to_path(tmp_path / "root.pem")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    root.issue_cert("other.example.com").configure_cert(context)
    site = Site()
    asyncio.run(look(site, Site(), context, str(tmp_path / "root.pem")))
    assert site.requests
    assert SECRET.encode() not in site.heard
