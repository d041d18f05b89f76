"""What the curl of a server says, as a request's outcome."""

import asyncio

from diagnose.machine import CommandResult
from diagnose.machine.local import LocalMachine
from diagnose.probes.inside import remote_curl


def ran(err: str, url: str = "http://127.0.0.1:3000/") -> remote_curl.CurlResponse:
    return remote_curl.parse_curl(("curl", url), CommandResult(("sh",), 0, "", err, 0.0))


def test_curl_on_the_server_tells_a_websocket_by_its_accept() -> None:
    right = (
        f"< HTTP/1.1 101 Switching Protocols\n< Sec-WebSocket-Accept: {remote_curl.ACCEPT}\n< \n"
    )
    assert ran(right).accepted
    assert not ran(right.replace(remote_curl.ACCEPT, "x")).accepted
    assert ran("< HTTP/1.1 404 Not Found\n< \n").status == 404


def test_curl_on_the_server_says_refused_only_if_every_address_is() -> None:
    line = "* connect to {} port 9 from 127.0.0.1 port 4711 failed: {}\n"
    refused = line.format("::1", "Connection refused") + line.format(
        "127.0.0.1", "Connection refused"
    )
    failure = ran(refused + "curl: (7) Failed to connect\n").failure
    assert failure
    assert failure.kind == "refused"
    failure = ran(refused + line.format("10.0.0.1", "No route to host")).failure
    assert failure
    assert failure.kind == "other"


def test_curl_that_is_answered_by_silence_says_so_in_its_exit_status() -> None:
    said = "* Connected to 127.0.0.1 (127.0.0.1) port 3000\ncurl: (28) Operation timed out\n"
    done = ran(said)
    assert done.connected
    assert done.failure
    assert done.failure.kind == "timeout"


def test_over_https_a_connection_is_open_when_tls_is() -> None:
    said = "* Connected to 127.0.0.1 (127.0.0.1) port 3000\ncurl: (35) wrong version number\n"
    assert ran(said).connected
    assert not ran(said, "https://127.0.0.1:3000/").connected


SECRET = 'Basic "c2hvcA==\\'


class Server:
    """A server that runs nothing and notes what its list of processes would show."""

    def __init__(self) -> None:
        self.shown, self.text = "", ""

    async def run_with_input(self, text: str, *argv: str, timeout: float = 8.0) -> CommandResult:
        self.shown, self.text = " ".join(argv), text
        return CommandResult(argv, 0, "", "", 0.0)


def test_fields_and_url_are_in_no_list_of_processes() -> None:
    server = Server()
    url, field = "http://127.0.0.1:3000/ws?token=abc", f"Authorization: {SECRET}"
    asyncio.run(remote_curl.curl(server, url, (field,)))  # type: ignore[arg-type]
    assert "--http1.1 -K -" in server.shown
    assert "abc" not in server.shown
    assert "Authorization" not in server.shown
    assert server.text.splitlines() == [
        r'header = "Authorization: Basic \"c2hvcA==\\"',
        'url = "http://127.0.0.1:3000/ws?token=abc"',
    ]


def test_curl_itself_reads_them_as_they_were() -> None:
    """From a file: in the URL, which needs no server."""

    async def read() -> str:
        argv = ("curl", "-sS", "-w", "%{url}", "file:///dev/null?a=%22")
        return (await remote_curl.run_curl(LocalMachine(), argv, 8.0)).out

    assert asyncio.run(read()) == "file:///dev/null?a=%22"
