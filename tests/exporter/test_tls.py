"""TLS of the probes: what of a chain is measured, client certificates, versions, name servers."""

import asyncio
import contextlib
import ssl
import struct
import subprocess
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import dns.message
import pytest
import trustme
from cryptography import x509
from cryptography.x509.oid import NameOID

from diagnose.exporter.tls_metrics import ZERO_TIME, last_chain_expiry, name_text
from tests.support.exporter import TIMEOUT, Answer, config, exporter, run, write_config
from tests.support.scripted_site import answer, site


def certificates(pem: bytes) -> list[x509.Certificate]:
    return x509.load_pem_x509_certificates(pem)


def expiry(moment: datetime) -> float:
    return moment.replace(microsecond=0).timestamp()


def test_the_chain_expires_with_its_first_certificate() -> None:
    soon = datetime.now(UTC) + timedelta(days=5)
    root = trustme.CA()
    middle = root.create_child_ca()
    leaf = middle.issue_cert("a.example", not_after=soon)
    served = [part for blob in leaf.cert_chain_pems for part in certificates(blob.bytes())]
    roots = certificates(root.cert_pem.bytes())
    assert len(served) > 1
    assert last_chain_expiry(served, roots) == expiry(soon)
    assert last_chain_expiry(served[:1], roots) == ZERO_TIME
    assert last_chain_expiry(served, certificates(trustme.CA().cert_pem.bytes())) == ZERO_TIME
    assert last_chain_expiry([], roots) == ZERO_TIME


def test_a_chain_that_leads_in_a_circle_ends() -> None:
    root = trustme.CA()
    chain = certificates(root.cert_pem.bytes()) * 30
    assert last_chain_expiry(chain, []) == ZERO_TIME


def test_a_name_is_in_the_order_of_go() -> None:
    parts = [
        (NameOID.COUNTRY_NAME, "DE"),
        (NameOID.COMMON_NAME, "a,b"),
        (NameOID.ORGANIZATION_NAME, " O"),
    ]
    name = x509.Name([x509.NameAttribute(oid, value) for oid, value in parts])
    assert name_text(name) == "CN=a\\,b,O=\\ O,C=DE"


#: Stands for the PEM text of the client's certificate.
CLIENT = "the client's certificate"


def server_context(authority: trustme.CA, wants_client: bool = False) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    if wants_client:
        authority.configure_trust(context)
        context.verify_mode = ssl.CERT_REQUIRED
    return context


def secure_probe(folder: Path, wants_client: bool, **tls_config: object) -> Answer:
    """Probe a server with TLS. "client.pem" in the folder, and CLIENT in the options, is a
    client's certificate with its key that the server accepts."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(folder / "ca.pem"))
    client = authority.issue_cert("client.example").private_key_and_cert_chain_pem
    client.write_to_path(str(folder / "client.pem"))
    text = client.bytes().decode()
    options = {"ca_file": str(folder / "ca.pem")} | {
        name: text if value == CLIENT else value for name, value in tls_config.items()
    }
    http = {"preferred_ip_protocol": "ip4", "tls_config": options}
    module = {"prober": "http", "timeout": TIMEOUT, "http": http}

    async def work() -> Answer:
        context = server_context(authority, wants_client)
        file = write_config(folder, config({"http_2xx": module}))
        async with site({"/": answer()}, context) as serving, exporter(file) as serve:
            return await serve.probe(f"https://127.0.0.1:{serving.port}/")

    seen: Answer = run(work())
    return seen


def test_a_client_certificate_is_shown(tmp_path: Path) -> None:
    pem = str(tmp_path / "client.pem")
    assert secure_probe(tmp_path, True, cert_file=pem, key_file=pem).value("probe_success") == 1
    assert secure_probe(tmp_path, True).value("probe_success") == 0


def test_a_client_certificate_may_stand_in_the_file(tmp_path: Path) -> None:
    assert secure_probe(tmp_path, True, cert=CLIENT).value("probe_success") == 1
    assert secure_probe(tmp_path, True, cert=CLIENT, key=CLIENT).value("probe_success") == 1


@pytest.mark.parametrize(("version", "label"), [("TLS12", "TLS 1.2"), ("TLS13", "TLS 1.3")])
def test_the_version_is_chosen(tmp_path: Path, version: str, label: str) -> None:
    seen = secure_probe(tmp_path, False, min_version=version, max_version=version)
    assert seen.value("probe_tls_version_info", version=label) == 1
    assert seen.value("probe_http_ssl") == 1


def test_a_file_that_is_not_there_fails_the_probe(tmp_path: Path) -> None:
    seen = secure_probe(tmp_path, False, cert_file="/nowhere")
    assert seen.value("probe_success") == 0
    assert seen.value("probe_http_status_code") == 0


@contextlib.asynccontextmanager
async def secure_name_server(context: ssl.SSLContext) -> AsyncIterator[int]:
    """A name server over TLS (RFC 7858) that answers every question with nothing; its port."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, EOFError):
            size = struct.unpack("!H", await reader.readexactly(2))[0]
            query = dns.message.from_wire(await reader.readexactly(size))
            data = dns.message.make_response(query).to_wire()
            writer.write(struct.pack("!H", len(data)) + data)
            await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
    async with server:
        yield server.sockets[0].getsockname()[1]


@pytest.mark.parametrize("protocol", ["tcp", "udp"])
def test_a_name_server_over_tls(tmp_path: Path, protocol: str) -> None:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    options = {
        "query_name": "example.com",
        "dns_over_tls": True,
        "transport_protocol": protocol,
        "preferred_ip_protocol": "ip4",
        "tls_config": {"ca_file": str(tmp_path / "ca.pem")},
    }

    async def work() -> Any:
        file = write_config(tmp_path, config({"m": {"prober": "dns", "dns": options}}))
        async with secure_name_server(server_context(authority)) as port, exporter(file) as serve:
            return await serve.probe(f"127.0.0.1:{port}", "m")

    seen = run(work())
    assert seen.value("probe_success") == (protocol == "tcp")
    assert seen.value("probe_dns_query_succeeded") == (protocol == "tcp")


def test_the_leaf_is_known_by_its_fingerprint(tmp_path: Path) -> None:
    seen = secure_probe(tmp_path, False)
    fingerprint = seen.label("probe_ssl_last_chain_info", "fingerprint_sha256")
    assert fingerprint is not None
    assert len(fingerprint) == 64
    assert seen.label("probe_ssl_last_chain_info", "serialnumber")


@pytest.mark.parametrize("version", ["", "TLS12"])
def test_roots_of_a_directory_count_when_they_are_needed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: str
) -> None:
    """OpenSSL finds them by the hash of their subject (openssl-rehash(1))."""
    authority = trustme.CA()
    pem = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(pem))
    command = ["openssl", "x509", "-hash", "-noout", "-in", str(pem)]
    name = subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    pem.rename(tmp_path / f"{name}.0")
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path))
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    # A name of its own: contexts are kept by the options of a module.
    tls_config = {"min_version": version, "server_name": "127.0.0.1"}
    http = {"preferred_ip_protocol": "ip4", "tls_config": tls_config}
    module = {"prober": "http", "timeout": TIMEOUT, "http": http}

    async def work() -> Answer:
        file = write_config(tmp_path, config({"http_2xx": module}))
        async with site({"/": answer()}, server_context(authority)) as serving, exporter(file) as e:
            return await e.probe(f"https://127.0.0.1:{serving.port}/")

    seen = run(work())
    assert seen.value("probe_success") == 1
    assert (seen.value("probe_ssl_last_chain_expiry_timestamp_seconds") or 0) > 0
