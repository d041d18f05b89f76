"""What the curl of a server says, as a request's outcome."""

from diagnose.machine import CommandResult
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
