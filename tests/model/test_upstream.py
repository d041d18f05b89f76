from dataclasses import replace

from diagnose.model.upstream import Permissions, Selinux, UpstreamSocket, UpstreamTalk
from tests.support.summaries import summary_text

TALK = UpstreamTalk(
    target="https://127.0.0.1:3000", host="127.0.0.1", port=3000, address="127.0.0.1"
)
SOCKET = Permissions("/run/app/app.sock", "srw-rw----", 1000, 33)
FOLDER = Permissions("/run/app", "drwx------", 0, 0)


def test_a_boolean_that_is_not_known_is_neither_on_nor_off() -> None:
    selinux = Selinux(mode="Enforcing", booleans=(("httpd_can_network_connect", False),))
    assert selinux.boolean("httpd_can_network_connect") is False
    assert selinux.boolean("httpd_can_network_relay") is None
    assert summary_text(selinux)[1] == "Enforcing, httpd_can_network_connect off"
    assert summary_text(Selinux(mode="Disabled"))[1] == "Disabled"


def test_a_conversation_says_which_protocol_and_name_was_tried() -> None:
    assert summary_text(TALK)[0].endswith(", TLS without a name")
    assert summary_text(replace(TALK, server_name="app.lan"))[0].endswith(", TLS as app.lan")
    assert summary_text(replace(TALK, speaks="http"))[0].endswith(", plain HTTP")


def test_its_outcome_is_the_status_the_protocol_or_that_it_was_done() -> None:
    assert summary_text(TALK)[1] == "handshake done"
    assert summary_text(replace(TALK, protocol="TLSv1.3"))[1] == "TLSv1.3"
    assert summary_text(replace(TALK, protocol="TLSv1.3", status=400))[1] == "answers 400"


def test_a_socket_is_summed_up_by_its_own_permissions() -> None:
    seen = UpstreamSocket(path="/run/app/app.sock", above=(SOCKET, FOLDER))
    assert summary_text(seen) == ("/run/app/app.sock", "srw-rw---- 1000:33")
