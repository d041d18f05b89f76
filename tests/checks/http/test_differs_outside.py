from dataclasses import replace
from typing import Any

from diagnose.model import Severity
from diagnose.model.http import Exchange
from tests.support.check_evidence import CHAT, TIMEOUT, judge
from tests.support.vantage_evidence import ADDRESS, LAPTOP, OFFICE, ON_SERVER, visit

CHECK = "http.differs-outside"
HERE = Exchange(url="https://shop.example.com/", address=ADDRESS, port=443, status=200)


def test_fires_where_the_place_is_refused_twice() -> None:
    (claim,) = judge(CHECK, HERE, visit(status=403), visit(status=403, purpose="again"))
    assert claim.severity is Severity.WARNING
    assert (claim.facts["status"], claim.facts["own_status"]) == (403, 200)


def test_fires_as_an_error_where_the_server_alone_gets_its_page() -> None:
    lost = visit(status=None, failure=TIMEOUT)
    (claim,) = judge(CHECK, ON_SERVER, HERE, lost, replace(lost, purpose="again"))
    assert claim.severity is Severity.ERROR


def test_fires_as_a_warning_where_another_place_gets_it() -> None:
    observations = (visit(status=502), visit(status=502, purpose="again"), visit(OFFICE))
    (claim,) = judge(CHECK, ON_SERVER, HERE, *observations)
    assert claim.severity is Severity.WARNING
    assert claim.facts["others"] == (OFFICE,)


def test_fires_where_the_place_is_led_to_another_node() -> None:
    node: dict[str, Any] = {"address": "198.51.100.99", "status": 503}
    (claim,) = judge(CHECK, HERE, visit(**node), visit(**node, purpose="again"))
    assert claim.facts["own_address"] == ADDRESS


def test_fires_where_two_places_get_the_same_once() -> None:
    claims = judge(CHECK, HERE, visit(status=403), visit(OFFICE, status=403))
    assert [claim.facts["place"] for claim in claims] == [LAPTOP, OFFICE]


def test_silent_where_the_answers_are_alike_or_the_second_visit_succeeds() -> None:
    assert not judge(CHECK, HERE, visit())
    assert not judge(CHECK, HERE, visit(status=502), visit(purpose="again"))
    unauthorized = replace(HERE, status=401)
    assert not judge(CHECK, unauthorized, visit(status=401), visit(status=401, purpose="again"))


def test_silent_where_this_machine_sent_more_than_the_place_may() -> None:
    refused = visit(status=401, anonymous=True)
    assert not judge(CHECK, HERE, refused, replace(refused, purpose="again"))


def test_silent_for_a_websockets_own_url() -> None:
    refused = visit(status=400)
    assert not judge(CHECK, HERE, refused, replace(refused, purpose="again"), target=CHAT)
