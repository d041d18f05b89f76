"""Runs a diagnosis of a broken demonstration site on loopback. Only the network is simulated.

It starts two servers on free ports with asyncio, OpenSSL and newly made certificates: a proxy with
TLS that does not forward the WebSocket upgrade, and port 80, which redirects to it. Only the `Net`
object is not real: it maps the demonstration's name and address to those ports. So the
demonstration needs no root rights and no name server, and touches nothing else.
"""

import asyncio
import contextlib
import ssl
import tempfile
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from diagnose import engine
from diagnose.i18n.reports import translate
from diagnose.model import Report, Target
from diagnose.model.events import Sink
from diagnose.model.view import View
from diagnose.net import DEFAULT_TIMEOUT, ConnectResult, ResolveResult
from diagnose.net.local import LocalNet
from diagnose.outputs.terminal import wrap
from diagnose.probes import Options

#: An address and a name reserved for documentation (RFC 5737, RFC 2606).
ADDRESS, HOST, PATH = "203.0.113.80", "chat.example.com", "/ws"
TARGET = Target(f"https://{HOST}/", "https", HOST, 443, "/", (PATH,), f"https://{HOST}:443/")


def introduction(view: View) -> str:
    """Return the text that explains what the demonstration shows."""
    text = translate("demo", view.lang, host=HOST, path=PATH)
    return "\n".join(wrap(text, min(view.width, 100))) + "\n"


async def run(sink: Sink) -> Report:
    """Start the site, diagnose it with the real engine, and stop it."""
    async with _site() as (net, cafile):
        options = Options(inside=False, cafile=cafile)
        return await engine.run(TARGET, options, net, sink)


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
async def _site() -> AsyncIterator[tuple[_Net, str]]:
    """Start the two servers. Yield their network and the path of the trusted root certificates."""
    with tempfile.TemporaryDirectory(prefix="diagnose-demo-") as folder:
        chain, key, roots = _certificates(Path(folder))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(chain, key)
        secure = await asyncio.start_server(_proxy, "127.0.0.1", 0, ssl=context)
        plain = await asyncio.start_server(_redirect, "127.0.0.1", 0)
        ports = {443: secure.sockets[0].getsockname()[1], 80: plain.sockets[0].getsockname()[1]}
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


def _application(path: str, fields: dict[str, str]) -> tuple[str, str, str]:
    """Respond as an application with a WebSocket at PATH and a page elsewhere."""
    if path == PATH and fields.get("upgrade", "").lower() != "websocket":
        return "426 Upgrade Required", "upgrade: websocket\r\n", "Here a WebSocket is spoken.\n"
    return "200 OK", "content-type: text/html; charset=utf-8\r\n", "<h1>Chat</h1>\n"


async def _redirect(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError, EOFError, asyncio.LimitOverrunError):
        first, _ = await _request(reader)
        path = first.split(" ")[1] if first.count(" ") == 2 else "/"
        await _respond(writer, "301 Moved Permanently", f"location: https://{HOST}{path}\r\n", "")


async def _respond(writer: asyncio.StreamWriter, status: str, fields: str, body: str) -> None:
    date = datetime.now(UTC).strftime("%a, %d %b %Y %H:%M:%S GMT")
    common = f"date: {date}\r\ncontent-length: {len(body.encode())}\r\nconnection: close\r\n"
    writer.write(f"HTTP/1.1 {status}\r\n{fields}{common}\r\n{body}".encode())
    await writer.drain()
    writer.close()


def _certificates(folder: Path) -> tuple[Path, Path, Path]:
    """Make a root and a leaf certificate. Return the paths of the chain, its key and the roots."""
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509 import DNSName, ExtendedKeyUsage, SubjectAlternativeName
    from cryptography.x509.oid import ExtendedKeyUsageOID

    ca, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    root = _issue("Demonstration Root", ca, "Demonstration Root", ca, days=3650)
    names = SubjectAlternativeName([DNSName(HOST)])
    usage = ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH])
    leaf = _issue(HOST, key, "Demonstration Root", ca, 90, names, usage)
    secret = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    files = folder / "chain.pem", folder / "key.pem", folder / "roots.pem"
    for path, content in zip(files, (leaf, secret, root), strict=True):
        path.touch(0o600)
        path.write_bytes(content)
    return files


def _issue(name: str, key: Any, issuer: str, issuer_key: Any, days: int, *extensions: Any) -> bytes:
    """Issue a certificate in PEM (RFC 5280 section 4): a CA certificate if `issuer` equals
    `name`."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.x509.oid import NameOID

    def common_name(text: str) -> x509.Name:
        return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])

    now, is_authority = datetime.now(UTC), name == issuer
    signer = x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key())
    builder = (
        x509.CertificateBuilder()
        .subject_name(common_name(name))
        .issuer_name(common_name(issuer))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=days))
        .add_extension(x509.BasicConstraints(is_authority, None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False)
        .add_extension(signer, critical=False)
    )
    for extension in extensions:
        builder = builder.add_extension(extension, critical=False)
    return builder.sign(issuer_key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
