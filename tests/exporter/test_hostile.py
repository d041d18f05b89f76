"""Whatever a request or a server says, the answer is an answer."""

import asyncio
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnose.exporter.diagnosis_target import diagnosis_target
from diagnose.exporter.http_prober import parse_url
from diagnose.exporter.modules import Module
from diagnose.exporter.parameters import decode_target
from diagnose.exporter.probe import Probe
from diagnose.exporter.probe_log import MAX_LINES, ProbeLog
from diagnose.exporter.probers import split_host_port, target_host
from diagnose.exporter.target_policy import GuardedNet, TargetPolicy
from diagnose.net.local import LocalNet
from tests.support.exporter import config, exporter, http_module, run, samples, write_config
from tests.support.scripted_site import answer, site

PROBERS = ("http", "tcp", "dns", "icmp", "websocket")
TARGETS = st.one_of(
    st.text(max_size=80),
    st.builds("{}{}{}".format, st.sampled_from(["http://", "https://", "wss://", "//", "["]),
        st.text(max_size=40), st.sampled_from(["", ":80", ":99999", "]/", "/%zz", "@b/"])),
)  # fmt: skip


def probe_of(prober: Any, target: str, hostname: str = "") -> Probe:
    net = GuardedNet(LocalNet(), TargetPolicy())
    return Probe(target, hostname, Module(prober=prober), net, ProbeLog("m", target))


@given(prober=st.sampled_from(PROBERS), target=TARGETS, hostname=st.text(max_size=20))
def test_every_target_is_read_or_refused(prober: Any, target: str, hostname: str) -> None:
    probe = probe_of(prober, decode_target(target), hostname)
    parse_url(probe)
    split_host_port(target)
    TargetPolicy().refusal(target_host(probe.module, target))
    diagnosis_target(probe)
    assert probe.log.text.isprintable() or "\n" in probe.log.text


@pytest.mark.parametrize(
    "target",
    [
        "http://a\x00b/",
        "http://exa mple/",
        "http://[::1",
        "http://\u202ea/",
        "\x1b[31m",
        "ws://",
        "a:b:c",
    ],
)
@pytest.mark.parametrize("prober", PROBERS)
def test_a_target_of_nonsense_fails_the_probe(tmp_path: Path, target: str, prober: str) -> None:
    async def work() -> httpx.Response:
        dns = {"dns": {"query_name": "a"}} if prober == "dns" else {}
        file = write_config(tmp_path, config({"m": {"prober": prober, "timeout": "2s", **dns}}))
        async with exporter(file) as serve:
            query = httpx.QueryParams({"target": target, "module": "m"})
            return await serve.get(f"/probe?{query}")

    response = run(work())
    assert response.status_code == 200
    assert samples(response.text)["probe_success", ()] == 0
    assert ("probe_failure_info", (("reason", "probe.crash"),)) not in samples(response.text)


HOSTILE = {
    "/head": b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 100_000,
    "/version": b"HTTP/9.9 200 OK\r\n\r\n",
    "/length": answer("200 OK", b"hello").replace(b": 5", b": " + b"9" * 400),
    "/redirect": answer("302 Found", b"", "Location: \x80\xff://"),
    "/file": answer("302 Found", b"", "Location: file:///etc/passwd"),
    "/bomb": answer("200 OK", __import__("zlib").compress(bytes(80 << 20), wbits=31)),
    "/date": answer("200 OK", b"", "Last-Modified: Mon, 99 Foo 99999999999 99:99:99 GMT"),
}


@pytest.mark.parametrize("path", HOSTILE)
def test_a_hostile_server_ends_in_an_answer(tmp_path: Path, path: str) -> None:
    async def work() -> Any:
        options = {"compression": "gzip"} if path == "/bomb" else {}
        file = write_config(tmp_path, http_module(**options))
        async with site(HOSTILE) as serving, exporter(file) as serve:
            return await serve.probe(f"http://127.0.0.1:{serving.port}{path}")

    seen = run(work())
    assert seen.value("probe_success") == (path == "/date")
    assert seen.label("probe_failure_info", "reason") != "probe.crash"


def test_a_log_is_bounded_and_shows_no_control_characters() -> None:
    log = ProbeLog("m", "\x1b[31m")
    for _ in range(10 * MAX_LINES):
        log.error("x", line="\x1b]0;title\x07" * 100_000, err='quote " and \\')
    assert len(log.text.splitlines()) == MAX_LINES
    assert "\x1b" not in log.text
    assert len(log.text) < MAX_LINES * 2000


def test_credentials_stay_with_the_target(tmp_path: Path) -> None:
    async def work() -> list[bytes]:
        options = {"basic_auth": {"username": "me", "password": "pw"}}
        async with site({"/": answer()}) as other:
            pages = {"/": answer("302 Found", b"", f"Location: http://localhost:{other.port}/")}
            file = write_config(tmp_path, http_module(**options))
            async with site(pages) as own, exporter(file) as serve:
                await serve.probe(f"http://127.0.0.1:{own.port}/")
                await asyncio.sleep(0)
                return [own.requests[0], *other.requests]

    first, *others = run(work())
    assert b"authorization: basic" in first.lower()
    assert others
    assert not any(b"authorization" in request.lower() for request in others)
