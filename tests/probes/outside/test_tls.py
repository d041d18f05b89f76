"""The probe against real servers on loopback."""

import asyncio
import contextlib
import ssl
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import trustme

from diagnose.model import Observation, Symptom, Target
from diagnose.model.tcp import Connection
from diagnose.model.tls import Handshake
from diagnose.net.local import LocalNet
from diagnose.probes import Options
from diagnose.probes.outside import tls as probes
from tests.lab import certificates
from tests.support.servers import tls_server

NAME = "shop.example.com"
ROOT = trustme.CA()
LEAF = ROOT.issue_cert(NAME)

#: The parameters ffdhe2048 of RFC 7919.
FFDHE2048 = """\
-----BEGIN DH PARAMETERS-----
MIIBCAKCAQEA//////////+t+FRYortKmq/cViAnPTzx2LnFg84tNpWp4TZBFGQz
+8yTnc4kmz75fS/jY2MMddj2gbICrsRhetPfHtXV/WVhJDP1H18GbtCFY2VVPe0a
87VXE15/V8k1mE8McODmi3fipona8+/och3xWKE2rec1MKzKT0g6eXq8CrGCsyT7
YdEIqUuyyOP7uWrat2DX9GgdT0Kj3jlN9K5W7edjcrsZCwenyO4KbXCeAvzhzffi
7MA0BM0oNC9hkXL+nOmFg/+OTxIy7vKBg8P+OxtMb61zO7X8vC7CIAXFjvGDfRaD
ssbzSibBsu/6iGtCOGEoXJf//////////wIBAg==
-----END DH PARAMETERS-----
"""

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@dataclass
class Looking:
    """A run with one probe in it."""

    target: Target
    options: Options
    net: LocalNet = field(default_factory=LocalNet)
    observations: list[Observation] = field(default_factory=list)
    live: dict[int, Any] = field(default_factory=dict)
    beside: list[asyncio.Task[None]] = field(default_factory=list)
    machine: Any = None

    def elapsed(self) -> float:
        return 0.0

    def emit(self, observation: Any, live_stream: Any = None) -> Any:
        self.observations.append(observation)
        if live_stream is not None:
            self.live[id(observation)] = live_stream
        return observation

    def take_stream(self, observation: Observation) -> Any:
        return self.live.pop(id(observation), None)

    def observed(self, kind: type[Any]) -> tuple[Any, ...]:
        return tuple(observation for observation in self.observations if type(observation) is kind)

    def start(self, work: Coroutine[Any, Any, None]) -> None:
        self.beside.append(asyncio.ensure_future(work))


async def look(port: int, scheme: str = "https", symptom: Symptom | None = None) -> Looking:
    """Connect, and have the probe look at what comes of it."""
    run = Looking(Target(NAME, scheme, NAME, port, symptom=symptom), Options())
    connected = await run.net.connect("127.0.0.1", port)
    seen = Connection(address="127.0.0.1", port=port, family=4)
    run.emit(seen, live_stream=connected.stream)
    await probes.handshake.work(run, seen)
    await asyncio.gather(*run.beside)
    return run


def looking(
    serve: Serve,
    context: ssl.SSLContext | None,
    scheme: str = "https",
    symptom: Symptom | None = None,
) -> Looking:
    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            with contextlib.suppress(OSError):
                await serve(reader, writer)
        finally:
            writer.close()

    async def go() -> Looking:
        asyncio.get_running_loop().set_exception_handler(lambda loop, context: None)
        server = await asyncio.start_server(handle, "127.0.0.1", 0, ssl=context)
        async with server:
            run = await look(server.sockets[0].getsockname()[1], scheme, symptom)
            for live in run.live.values():
                live.close()
            return run

    return asyncio.run(go())


def variants(run: Looking) -> set[str]:
    return {handshake.variant for handshake in run.observed(Handshake)}


def of(run: Looking, variant: str) -> Handshake:
    (found,) = [handshake for handshake in run.observed(Handshake) if handshake.variant == variant]
    assert isinstance(found, Handshake)
    return found


async def wait(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read(65536)


def server_context() -> ssl.SSLContext:
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    LEAF.configure_cert(made)
    return made


@pytest.fixture
def trusted(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    ROOT.cert_pem.write_to_path(str(tmp_path / "roots.pem"))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "roots.pem"))
    monkeypatch.delenv("SSL_CERT_DIR", raising=False)


@pytest.mark.usefixtures("trusted")
def test_a_healthy_site_is_visited_once_and_asked_once_for_old_versions() -> None:
    run = looking(wait, server_context())
    visit = of(run, "normal")
    assert variants(run) == {"normal", "old"}
    assert (visit.failure, visit.verify_code, visit.server_name) == (None, 0, NAME)
    assert visit.chain[0].dns_names == (NAME,)
    assert visit.equivalent.startswith("openssl s_client -connect 127.0.0.1:")
    assert of(run, "old").failure


@pytest.mark.usefixtures("trusted")
def test_the_open_stream_is_left_to_who_follows() -> None:
    run = looking(wait, server_context())
    assert run.take_stream(of(run, "normal")) is not None
    assert run.take_stream(of(run, "old")) is None


def test_behind_a_certificate_that_does_not_verify_the_site_is_still_seen() -> None:
    run = looking(wait, server_context())
    assert variants(run) == {"normal", "old", "unverified"}
    assert of(run, "normal").failure
    assert of(run, "normal").chain
    assert of(run, "unverified").verify_code is None
    assert run.take_stream(of(run, "unverified")) is not None


def test_a_rejected_name_is_compared_with_others() -> None:
    made = server_context()

    def strict(tls: ssl.SSLObject, name: str, context: ssl.SSLContext) -> int | None:
        return None if name is None else ssl.AlertDescription.ALERT_DESCRIPTION_UNRECOGNIZED_NAME

    made.sni_callback = strict
    with tls_server(made) as port:
        run = asyncio.run(look(port))
    failure = of(run, "normal").failure
    assert failure
    assert (failure.kind, failure.name) == ("alert", "unrecognized_name")
    assert of(run, "no-sni").failure is None
    assert of(run, "other-sni").failure
    assert "small-hello" not in variants(run)


def test_a_server_that_hangs_up_is_asked_in_other_ways() -> None:
    async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if (await reader.read(1)) == b"G":
            writer.write(b"HTTP/1.0 200 OK\r\n\r\n")

    run = looking(hang_up, None)
    assert variants(run) == {
        *("normal", "old", "again", "small-hello", "no-sni", "other-sni", "plain"),
    }
    assert of(run, "plain").received.startswith("HTTP/1.0 200 OK")
    assert of(run, "again").failure


def test_another_protocol_is_shown_as_it_came() -> None:
    async def greet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"SSH-2.0-OpenSSH_10.0\r\n")
        await reader.read(1)

    run = looking(greet, None)
    assert of(run, "normal").received == "SSH-2.0-OpenSSH_10.0"
    assert variants(run) == {"normal", "old", "plain"}


def test_a_site_without_tls_is_let_alone() -> None:
    assert not looking(wait, None, scheme="http").observed(Handshake)


@pytest.mark.usefixtures("trusted")
def test_a_suite_that_browsers_do_not_offer_is_compared(tmp_path: Path) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ROOT.issue_cert(NAME, key_type=trustme.KeyType.RSA).configure_cert(context)
    (tmp_path / "dh.pem").write_text(FFDHE2048)
    context.load_dh_params(str(tmp_path / "dh.pem"))
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers("ECDHE-RSA-AES128-GCM-SHA256")
    assert "no-dhe" not in variants(looking(wait, context))
    context.set_ciphers("DHE-RSA-AES128-GCM-SHA256")
    run = looking(wait, context)
    assert of(run, "normal").takes_dhe
    assert of(run, "no-dhe").failure


@pytest.mark.usefixtures("trusted")
def test_an_older_client_is_tried_where_its_message_is_pasted() -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ROOT.issue_cert(NAME).configure_cert(context)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    assert not {"tls1.2", "p-256"} & variants(looking(wait, context))
    run = looking(wait, context, symptom=Symptom("tls-parameters", "protocol_version"))
    assert of(run, "normal").failure is None
    refusals = {of(run, "tls1.2").failure, of(run, "p-256").failure}
    assert {refusal.kind for refusal in refusals if refusal} <= {"alert", "closed", "reset"}
    assert None not in refusals


@pytest.mark.usefixtures("trusted")
def test_a_client_without_a_name_is_tried_where_a_service_does_not_reach_the_site() -> None:
    context = server_context()
    assert "no-sni" not in variants(looking(wait, context))
    run = looking(wait, context, symptom=Symptom("callback", "the webhook is never called"))
    assert of(run, "no-sni").server_name is None


@pytest.mark.usefixtures("trusted")
def test_an_ocsp_response_is_asked_for_where_a_client_refuses_the_certificate() -> None:
    pasted = Symptom("certificate-untrusted", "The certificate is not trusted")
    assert "stapling" in variants(looking(wait, server_context(), symptom=pasted))


def test_an_ocsp_response_is_asked_for_where_the_certificate_names_a_responder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    leaf = certificates.leaf(NAME, responder=True)
    (tmp_path / "roots.pem").write_text(leaf.root.pem)
    (tmp_path / "shop.pem").write_text(leaf.chain + leaf.key_pem)
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "roots.pem"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "shop.pem")
    assert "stapling" in variants(looking(wait, context))
