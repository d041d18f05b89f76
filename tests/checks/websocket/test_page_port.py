"""websocket.page-port: when it fires, and when it is silent."""

from dataclasses import replace

from diagnose.model import Failure, Vantage
from diagnose.model.nginx import UpstreamTry
from diagnose.model.pages import PagePort
from tests.support.check_evidence import CHAT, REFUSED, judge
from tests.support.websocket_evidence import upgrade

CHECK = "websocket.page-port"
OPEN = PagePort(
    page="https://shop.example.com/",
    url="wss://shop.example.com:8080/app/key",
    address="203.0.113.10",
    port=8080,
    connected=True,
)
CLOSED = replace(OPEN, connected=False, failure=REFUSED)


def test_fires_on_a_port_that_refuses_and_names_the_application() -> None:
    tried = UpstreamTry(
        vantage=Vantage.SERVER, target="http://127.0.0.1:8080", host="127.0.0.1", port=8080
    )
    (claim,) = judge(CHECK, CLOSED, tried)
    assert not claim.facts["tls"]
    assert claim.facts["application"] == "http://127.0.0.1:8080"


def test_fires_on_a_port_without_tls() -> None:
    (claim,) = judge(CHECK, replace(OPEN, failure=Failure("protocol", "wrong version number")))
    assert claim.facts["tls"]


def test_silent_where_tls_fails_at_an_address() -> None:
    refused = Failure("alert", "unrecognized name", 112)
    by_address = replace(OPEN, url="wss://203.0.113.10/ws", port=443, failure=refused)
    assert not judge(CHECK, by_address)
    closed = replace(by_address, connected=False, failure=REFUSED)
    assert judge(CHECK, closed)


def test_silent_where_it_answers_or_the_other_one_works() -> None:
    assert not judge(CHECK, OPEN)
    same_path = replace(CLOSED, url="wss://shop.example.com:8080/ws")
    works = upgrade(101, accepted=True)
    assert not judge(CHECK, same_path, works, target=CHAT)
    assert judge(CHECK, CLOSED, works, target=CHAT)
