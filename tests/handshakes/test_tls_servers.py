"""What is said of servers that speak HTTP/2 alone, and of what OpenSSL here refuses."""

import asyncio
import shutil
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
import trustme

from diagnose.engine import run
from diagnose.model import Report, Severity, Target
from diagnose.model.http import Exchange
from diagnose.model.tls import Handshake
from diagnose.net.local import LocalNet
from diagnose.probes import Options
from tests.handshakes import servers
from tests.handshakes.servers import http2, says, tcp

ROOT = trustme.CA()
LEAF = ROOT.issue_cert("localhost", key_type=trustme.KeyType.RSA)

needs_node = pytest.mark.skipif(shutil.which("node") is None, reason="needs Node")
needs_openssl = pytest.mark.skipif(shutil.which("openssl") is None, reason="needs openssl")


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("certificates")
    ROOT.cert_pem.write_to_path(folder / "root.pem")
    LEAF.private_key_and_cert_chain_pem.write_to_path(folder / "site.pem")
    (folder / "dh1024.pem").write_text(servers.dh_parameters())
    return folder


async def look(files: Path, port: int, scheme: str = "https") -> Report:
    paths = ("/ws",) if scheme == "wss" else ()
    target = Target("localhost", scheme, "localhost", port, "/ws" if paths else "/", paths)
    options = Options(
        inside=False,
        address="127.0.0.1",
        cafile=str(files / "root.pem"),
        timeout=12.0,
        skip=("dns",),
    )
    return await run(target, options, LocalNet())


def looking(files: Path, server: Any, scheme: str = "https") -> Report:
    async def go() -> Report:
        asyncio.get_running_loop().set_exception_handler(lambda loop, context: None)
        async with server as port:
            return await look(files, port, scheme)

    return asyncio.run(go())


def checks(report: Report) -> list[str]:
    assert not report.crashes
    layers = ("tls", "certificate", "http", "websocket")
    return [finding.check.id for finding in report.findings if finding.check.layer in layers]


def page(report: Report) -> Exchange:
    (seen,) = [
        exchange for exchange in report.evidence.of(Exchange) if exchange.purpose == "target"
    ]
    return seen


def visit(report: Report) -> Handshake:
    (seen,) = [
        handshake for handshake in report.evidence.of(Handshake) if handshake.variant == "normal"
    ]
    return seen


# HTTP/2 alone


@needs_node
def test_a_site_of_http_2_alone_is_healthy(files: Path) -> None:
    report = looking(files, servers.node(files / "site.pem"))
    assert checks(report) == []
    assert (page(report).status, page(report).version) == (200, "HTTP/2")
    assert page(report).verified
    assert (visit(report).failure, visit(report).alpn, visit(report).verify_code) == (None, "h2", 0)


@needs_node
def test_no_websocket_can_be_opened_there(files: Path) -> None:
    report = looking(files, servers.node(files / "site.pem"), "wss")
    assert checks(report) == ["websocket.http2-only"]
    assert page(report).extended_connect is False


@needs_node
def test_but_where_it_takes_them_over_http_2_that_is_a_note(files: Path) -> None:
    report = looking(files, servers.node(files / "site.pem", "connectProtocol"), "wss")
    (finding,) = [finding for finding in report.findings if finding.check.layer == "websocket"]
    assert finding.severity is Severity.NOTE
    assert page(report).extended_connect is True


@needs_node
def test_http_1_1_is_taken_where_it_is_offered(files: Path) -> None:
    report = looking(files, servers.node(files / "site.pem", "allowHTTP1"))
    assert checks(report) == []
    assert (page(report).version, visit(report).alpn) == ("HTTP/1.1", "http/1.1")


@needs_node
def test_its_certificate_is_judged_too(files: Path, tmp_path: Path) -> None:
    other = trustme.CA()
    other.cert_pem.write_to_path(tmp_path / "root.pem")
    report = looking(tmp_path, servers.node(files / "site.pem"))
    assert any(check.startswith("certificate.") for check in checks(report))
    assert page(report).version == "HTTP/2"
    assert not page(report).verified


def only_h2(files: Path, answer: servers.Answer) -> Any:
    return tcp(http2(answer), servers.context(files / "site.pem", "h2"))


def test_its_answer_is_judged_like_any_other(files: Path) -> None:
    assert checks(looking(files, only_h2(files, says(500)))) == ["http.server-error"]
    assert checks(looking(files, only_h2(files, says(404)))) == ["http.page-refused"]


def test_a_redirect_is_followed_over_http_2(files: Path) -> None:
    asked: list[int] = []

    def answer(state: Any, stream: int) -> None:
        asked.append(stream)
        where = says(200) if len(asked) > 1 else says(302, b"", ("location", "/home"))
        where(state, stream)

    report = looking(files, only_h2(files, answer))
    assert [exchange.status for exchange in report.evidence.of(Exchange)] == [302, 200]
    assert checks(report) == []


def test_it_has_no_websocket_either(files: Path) -> None:
    report = looking(files, only_h2(files, says(200)), "wss")
    assert checks(report) == ["websocket.http2-only"]


def _reset(state: Any, stream: int) -> None:
    state.reset_stream(stream, 2)


def _away(state: Any, stream: int) -> None:
    state.close_connection(11)


def _flood(state: Any, stream: int) -> None:
    for _ in range(40000):
        state.ping(b"diagnose")


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (_flood, "too much came"),
        (_reset, "INTERNAL_ERROR"),
        (_away, "ENHANCE_YOUR_CALM"),
        (says(99), ""),
    ],
)
def test_a_broken_answer_is_one(files: Path, answer: servers.Answer, words: str) -> None:
    report = looking(files, only_h2(files, answer))
    if words:
        failure = page(report).failure
        assert failure is not None
        assert words in failure.message
        assert checks(report) == ["http.server-error"]


# ALPN


@pytest.mark.parametrize("field", [("upgrade", "h2,h2c"), ("Server", "x")])
def test_a_field_that_http_2_forbids_is_named(files: Path, field: tuple[str, str]) -> None:
    report = looking(files, only_h2(files, says(200, b"ok", field)))
    assert page(report).status == 200
    assert page(report).faulty_fields == (field[0],)
    assert checks(report) == ["http.http2-broken"]


def test_http_1_1_after_http_2_was_agreed_is_broken(files: Path) -> None:
    context = servers.context(files / "site.pem", "h2", "http/1.1")
    assert checks(looking(files, tcp(servers.http1, context))) == ["http.http2-broken"]


@pytest.mark.parametrize("alpn", [(), ("http/1.1",), ("http/1.0", "http/1.1")])
def test_whatever_else_is_offered_http_1_1_will_do(files: Path, alpn: tuple[str, ...]) -> None:
    report = looking(files, tcp(servers.http1, servers.context(files / "site.pem", *alpn)))
    assert checks(report) == []
    assert page(report).version == "HTTP/1.1"


def test_a_protocol_named_unasked_is_offered_the_next_time(files: Path) -> None:
    async def go() -> Report:
        async with AsyncExitStack() as stack:
            behind = await stack.enter_async_context(only_h2(files, says(200)))
            port = await stack.enter_async_context(tcp(servers.unasked(behind)))
            return await look(files, port)

    report = asyncio.run(go())
    assert checks(report) == []
    assert page(report).version == "HTTP/2"


@needs_openssl
def test_no_protocol_in_common_is_no_lack_of_ciphers(files: Path) -> None:
    pem = str(files / "site.pem")
    server = servers.openssl("-cert", pem, "-key", pem, "-alpn", "spdy/3", "-tls1_2")
    report = looking(files, server)
    assert checks(report) == ["tls.handshake-failed"]
    assert visit(report).alert is not None


# What OpenSSL here refuses


def _dh(files: Path, *ciphers: str) -> Any:
    pem, parameters = str(files / "site.pem"), str(files / "dh1024.pem")
    return servers.openssl(
        "-cert", pem, "-key", pem, "-dhparam", parameters, "-tls1_2", "-serverpref",
        "-cipher", ":".join((*ciphers, "@SECLEVEL=0")),
    )  # fmt: skip


@needs_openssl
def test_small_diffie_hellman_parameters_are_named(files: Path) -> None:
    report = looking(files, _dh(files, "DHE-RSA-AES128-GCM-SHA256"))
    (finding,) = [finding for finding in report.findings if finding.check.layer == "tls"]
    assert finding.check.id == "tls.refused-here"
    assert finding.severity is Severity.ERROR
    assert (finding.claim.facts["dh"], finding.claim.facts["browsers"]) == (True, False)


@needs_openssl
def test_small_parameters_that_browsers_do_not_meet_are_a_warning(files: Path) -> None:
    ciphers = ("DHE-RSA-AES128-GCM-SHA256", "ECDHE-RSA-AES128-GCM-SHA256")
    report = looking(files, _dh(files, *ciphers))
    (finding,) = [finding for finding in report.findings if finding.check.layer == "tls"]
    assert (finding.check.id, finding.severity) == ("tls.refused-here", Severity.WARNING)


def test_a_certificate_message_above_100_kb_is_named(files: Path, tmp_path: Path) -> None:
    pem = (files / "site.pem").read_text()
    more = [trustme.CA(organization_name="x" * 40).cert_pem.bytes().decode() for _ in range(4)]
    (tmp_path / "long.pem").write_text(pem + "".join(more) * 60)
    report = looking(files, tcp(servers.http1, servers.context(tmp_path / "long.pem")))
    assert checks(report) == ["tls.refused-here"]
    (finding,) = [finding for finding in report.findings if finding.check.layer == "tls"]
    assert finding.claim.facts["long"]


def test_a_message_out_of_order_is_named(files: Path) -> None:
    report = looking(files, tcp(servers.out_of_order))
    assert checks(report) == ["tls.refused-here"]
    failure = visit(report).failure
    assert failure is not None
    assert failure.name == "UNEXPECTED_MESSAGE"


@needs_openssl
def test_signatures_that_are_too_weak_are_no_lack_of_ciphers(files: Path) -> None:
    pem = str(files / "site.pem")
    server = servers.openssl(
        "-cert",
        pem,
        "-key",
        pem,
        "-tls1_2",
        "-sigalgs",
        "RSA+SHA1",
        "-cipher",
        "DEFAULT@SECLEVEL=0",
    )
    report = looking(files, server)
    (finding,) = [finding for finding in report.findings if finding.check.layer == "tls"]
    assert finding.check.id == "tls.refused-here"
    assert finding.claim.facts["weak"]
