"""The probers besides "http", on real sockets."""

import asyncio
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import dns.flags
import dns.message
import dns.rrset
import pytest

from tests.support.exporter import TIMEOUT, Answer, config, exporter, run, write_config
from tests.support.servers import refusing_application, websocket_application

IP4 = {"preferred_ip_protocol": "ip4"}


def probe(folder: Path, target: str, prober: str, **options: object) -> Answer:
    async def work() -> Answer:
        return await ask(folder, target, prober, **options)

    answer: Answer = run(work())
    return answer


async def ask(folder: Path, target: str, prober: str, **options: object) -> Answer:
    module = {"prober": prober, "timeout": TIMEOUT, prober: {**IP4, **options}}
    file = write_config(folder, config({"m": module}))
    async with exporter(file) as serve:
        return await serve.probe(target, "m")


@asynccontextmanager
async def witness() -> AsyncIterator[tuple[int, list[str]]]:
    """A server's port, and the addresses that have connected to it."""
    sources: list[str] = []

    async def note(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        sources.append(writer.get_extra_info("peername")[0])
        writer.close()

    async with await asyncio.start_server(note, "127.0.0.1", 0) as server:
        yield server.sockets[0].getsockname()[1], sources


def test_a_probe_comes_from_its_source_address(tmp_path: Path) -> None:
    """And so does the diagnosis beside it."""

    async def work() -> list[str]:
        async with witness() as (port, sources):
            seen = await ask(tmp_path, f"127.0.0.1:{port}", "tcp", source_ip_address="127.0.0.2")
            assert seen.value("probe_success") == 1
        return sources

    assert set(run(work())) == {"127.0.0.2"}


@asynccontextmanager
async def talker(*lines: bytes) -> AsyncIterator[int]:
    """A server that says its first line, then one line for each that comes; its port."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(lines[0])
        for line in lines[1:]:
            await reader.readline()
            writer.write(line)
        await reader.read()
        writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]


def talk(folder: Path, lines: list[bytes], queries: list[dict[str, object]]) -> Answer:
    async def work() -> Answer:
        async with talker(*lines) as port:
            return await ask(folder, f"127.0.0.1:{port}", "tcp", query_response=queries)

    answer: Answer = run(work())
    return answer


SSH = [b"SSH-2.0-OpenSSH_9.9 Debian\r\n"]


def test_a_banner_gives_labels(tmp_path: Path) -> None:
    labels = [{"name": "version", "value": "${1}"}, {"name": "comment", "value": "$2"}]
    seen = talk(tmp_path, SSH, [{"expect": r"^SSH-2.0-([^ -]+)(?: (.*))?$", "labels": labels}])
    assert seen.value("probe_success") == 1
    assert seen.value("probe_expect_info", version="OpenSSH_9.9", comment="Debian") == 1
    assert seen.value("probe_failed_due_to_regex") == 0


def test_what_was_matched_is_sent_back(tmp_path: Path) -> None:
    queries: list[dict[str, object]] = [
        {"expect": "PING :(.+)", "send": "PONG ${1}"},
        {"expect": "^welcome$"},
    ]
    seen = talk(tmp_path, [b"NOTICE\r\nPING :abc\r\n", b"welcome\r\n"], queries)
    assert seen.value("probe_success") == 1


def test_the_wrong_banner_fails(tmp_path: Path) -> None:
    async def work() -> Answer:
        async with talker(b"220 mail\r\n") as port:
            queries = [{"expect": "^SSH"}]
            target = f"127.0.0.1:{port}"
            module = {
                "prober": "tcp",
                "timeout": "500ms",
                "tcp": {**IP4, "query_response": queries},
            }
            async with exporter(write_config(tmp_path, config({"m": module}))) as serve:
                return await serve.probe(target, "m")

    seen = run(work())
    assert seen.value("probe_success") == 0
    assert seen.label("probe_failure_info", "reason") == "probe.timeout"


@pytest.mark.parametrize(("expected", "success"), [("SSH-2", 1), ("HTTP/", 0)])
def test_bytes_are_compared(tmp_path: Path, expected: str, success: int) -> None:
    seen = talk(tmp_path, SSH, [{"expect_bytes": expected}])
    assert seen.value("probe_success") == success
    assert seen.value("probe_failed_due_to_bytes") == 1 - success


def test_a_closed_port_is_explained_by_our_check(tmp_path: Path) -> None:
    async def work() -> Answer:
        async with talker(b"") as port:
            pass
        return await ask(tmp_path, f"127.0.0.1:{port}", "tcp")

    assert run(work()).label("probe_failure_info", "reason") == "tcp.refused"


def test_a_target_without_a_port_fails(tmp_path: Path) -> None:
    assert probe(tmp_path, "127.0.0.1", "tcp").value("probe_success") == 0


@asynccontextmanager
async def name_server(code: str = "NOERROR") -> AsyncIterator[int]:
    """A name server for UDP and TCP that knows one SOA record; its port."""

    def answer(data: bytes) -> bytes:
        query = dns.message.from_wire(data)
        response = dns.message.make_response(query)
        response.set_rcode(dns.rcode.from_text(code))
        response.answer = [
            dns.rrset.from_text("example.com.", 300, "IN", "SOA", "ns. admin. 2024 1 2 3 4")
        ]
        return response.to_wire()

    class Datagrams(asyncio.DatagramProtocol):
        def connection_made(self, transport: Any) -> None:
            self.transport = transport

        def datagram_received(self, data: bytes, addr: Any) -> None:
            self.transport.sendto(answer(data), addr)

    async def stream(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        size = struct.unpack("!H", await reader.readexactly(2))[0]
        data = answer(await reader.readexactly(size))
        writer.write(struct.pack("!H", len(data)) + data)
        writer.close()

    server = await asyncio.start_server(stream, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(Datagrams, local_addr=("127.0.0.1", port))
    try:
        async with server:
            yield port
    finally:
        transport.close()


def ask_name_server(folder: Path, code: str = "NOERROR", **options: object) -> Answer:
    async def work() -> Answer:
        query = {"query_name": "example.com", "query_type": "SOA", **options}
        async with name_server(code) as port:
            return await ask(folder, f"127.0.0.1:{port}", "dns", **query)

    answer: Answer = run(work())
    return answer


@pytest.mark.parametrize("protocol", ["udp", "tcp"])
def test_a_name_server_that_answers(tmp_path: Path, protocol: str) -> None:
    seen = ask_name_server(tmp_path, transport_protocol=protocol)
    assert seen.value("probe_success") == 1
    assert seen.value("probe_dns_answer_rrs") == 1
    assert seen.value("probe_dns_serial") == 2024
    assert seen.value("probe_dns_query_succeeded") == 1


@pytest.mark.parametrize(
    ("code", "options", "success"),
    [
        ("NXDOMAIN", {}, 0),
        ("NXDOMAIN", {"valid_rcodes": ["NXDOMAIN"]}, 1),
        ("NOERROR", {"validate_answer_rrs": {"fail_if_matches_regexp": ["\tSOA\t"]}}, 0),
        ("NOERROR", {"validate_answer_rrs": {"fail_if_not_matches_regexp": ["\tSOA\t"]}}, 1),
        ("NOERROR", {"validate_answer_rrs": {"fail_if_none_matches_regexp": ["\tMX\t"]}}, 0),
        ("NOERROR", {"validate_authority_rrs": {"fail_if_not_matches_regexp": ["."]}}, 0),
    ],
)
def test_rules_of_names(
    tmp_path: Path, code: str, options: dict[str, object], success: int
) -> None:
    assert ask_name_server(tmp_path, code, **options).value("probe_success") == success


def open_websocket(folder: Path, queries: list[dict[str, str]]) -> Answer:
    async def work() -> Answer:
        async with websocket_application() as port:
            target = f"ws://127.0.0.1:{port}/"
            return await ask(folder, target, "websocket", query_response=queries)

    answer: Answer = run(work())
    return answer


@pytest.mark.parametrize(
    ("queries", "success"),
    [
        ([], 1),
        (
            [
                {"send": "hello"},
                {"expect": "h(.*)", "send": "again ${1}"},
                {"expect": "again ello"},
            ],
            1,
        ),
        ([{"send": "hello"}, {"expect": "bye"}], 0),
    ],
)
def test_messages_of_a_websocket(
    tmp_path: Path, queries: list[dict[str, str]], success: int
) -> None:
    seen = open_websocket(tmp_path, queries)
    assert seen.value("probe_success") == success
    assert seen.value("probe_websocket_connection_upgraded") == 1
    assert seen.value("probe_websocket_status_code") == 101
    assert seen.value("probe_websocket_failed_due_to_regex") == 1 - success


def test_a_refused_websocket_is_explained_by_our_check(tmp_path: Path) -> None:
    async def work() -> Answer:
        async with refusing_application() as port:
            return await ask(tmp_path, f"ws://127.0.0.1:{port}/", "websocket")

    seen = run(work())
    assert seen.value("probe_success") == 0
    assert seen.value("probe_websocket_status_code") == 404
    reason = seen.label("probe_failure_info", "reason")
    assert reason is not None
    assert reason.startswith("websocket.")
