"""Odd certificates on a real server, judged by the product, by curl and by `openssl verify`.

Where curl refuses, the product names a fault; where curl and browsers accept, it names none. What
curl accepts and browsers refuse is in `BROWSERS`, with the reason. A sample here, and all of them
with DIAGNOSE_ALL=1."""

import asyncio
import contextlib
import datetime as dt
import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization

from diagnose.checking.registry import layer_checks
from diagnose.checking.root_cause import claims, findings
from diagnose.model import Evidence, Failure, Finding, Severity, Target
from diagnose.model.tcp import Connection
from diagnose.model.tls import Handshake
from diagnose.net.local import LocalNet
from diagnose.parsers.x509 import parse_certificate
from diagnose.probes import Options
from diagnose.probes.outside import tls as probes
from tests.probes.outside.test_tls import Looking
from tests.support.effort import ALL
from tests.support.odd_certificates import cases
from tests.support.x509_writer import Case

EVERY = tuple(cases())
#: Every thirtieth, and of those whose cause is known every fifth.
SAMPLE = (*EVERY[::30], *[case for case in EVERY if case.causes][::5])
CHOSEN = EVERY if ALL else SAMPLE

#: What curl and OpenSSL accept, and the product calls a fault because browsers refuse it.
BROWSERS = {
    "certificate.no-san": "the common name is no site's name (RFC 9525); OpenSSL and curl use it",
    "certificate.key-usage": "curl does not look at it (test_browser_keys.py: Chromium does)",
    "certificate.key-unsupported": "OpenSSL has more curves (test_browser_keys.py: Chromium)",
}

#: What OpenSSL's own comparison of names refuses, and curl and Chromium accept.
_DOT = "they leave out the root's dot behind a name (RFC 1034 section 3.1)"
OPENSSL_ALONE = {
    "san of a name with a dot behind": _DOT,
    "san of a name with a dot behind, no name in the subject": _DOT,
}


@dataclass
class Server:
    """One TLS server on loopback that serves what it is told to, and answers each request."""

    port: int
    context: ssl.SSLContext | None = None

    def load(self, case: Case, folder: Path) -> bool:
        """Serve this chain. False where OpenSSL cannot read it, so that nobody could serve it."""
        made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        made.set_ciphers("ALL:@SECLEVEL=0")
        (folder / "chain.pem").write_text("".join(map(ssl.DER_cert_to_PEM_cert, case.chain)))
        (folder / "key.pem").write_bytes(
            case.key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        )
        try:
            made.load_cert_chain(folder / "chain.pem", folder / "key.pem")
        except ssl.SSLError:
            return False
        self.context = made
        return True


def _answer(sock: socket.socket, context: ssl.SSLContext) -> None:
    sock.settimeout(10)
    with sock, contextlib.suppress(OSError), context.wrap_socket(sock, server_side=True) as tls:
        if tls.recv(65536):
            tls.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")


def _accept(listener: socket.socket, server: Server) -> None:
    with contextlib.suppress(OSError):
        while True:
            sock, _ = listener.accept()
            assert server.context
            threading.Thread(target=_answer, args=(sock, server.context), daemon=True).start()


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        made = Server(listener.getsockname()[1])
        accepting = threading.Thread(target=_accept, args=(listener, made))
        accepting.start()
        yield made
        listener.shutdown(socket.SHUT_RDWR)
        accepting.join()


async def _visit(case: Case, port: int) -> Looking:
    target = Target(case.host, "https", case.host, port)
    run = Looking(target, Options(), LocalNet())
    connected = await run.net.connect("127.0.0.1", port)
    seen = Connection(address="127.0.0.1", port=port, family=4)
    run.emit(seen, live_stream=connected.stream)
    await probes.handshake.work(run, seen)
    await asyncio.gather(*run.beside)
    for live in run.live.values():
        live.close()
    return run


@dataclass
class Judgement:
    findings: tuple[Finding, ...]
    failure: Failure | None

    @property
    def errors(self) -> set[str]:
        found = (finding for finding in self.findings if finding.severity is Severity.ERROR)
        return {one.check.id for one in found}

    @property
    def causes(self) -> tuple[str, ...]:
        found = (finding for finding in self.findings if finding.severity is Severity.ERROR)
        return tuple(sorted(one.check.id for one in found if one.is_cause))


def judged(case: Case, port: int) -> Judgement:
    run = asyncio.run(_visit(case, port))
    evidence = Evidence(run.target, dt.datetime.now(dt.UTC), tuple(run.observations))
    crashes: list[Any] = []
    raised = claims([*layer_checks("certificate"), *layer_checks("tls")], evidence, crashes.append)
    assert not crashes
    (visit,) = [handshake for handshake in run.observed(Handshake) if handshake.variant == "normal"]
    return Judgement(findings(raised), visit.failure)


def by_curl(case: Case, port: int, roots: Path) -> tuple[int, str]:
    command = ("curl", "-q", "-sS", "--noproxy", "*", "--cacert", roots, "--max-time", "20")
    resolved = ("--resolve", f"{case.host}:{port}:127.0.0.1", "--http1.1")
    url = f"https://{case.host}:{port}/"
    ran = subprocess.run([*command, *resolved, url], capture_output=True, text=True, check=False)
    return ran.returncode, ran.stderr.strip()


def by_openssl(case: Case, folder: Path, roots: Path) -> tuple[int, str]:
    (folder / "leaf.pem").write_text(ssl.DER_cert_to_PEM_cert(case.chain[0]))
    wanted = "-verify_ip" if case.host[0].isdigit() else "-verify_hostname"
    ran = subprocess.run(
        [
            *("openssl", "verify", "-purpose", "sslserver", "-auth_level", "2", "-partial_chain"),
            *("-no-CApath", "-no-CAstore", "-CAfile", roots, "-untrusted", folder / "chain.pem"),
            *(wanted, case.host, folder / "leaf.pem"),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    return ran.returncode, ran.stderr.strip()


@pytest.mark.parametrize("case", CHOSEN, ids=lambda case: case.name)
def test_as_curl_judges(
    case: Case, server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    roots = tmp_path / "roots.pem"
    roots.write_text("".join(map(ssl.DER_cert_to_PEM_cert, case.roots)))
    monkeypatch.setenv("SSL_CERT_FILE", str(roots))
    monkeypatch.delenv("SSL_CERT_DIR", raising=False)
    if not server.load(case, tmp_path):
        # OpenSSL cannot read it, so that no server can send it: but it lies in a file.
        assert parse_certificate(case.chain[0]).sha256
        return
    ours = judged(case, server.port)
    status, words = by_curl(case, server.port, roots)
    verified, openssl_words = by_openssl(case, tmp_path, roots)
    shown = f"{ours.errors} {ours.failure}; curl {status}: {words}; openssl: {openssl_words}"
    if status or (verified and case.name not in OPENSSL_ALONE):
        assert ours.errors, shown
    else:
        assert ours.errors <= set(BROWSERS), shown
    if case.causes is not None:
        assert ours.causes == case.causes, shown
