from dataclasses import replace

import pytest

from diagnose.model import Applicability, Confidence, Edit, Severity
from diagnose.model.pages import WebSocketPath
from tests.support.check_evidence import CHAT, judge
from tests.support.nginx_evidence import BUILD, RUNNING, SITE, config
from tests.support.websocket_evidence import upgrade


def test_fires_where_none_of_those_offered_is_chosen() -> None:
    (claim,) = judge(
        "websocket.subprotocol",
        upgrade(400),
        upgrade(101, "subprotocol", fault="subprotocol", offered=("mqtt",)),
        target=CHAT,
    )
    assert claim.severity is None
    assert claim.facts["names"] == ("mqtt",)


def test_fires_where_one_is_chosen_that_cannot_be_had() -> None:
    (claim,) = judge(
        "websocket.subprotocol",
        upgrade(101, fault="subprotocol", subprotocol="chat"),
        upgrade(400, "subprotocol", offered=("chat",)),
        target=CHAT,
    )
    assert claim.severity is None


def test_notes_the_one_that_is_needed() -> None:
    (claim,) = judge(
        "websocket.subprotocol",
        upgrade(400, body="Subprotocol chat, please"),
        upgrade(101, "subprotocol", accepted=True, offered=("chat",), subprotocol="chat"),
        target=CHAT,
    )
    assert claim.severity is Severity.NOTE
    assert claim.facts["names"] == ("chat",)


def test_silent_where_it_opens() -> None:
    assert not judge("websocket.subprotocol", upgrade(101, accepted=True), target=CHAT)


def test_silent_where_the_offer_changes_nothing() -> None:
    tried = upgrade(404, "subprotocol", offered=("mqtt",))
    assert not judge("websocket.subprotocol", upgrade(404), tried, target=CHAT)


OFFERED = upgrade(101, accepted=True, offered=("graphql-ws",), subprotocol="graphql-ws")
CLOSED = replace(OFFERED, ended="close", close_code=4406, close_reason="Subprotocol not acceptable")
HOLDS = upgrade(
    101, "subprotocol", accepted=True, offered=("graphql-transport-ws",),
    subprotocol="graphql-transport-ws",
)  # fmt: skip


def test_fires_where_the_connection_is_closed_because_of_it() -> None:
    (claim,) = judge("websocket.subprotocol", CLOSED, target=CHAT)
    assert (claim.confidence, claim.facts["code"]) == (Confidence.LIKELY, 4406)
    (claim,) = judge("websocket.subprotocol", CLOSED, HOLDS, target=CHAT)
    assert claim.confidence is Confidence.CERTAIN
    assert claim.facts["other"] == "graphql-transport-ws"


def test_fires_where_an_old_library_closes_without_a_reason_and_another_holds() -> None:
    silent = replace(CLOSED, close_code=1002, close_reason="")
    assert not judge("websocket.subprotocol", silent, target=CHAT)
    (claim,) = judge("websocket.subprotocol", silent, HOLDS, target=CHAT)
    assert claim.facts["names"] == ("graphql-ws",)


def test_fires_where_the_offer_is_refused_and_another_is_accepted() -> None:
    refused = upgrade(400, offered=("graphql-ws",), body="Subprotocol mqtt, please")
    (claim,) = judge("websocket.subprotocol", refused, HOLDS, target=CHAT)
    assert claim.severity is None
    assert claim.facts["names"] == ("graphql-ws",)


def test_silent_where_nothing_was_offered_and_another_holds() -> None:
    nothing = replace(CLOSED, offered=(), subprotocol=None)
    assert not judge("websocket.subprotocol", nothing, HOLDS, target=CHAT)
    assert not judge("websocket.closed-after-upgrade", nothing, HOLDS, target=CHAT)


OPENS = upgrade(101, accepted=True)
NONE = upgrade(101, "subprotocol", fault="subprotocol", offered=("toto",))
CALL = WebSocketPath(
    source="https://shop.example.com/js/app.js", path="/ws", line=7, subprotocols=("toto",)
)


def test_fires_where_none_of_the_scripts_own_is_chosen() -> None:
    direct = replace(NONE, through="application", address="127.0.0.1", port=3000)
    (claim,) = judge("websocket.subprotocol", OPENS, NONE, CALL, direct, target=CHAT)
    assert claim.confidence is Confidence.CERTAIN
    assert (claim.facts["name"], claim.facts["line"]) == ("toto", 7)
    assert claim.facts["direct"] == "127.0.0.1:3000"


def test_fires_less_surely_where_the_offer_is_a_guess_after_a_message() -> None:
    (claim,) = judge("websocket.subprotocol", OPENS, NONE, target=CHAT)
    assert claim.confidence is Confidence.LIKELY


def test_names_the_line_of_nginx_that_hides_the_choice() -> None:
    direct = replace(NONE, through="application", accepted=True, fault="", subprotocol="toto")
    lines = SITE.replace("}\n}", "    proxy_hide_header Sec-WebSocket-Protocol;\n    }\n}")
    seen = (OPENS, NONE, CALL, direct, config(lines), BUILD, RUNNING)
    (claim,) = judge("websocket.subprotocol", *seen, target=CHAT)
    assert claim.facts["place"]
    assert claim.fix
    assert isinstance(claim.fix.steps[0], Edit)


def test_silent_where_the_scripts_own_is_chosen() -> None:
    chosen = replace(NONE, accepted=True, fault="", subprotocol="toto")
    assert not judge("websocket.subprotocol", OPENS, chosen, CALL, target=CHAT)


#: The site chose what this run did not ask for, and what it answers to that name.
UNASKED = upgrade(101, fault="subprotocol", subprotocol="mqttv3.1")
TAKEN = upgrade(
    101, "subprotocol", accepted=True, offered=("mqttv3.1",), subprotocol="mqttv3.1"
)  # fmt: skip


def _with_line(value: str) -> str:
    return SITE.replace("}\n}", f"    proxy_set_header Sec-WebSocket-Protocol {value};\n    }}\n}}")


def test_names_the_line_of_nginx_that_sends_its_own() -> None:
    direct = replace(OPENS, through="application", address="127.0.0.1", port=3000)
    seen = (UNASKED, TAKEN, config(_with_line("mqttv3.1")), BUILD, RUNNING)
    (claim,) = judge("websocket.subprotocol", *seen, direct, target=CHAT)
    assert (claim.confidence, claim.severity) == (Confidence.CERTAIN, None)
    assert (claim.facts["asked"], claim.facts["needed"]) == ("127.0.0.1:3000", False)
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    assert isinstance(claim.fix.steps[0], Edit)
    (claim,) = judge("websocket.subprotocol", *seen, target=CHAT)
    assert claim.confidence is Confidence.LIKELY


def test_names_the_line_where_the_person_asks_for_another() -> None:
    asked = replace(UNASKED, offered=("mqtt",))
    (claim,) = judge(
        "websocket.subprotocol", asked, config(_with_line("mqttv3.1")), BUILD, RUNNING, target=CHAT
    )
    assert claim.facts["replaced"]


@pytest.mark.parametrize("value", ["$http_sec_websocket_protocol", "chat", '""'])
def test_names_no_line_that_does_not_send_it(value: str) -> None:
    seen = (UNASKED, TAKEN, config(_with_line(value)), BUILD, RUNNING)
    (claim,) = judge("websocket.subprotocol", *seen, target=CHAT)
    assert not claim.facts["replaced"]
