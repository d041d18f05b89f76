"""An application that gives HTTP no answer is greeted in FastCGI and in uwsgi."""

import asyncio
import shlex
from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest

from diagnose.model import Failure, FailureKind, Vantage
from diagnose.model.containers import Containers, Namespace
from diagnose.model.logs import FailedRequests
from diagnose.model.nginx import UpstreamTry
from diagnose.model.upstream import UpstreamTalk
from diagnose.net.local import LocalNet
from diagnose.probes.inside import upstream_protocols
from diagnose.probes.inside.upstream_protocols import HTTP, TRY_SCRIPT
from tests.support.fake_context import Looking
from tests.support.nginx_evidence import SITE, config
from tests.support.recorded_machine import RecordedMachine
from tests.support.summaries import summary_text

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
ASKED = UpstreamTry(
    vantage=Vantage.SERVER, target="http://127.0.0.1:9000", host="127.0.0.1", port=9000,
    address="127.0.0.1", asked=True, failure=Failure("closed", "connection closed"),
)  # fmt: skip


def answering(answers: dict[bytes, bytes], greeted: list[bytes]) -> Serve:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        data = await reader.read(64)
        greeted.append(data)
        writer.write(answers.get(data, b""))
        writer.close()

    return serve


def talks(answers: dict[bytes, bytes], upstream_try: UpstreamTry = ASKED) -> list[UpstreamTalk]:
    looking, greeted = Looking(RecordedMachine()), list[bytes]()
    looking.net = LocalNet()

    async def work() -> None:
        server = await asyncio.start_server(answering(answers, greeted), "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        async with server:
            await upstream_protocols.other_protocol.work(looking, replace(upstream_try, port=port))

    asyncio.run(work())
    if upstream_try is not ASKED:
        assert not greeted
    return list(looking.observed(UpstreamTalk))


FASTCGI, UWSGI = bytes((1, 9, 0, 0, 0, 0, 0, 0)), bytes((100, 0, 0, 0))


def test_php_answers_fastcgi() -> None:
    (talk,) = talks({FASTCGI: bytes((1, 10, 0, 0, 0, 0, 0, 0))})
    assert (talk.speaks, talk.as_nginx, talk.failure) == ("fastcgi", False, None)
    assert summary_text(talk)[1] == "answers"


def test_uwsgi_answers_its_ping() -> None:
    (talk,) = talks({UWSGI: bytes((100, 0, 0, 1))})
    assert talk.speaks == "uwsgi"


def test_http2_answers_its_preface() -> None:
    settings = bytes((0, 0, 6, 4, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 100))
    (talk,) = talks({upstream_protocols.HTTP2.data: settings})
    assert talk.speaks == "http2"


def test_a_broker_answers_connect() -> None:
    (talk,) = talks({upstream_protocols.MQTT.data: bytes((0x20, 2, 0, 0))})
    assert talk.speaks == "mqtt"


def test_a_listener_behind_a_balancer_answers_after_the_header() -> None:
    # The server of this test reads 64 bytes at once.
    asked = upstream_protocols.PROXY.data[:64]
    (talk,) = talks({asked: b"HTTP/1.1 404 Not Found\r\n\r\n"})
    assert talk.speaks == "proxy"
    assert not talks({asked: b"HTTP/1.1 400 Bad Request\r\n\r\n"})


def test_words_that_are_no_answer_say_nothing() -> None:
    http = b"HTTP/1.1 400 Bad Request\r\n\r\n"
    assert not talks({FASTCGI: http, UWSGI: http, upstream_protocols.HTTP2.data: http})
    assert not talks({})


@pytest.mark.parametrize(
    "upstream_try",
    [
        replace(ASKED, asked=False),
        replace(ASKED, scheme="fastcgi"),
        replace(ASKED, failure=None, status=200),
        replace(ASKED, failure=Failure("refused", "Connection refused")),
    ],
    ids=["not asked", "nginx speaks it", "answered", "refused"],
)
def test_nobody_is_greeted_without_reason(upstream_try: UpstreamTry) -> None:
    assert not talks({}, upstream_try)


def test_over_ssh_the_servers_curl_sends_it() -> None:
    words = ("127.0.0.1", "9000", "", "\\0001\\0011\\0000\\0000\\0000\\0000\\0000\\0000")
    argv = ("sh", "-c", TRY_SCRIPT, "sh", *words)
    machine = RecordedMachine(
        {shlex.join(argv): " 01 0a 00 00 00 08 00 00\n"}, via="ssh://203.0.113.10"
    )
    ctx = Looking(machine)

    async def work() -> None:
        await upstream_protocols.other_protocol.work(ctx, ASKED)

    asyncio.run(work())
    (talk,) = ctx.observed(UpstreamTalk)
    assert talk.speaks == "fastcgi"
    assert "telnet://127.0.0.1:9000" in talk.equivalent


def test_who_answers_without_the_header_does_not_want_it() -> None:
    """A program that closes the connection for one path may ignore a line before the request."""
    answers = {
        upstream_protocols.PROXY.data[:64]: b"HTTP/1.1 404 Not Found\r\n",
        upstream_protocols.HTTP.data[:64]: b"HTTP/1.1 200 OK\r\n",
    }
    assert talks(answers) == []


# After a visitor's request, by the access log

FAILED = FailedRequests(
    file="/a.log", method="POST", path="/helloworld.Greeter/SayHello", status=502, written="18:01"
)
SETTINGS = bytes((0, 0, 6, 4, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 100))


def logged_talks(
    directive: str, answers: dict[bytes, bytes], failure: FailedRequests = FAILED
) -> list[str]:
    looking, greeted = Looking(RecordedMachine()), list[bytes]()
    looking.net = LocalNet()

    async def work() -> None:
        server = await asyncio.start_server(answering(answers, greeted), "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        location = f"location /helloworld.Greeter/ {{ {directive}127.0.0.1:{port}; }} location / "
        site = looking.emit(config(SITE.replace("location / ", location, 1)))
        async with server:
            await upstream_protocols.after_a_logged_failure.work(looking, failure, site)

    asyncio.run(work())
    return [talk.speaks for talk in looking.observed(UpstreamTalk)]


def test_a_service_of_http2_behind_proxy_pass_is_met_after_a_logged_502() -> None:
    answers = {upstream_protocols.HTTP2.data: SETTINGS}
    assert logged_talks("proxy_pass http://", answers) == ["http2"]
    assert logged_talks("proxy_pass http://", answers, replace(FAILED, status=504)) == []
    assert logged_talks("proxy_pass http://", answers, replace(FAILED, server="apache")) == []


def test_a_server_of_http_behind_grpc_pass_is_met_after_a_logged_502() -> None:
    http = {upstream_protocols.HTTP.data[:64]: b"HTTP/1.1 200 OK\r\n\r\n"}
    assert logged_talks("grpc_pass grpc://", http) == ["http"]


def test_an_application_that_answers_http_is_greeted_no_further() -> None:
    answers = {
        upstream_protocols.HTTP.data[:64]: b"HTTP/1.1 200 OK\r\n\r\n",
        upstream_protocols.HTTP2.data: SETTINGS,
    }
    assert logged_talks("proxy_pass http://", answers) == []


def container_talks(
    answers: dict[bytes, bytes], kind: FailureKind = "refused"
) -> list[UpstreamTalk]:
    looking, greeted = Looking(RecordedMachine()), list[bytes]()
    looking.net = LocalNet()
    refused = replace(ASKED, asked=False, port=80, failure=Failure(kind, "refused"))

    async def work() -> None:
        server = await asyncio.start_server(answering(answers, greeted), "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        namespace = Namespace(9, (), "d" * 64, ("127.0.0.1",), (("0.0.0.0", port),))
        containers = Containers(vantage=Vantage.SERVER, namespaces=(namespace,))
        async with server:
            probe = upstream_protocols.other_port_of_container
            await probe.work(looking, refused, containers)

    asyncio.run(work())
    return list(looking.observed(UpstreamTalk))


def test_another_port_of_a_container_is_asked_what_it_speaks() -> None:
    (talk,) = container_talks({FASTCGI: bytes((1, 10, 0, 0, 0, 0, 0, 0))})
    assert (talk.speaks, talk.failure) == ("fastcgi", None)
    assert talk.target == f"http://127.0.0.1:{talk.port}"
    (talk,) = container_talks({HTTP.data: b"HTTP/1.1 404 Not Found\r\n\r\n"})
    assert (talk.speaks, talk.failure) == ("http", None)
    (talk,) = container_talks({HTTP.data: b"J\x00\x00\x00\n8.0.36"})
    assert talk.failure


def test_no_other_port_is_asked_where_the_connection_was_accepted() -> None:
    assert not container_talks({}, "timeout")
