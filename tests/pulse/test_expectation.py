"""What counts as a difference, on evidence made of literals."""

from datetime import UTC, datetime

import pytest

from diagnose.model import Evidence, Failure, Observation, Vantage
from diagnose.model.dns import Resolution
from diagnose.model.http import Exchange, Upgrade
from diagnose.model.tcp import Connection
from diagnose.parsers.target import parse_target
from diagnose.pulse.expectation import Answer, expectation, outcome

ADDRESS = "203.0.113.10"
REFUSED = Failure("refused", "Connection refused", 111, "ECONNREFUSED")


def evidence(*observations: Observation) -> Evidence:
    target = parse_target("https://shop.example.com/")
    resolution = Resolution(name="shop.example.com", family=4, addresses=(ADDRESS,))
    return Evidence(target, datetime.now(UTC), (resolution, *observations))


def page(status: int, location: str = "", **facts: object) -> Exchange:
    fields: dict[str, object] = {
        "url": "https://shop.example.com/", "address": ADDRESS, "port": 443, "purpose": "target",
        "status": status, "headers": (("Location", location),) if location else (),
    }  # fmt: skip
    return Exchange(**{**fields, **facts})  # type: ignore[arg-type]


def https(text: str, certificate: str = "") -> Answer:
    return Answer("https", ADDRESS, "", text, certificate)


def test_the_same_answer_is_no_difference() -> None:
    assert expectation(evidence(page(200))).difference([https("200")]) == ""


def test_another_status_is_named_with_the_one_before() -> None:
    expected = expectation(evidence(page(200)))
    assert expected.difference([https("503")]) == f"https {ADDRESS}: 503, was 200"


def test_what_is_answered_now_and_then_is_expected() -> None:
    expected = expectation(evidence(page(200), page(502, purpose="again")))
    assert expected.difference([https("502")]) == expected.difference([https("200")]) == ""


def test_the_query_of_a_redirect_varies() -> None:
    first = outcome(None, 302, (("Location", "https://login.example.com/?state=1"),))
    second = outcome(None, 302, (("location", "https://login.example.com/?state=2"),))
    assert first == second == "302 https://login.example.com/"


def test_a_status_that_redirects_nobody_has_no_place() -> None:
    assert outcome(None, 201, (("Location", "/orders/1"),)) == "201"


def test_a_verification_that_fails_for_another_reason_differs() -> None:
    expired = outcome(Failure("certificate", "certificate has expired", 10))
    assert (expired, outcome(REFUSED)) == ("certificate 10", "refused")


def test_only_what_was_seen_is_asked() -> None:
    plain = Connection(address=ADDRESS, port=80, family=4, purpose="plain", failure=REFUSED)
    expected = expectation(evidence(page(200), plain))
    assert set(expected.questions(ADDRESS)) == {("https", ""), ("http", "")}
    assert expected.questions("203.0.113.99") == ()


def test_a_control_of_another_port_is_no_question() -> None:
    control = Connection(address=ADDRESS, port=22, family=4, purpose="control", failure=REFUSED)
    assert expectation(evidence(control)).questions(ADDRESS) == ()


@pytest.mark.parametrize("variant", ["no-origin", "subprotocol", "session"])
def test_variants_of_a_websocket_say_nothing(variant: str) -> None:
    upgrade = Upgrade(
        url="wss://shop.example.com/ws", path="/ws", address=ADDRESS, port=443, status=101,
        variant=variant,  # type: ignore[arg-type]
    )  # fmt: skip
    assert expectation(evidence(upgrade)).questions(ADDRESS) == ()


def test_what_the_server_sees_of_itself_is_not_expected_of_visitors() -> None:
    seen = page(500, vantage=Vantage.SERVER)
    assert expectation(evidence(page(200), seen)).difference([https("500")])
