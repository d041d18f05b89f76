"""Certificates whose key or key usage browsers refuse, on real servers, judged by the product and
by Chromium with a private authority in its store."""

import asyncio
import contextlib
import datetime as dt
import shutil
import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa
from cryptography.x509.oid import NameOID

from diagnose.checking.registry import layer_checks
from diagnose.checking.root_cause import claims, findings
from diagnose.model import Confidence, Evidence, Finding, Target
from diagnose.model.tcp import Connection
from diagnose.net.local import LocalNet
from diagnose.probes import Options
from diagnose.probes.outside import tls as probes
from tests.probes.outside.test_tls import Looking
from tests.support.chromium import CHROMIUM, browser

CERTUTIL = shutil.which("certutil")
NAME = "localhost"
RSA = rsa.generate_private_key(65537, 2048)
TLS12, TLS13 = ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3
SIGNS, ENCRYPTS, AGREES = "digital_signature", "key_encipherment", "key_agreement"
KEY, USAGE = "certificate.key-unsupported", "certificate.key-usage"


def curve(name: ec.EllipticCurve) -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(name)


@dataclass(frozen=True)
class Row:
    """A server's key, its key usage, and the cause that is to be named; "" where browsers accept
    it. `second` is a key of another certificate beside it."""

    name: str
    key: Any
    cause: str = ""
    usages: tuple[str, ...] = ()
    version: ssl.TLSVersion | None = None
    ciphers: str = "ALL"
    second: Any = None


BOTH = (TLS12, TLS13)
ROWS = (
    *(Row(f"P-256 {v.name}", curve(ec.SECP256R1()), version=v) for v in BOTH),
    *(Row(f"P-384 {v.name}", curve(ec.SECP384R1()), version=v) for v in BOTH),
    *(Row(f"P-521 {v.name}", curve(ec.SECP521R1()), KEY, version=v) for v in BOTH),
    *(Row(f"Ed25519 {v.name}", ed25519.Ed25519PrivateKey.generate(), KEY, version=v) for v in BOTH),
    *(Row(f"Ed448 {v.name}", ed448.Ed448PrivateKey.generate(), KEY, version=v) for v in BOTH),
    Row("P-521", curve(ec.SECP521R1()), KEY),
    Row("Brainpool", curve(ec.BrainpoolP256R1()), KEY, version=TLS13),
    Row("P-521 and RSA beside it", curve(ec.SECP521R1()), second=RSA),
    *(Row(f"RSA {v.name}", RSA, version=v) for v in BOTH),
    *(Row(f"signs {v.name}", RSA, usages=(SIGNS,), version=v) for v in BOTH),
    *(Row(f"encrypts {v.name}", RSA, USAGE, (ENCRYPTS,), v) for v in BOTH),
    Row("both", RSA, usages=(SIGNS, ENCRYPTS)),
    Row("agrees", curve(ec.SECP256R1()), USAGE, (AGREES,), TLS13),
    Row("RSA exchange, encrypts", RSA, "", (ENCRYPTS,), TLS12, "AES128-GCM-SHA256"),
    Row("RSA exchange, signs", RSA, USAGE, (SIGNS,), TLS12, "AES128-GCM-SHA256"),
)


def usage(*names: str) -> x509.KeyUsage:
    words = (
        *(SIGNS, "content_commitment", ENCRYPTS, "data_encipherment", AGREES, "key_cert_sign"),
        *("crl_sign", "encipher_only", "decipher_only"),
    )
    return x509.KeyUsage(**{word: word in names for word in words})


def certificate(key: Any, usages: tuple[str, ...], is_root: bool = False) -> x509.Certificate:
    now = dt.datetime.now(dt.UTC)

    def named(text: str) -> x509.Name:
        return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])

    builder = (
        x509.CertificateBuilder()
        .subject_name(named("Test Root" if is_root else NAME))
        .issuer_name(named("Test Root"))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=10))
        .not_valid_after(now + dt.timedelta(days=80))
        .add_extension(x509.BasicConstraints(is_root, None), True)
    )
    if not is_root:
        names = x509.SubjectAlternativeName([x509.DNSName(NAME)])
        builder = builder.add_extension(names, False)
    if usages:
        builder = builder.add_extension(usage(*usages), True)
    return builder.sign(RSA, hashes.SHA256())


ROOT = certificate(RSA, ("key_cert_sign", "crl_sign"), is_root=True)


def pem(issued: x509.Certificate) -> bytes:
    return issued.public_bytes(serialization.Encoding.PEM)


def context(row: Row, folder: Path) -> ssl.SSLContext:
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.set_ciphers(f"{row.ciphers}:@SECLEVEL=0")
    # The library of some distributions offers older ones where nothing is asked for.
    made.minimum_version = ssl.TLSVersion.TLSv1_2
    if row.version:
        made.minimum_version = made.maximum_version = row.version
    for key in filter(None, (row.key, row.second)):
        (folder / "chain.pem").write_bytes(pem(certificate(key, row.usages)))
        (folder / "key.pem").write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        )
        made.load_cert_chain(folder / "chain.pem", folder / "key.pem")
    return made


def answer(sock: socket.socket, tls: ssl.SSLContext) -> None:
    sock.settimeout(20)
    with sock, contextlib.suppress(OSError), tls.wrap_socket(sock, server_side=True) as stream:
        if stream.recv(65536):
            stream.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")


def serve(listener: socket.socket, tls: ssl.SSLContext) -> None:
    with contextlib.suppress(OSError):
        while True:
            sock, _ = listener.accept()
            threading.Thread(target=answer, args=(sock, tls), daemon=True).start()


@contextmanager
def server(row: Row, folder: Path) -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        accepting = threading.Thread(target=serve, args=(listener, context(row, folder)))
        accepting.start()
        try:
            yield listener.getsockname()[1]
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            accepting.join()


async def visit(port: int) -> Looking:
    run = Looking(Target(NAME, "https", NAME, port), Options(), LocalNet())
    connected = await run.net.connect("127.0.0.1", port)
    seen = Connection(address="127.0.0.1", port=port, family=4)
    run.emit(seen, live_stream=connected.stream)
    await probes.handshake.work(run, seen)
    await asyncio.gather(*run.beside)
    for live in run.live.values():
        live.close()
    return run


def causes(port: int) -> list[Finding]:
    run = asyncio.run(visit(port))
    evidence = Evidence(run.target, dt.datetime.now(dt.UTC), tuple(run.observations))
    crashes: list[Any] = []
    raised = claims([*layer_checks("certificate"), *layer_checks("tls")], evidence, crashes.append)
    assert not crashes
    return [finding for finding in findings(raised) if finding.is_cause]


@pytest.fixture
def trusted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home in which the root is trusted, by the product and by Chromium."""
    (tmp_path / "root.pem").write_bytes(pem(ROOT))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "root.pem"))
    monkeypatch.delenv("SSL_CERT_DIR", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_the_cause_is_named_for_certain(row: Row, trusted: Path) -> None:
    with server(row, trusted) as port:
        named = causes(port)
    assert [finding.check.id for finding in named] == ([row.cause] if row.cause else [])
    assert all(finding.claim.confidence is Confidence.CERTAIN for finding in named)


@pytest.mark.skipif(not (CHROMIUM and CERTUTIL), reason="no Chromium, or no certutil")
def test_chromium_agrees_with_every_row(trusted: Path) -> None:
    assert CERTUTIL
    for store in (trusted / ".pki" / "nssdb", trusted / ".local" / "share" / "pki" / "nssdb"):
        store.mkdir(parents=True)
        database = ("-d", f"sql:{store}")
        subprocess.run([CERTUTIL, *database, "-N", "--empty-password"], check=True)
        root = ("-n", "root", "-i", str(trusted / "root.pem"))
        subprocess.run([CERTUTIL, *database, "-A", "-t", "C,,", *root], check=True)
    with ExitStack() as stack:
        ports = [stack.enter_context(server(row, trusted)) for row in ROWS]
        with browser(trusted) as tab:
            urls = (f"https://{NAME}:{port}/" for port in ports)
            said = [tab.call("Page.navigate", url=url).get("errorText", "") for url in urls]
    errors = {
        "": "",
        KEY: "net::ERR_SSL_VERSION_OR_CIPHER_MISMATCH",
        USAGE: "net::ERR_SSL_KEY_USAGE_INCOMPATIBLE",
    }
    assert [(row.name, error) for row, error in zip(ROWS, said, strict=True)] == [
        (row.name, errors[row.cause]) for row in ROWS
    ]
