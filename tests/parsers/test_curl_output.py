"""What curl 8.14 (Debian 13) and 7.29 (CentOS 7) tell with -v, as they print it."""

import pytest

from diagnose.parsers.curl_output import attempts

REFUSED = """
address ::1
*   Trying [::1]:3000...
* connect to ::1 port 3000 from ::1 port 57604 failed: Connection refused
* Failed to connect to ::1 port 3000 after 0 ms: Could not connect to server
* closing connection #0
curl: (7) Failed to connect to ::1 port 3000 after 0 ms: Could not connect to server

address 127.0.0.1
*   Trying 127.0.0.1:3000...
* Connected to 127.0.0.1 (127.0.0.1) port 3000
> GET / HTTP/1.1
< HTTP/1.1 200 OK
< Content-Length: 5

"""
NOT_TLS = """
address 127.0.0.1
*   Trying 127.0.0.1:3000...
* ALPN: curl offers http/1.1
* TLSv1.3 (OUT), TLS handshake, Client hello (1):
* TLSv1.3 (OUT), TLS alert, record overflow (534):
* TLS connect error: error:0A00010B:SSL routines::wrong version number
* closing connection #0
curl: (35) TLS connect error: error:0A00010B:SSL routines::wrong version number
"""
NAMELESS = """
address 127.0.0.1
* ALPN: curl offers http/1.1
* TLSv1.3 (OUT), TLS handshake, Client hello (1):
* TLSv1.3 (IN), TLS alert, unrecognized name (624):
* TLS connect error: error:0A000458:SSL routines::tlsv1 unrecognized name
curl: (35) TLS connect error: error:0A000458:SSL routines::tlsv1 unrecognized name
"""
OLD = """
address 127.0.0.1
* About to connect() to 127.0.0.1 port 3000 (#0)
*   Trying 127.0.0.1...
* Connection refused
* Failed connect to 127.0.0.1:3000; Connection refused
curl: (7) Failed connect to 127.0.0.1:3000; Connection refused
"""


def test_each_address_has_its_own_story() -> None:
    six, four = attempts(REFUSED)
    assert (six.address, six.connected) == ("::1", False)
    assert six.failure
    assert (six.failure.kind, six.failure.code) == ("refused", 111)
    assert (four.connected, four.status, four.failure) == (True, 200, None)


def test_an_old_curl_is_understood_as_well() -> None:
    (one,) = attempts(OLD)
    assert one.failure
    assert one.failure.name == "ECONNREFUSED"


def test_a_handshake_with_what_is_no_tls() -> None:
    (one,) = attempts(NOT_TLS)
    assert one.connected
    assert not one.secured
    assert one.failure
    assert one.failure.kind == "protocol"


def test_an_alert_has_its_number() -> None:
    (one,) = attempts(NAMELESS)
    assert one.failure
    assert (one.failure.kind, one.failure.code) == ("alert", 112)
    assert one.failure.name == "unrecognized_name"


@pytest.mark.parametrize(
    ("story", "kind"),
    [
        ("* connect to 1.2.3.4 port 1 from 1.2.3.5 port 2 failed: No route to host", "unreachable"),
        ("curl: (28) Connection timed out after 4001 milliseconds", "timeout"),
        ("* Immediate connect fail for 1.2.3.4: Cannot assign requested address", "unreachable"),
        ("* Immediate connect fail for 1.2.3.4: Operation not permitted", "denied"),
        ("* Immediate connect fail for /run/x.sock: No such file or directory", "missing"),
        ("* Connected to a (1.2.3.4) port 1\ncurl: (52) Empty reply from server", "closed"),
        ("* Connected to a (1.2.3.4) port 1\ncurl: (56) Recv failure: Connection reset by peer",
         "reset"),
        ("* Connected to a (1.2.3.4) port 1\ncurl: (28) Operation timed out", "timeout"),
        ("* Connected to a (1.2.3.4) port 1\ncurl: (1) Received HTTP/0.9 when not allowed",
         "protocol"),
        ("curl: (6) Could not resolve host: app", "other"),
    ],
)  # fmt: skip
def test_how_it_ended(story: str, kind: str) -> None:
    (one,) = attempts(f"address x\n{story}\n")
    assert one.failure
    assert one.failure.kind == kind


def test_nothing_is_read_where_nothing_was_printed() -> None:
    assert attempts("") == ()
