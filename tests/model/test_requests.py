from dataclasses import replace

from diagnose.model.requests import Asked, ComparedRequest
from tests.support.summaries import summary_text

ASKED = Asked(
    target="http://app",
    path="/ws",
    address="127.0.0.1",
    port=3000,
    sent="shop.example.com",
    status=404,
    reason="Not Found",
    head=120,
)


def test_an_endpoint_is_an_address_and_a_port() -> None:
    assert ASKED.endpoint == "127.0.0.1:3000"
    assert replace(ASKED, address="::1").endpoint == "[::1]:3000"


def test_a_unix_socket_has_no_port_and_no_brackets() -> None:
    socket = replace(ASKED, address="unix:/run/app.sock", port=0)
    assert socket.endpoint == "unix:/run/app.sock"


def test_the_summary_names_the_host_that_was_sent() -> None:
    subject, outcome = summary_text(ASKED)
    assert subject == "application http://app asked for the host shop.example.com"
    assert outcome == "404 Not Found; 120 bytes of header"
    assert summary_text(replace(ASKED, sent=""))[0].endswith("asked without a host")


COMPARED = ComparedRequest(
    target="http://app",
    path="/",
    address="127.0.0.1",
    port=3000,
    status=400,
    reason="Bad Request",
)


def test_a_compared_request_says_what_was_changed() -> None:
    assert COMPARED.endpoint == "127.0.0.1:3000"
    assert summary_text(COMPARED) == ("application http://app, as nginx asks", "400 Bad Request")
    changed = replace(
        COMPARED, part="field", name="Connection", change="replaced", value="close",
        is_control=True, status=302, reason="Found", location="https://shop.example.com/login",
    )  # fmt: skip
    subject, outcome = summary_text(changed)
    assert subject == "application http://app, Connection replaced by close (again)"
    assert outcome == "302 Found -> https://shop.example.com/login"
