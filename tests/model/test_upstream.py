from dataclasses import replace

from diagnose.model.upstream import Permissions, Selinux, UpstreamSocket, UpstreamTalk

TALK = UpstreamTalk(
    target="https://127.0.0.1:3000", host="127.0.0.1", port=3000, address="127.0.0.1"
)
SOCKET = Permissions("/run/app/app.sock", "srw-rw----", 1000, 33)
FOLDER = Permissions("/run/app", "drwx------", 0, 0)


def test_a_boolean_that_is_not_known_is_neither_on_nor_off() -> None:
    selinux = Selinux(mode="Enforcing", booleans=(("httpd_can_network_connect", False),))
    assert selinux.boolean("httpd_can_network_connect") is False
    assert selinux.boolean("httpd_can_network_relay") is None
    assert selinux.summary()[1] == "Enforcing, httpd_can_network_connect off"
    assert Selinux(mode="Disabled").summary()[1] == "Disabled"


def test_a_conversation_says_which_protocol_and_name_was_tried() -> None:
    assert TALK.summary()[0].endswith(", TLS without a name")
    assert replace(TALK, server_name="app.lan").summary()[0].endswith(", TLS as app.lan")
    assert replace(TALK, speaks="http").summary()[0].endswith(", plain HTTP")


def test_its_outcome_is_the_status_the_protocol_or_that_it_was_done() -> None:
    assert TALK.summary()[1] == "handshake done"
    assert replace(TALK, protocol="TLSv1.3").summary()[1] == "TLSv1.3"
    assert replace(TALK, protocol="TLSv1.3", status=400).summary()[1] == "answers 400"


def test_a_socket_is_summed_up_by_its_own_permissions() -> None:
    seen = UpstreamSocket(path="/run/app/app.sock", above=(SOCKET, FOLDER))
    assert seen.summary() == ("/run/app/app.sock", "srw-rw---- 1000:33")
