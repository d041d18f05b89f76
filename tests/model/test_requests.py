from dataclasses import replace

from diagnose.model.requests import Asked

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
    subject, outcome = ASKED.summary()
    assert subject == "application http://app asked for the host shop.example.com"
    assert outcome == "404 Not Found; 120 bytes of header"
    assert replace(ASKED, sent="").summary()[0].endswith("the host (none)")
