from dataclasses import replace

from diagnose.model import Confidence, Severity
from diagnose.model.dns import Resolution
from diagnose.model.http import Exchange
from tests.support.check_evidence import REFUSED, judge
from tests.support.origin_evidence import EDGE_NAME, FAILED, ORIGIN, edge, origin
from tests.support.tcp_evidence import attempt

CHECK = "http.edge-at-fault"


def test_fires_where_the_edge_alone_fails() -> None:
    (claim,) = judge(CHECK, EDGE_NAME, edge(502), origin())
    assert claim.severity is Severity.ERROR
    assert claim.confidence is Confidence.CERTAIN
    assert (claim.facts["status"], claim.facts["own_status"]) == (502, 200)


def test_fires_where_the_edge_refuses_connections() -> None:
    (claim,) = judge(CHECK, EDGE_NAME, attempt("198.51.100.80", failure=REFUSED), origin())
    assert claim.facts["reason"] == "Connection refused"


def test_fires_as_a_warning_where_the_edge_refuses_visitors() -> None:
    (claim,) = judge(CHECK, EDGE_NAME, edge(403), origin())
    assert claim.severity is Severity.WARNING


def test_silent_where_both_answer_or_both_fail() -> None:
    assert not judge(CHECK, EDGE_NAME, edge(200), origin())
    assert not judge(CHECK, EDGE_NAME, edge(502), origin(502), origin(502, again=True))
    assert not judge(CHECK, EDGE_NAME, edge(502), FAILED, replace(FAILED, again=True))


def test_silent_where_the_origin_answers_only_sometimes() -> None:
    assert not judge(CHECK, EDGE_NAME, edge(502), origin(502), origin(200, again=True))


def test_silent_where_the_origin_is_the_names_own_address() -> None:
    direct = Resolution(name="shop.example.com", family=4, addresses=(ORIGIN,))
    assert not judge(CHECK, direct, edge(502), origin())


def test_silent_about_a_refusal_of_what_only_this_machine_sent() -> None:
    assert not judge(CHECK, EDGE_NAME, edge(403), origin(anonymous=True))


def test_silent_without_an_answer_from_the_edge() -> None:
    redirected = Exchange(
        url="https://shop.example.com/x", address="198.51.100.80", port=443, status=500,
        redirected_from="https://shop.example.com/",
    )  # fmt: skip
    assert not judge(CHECK, EDGE_NAME, redirected, origin())
