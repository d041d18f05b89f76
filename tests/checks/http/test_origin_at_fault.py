from dataclasses import replace

from diagnose.model import Severity
from tests.support.check_evidence import judge
from tests.support.origin_evidence import EDGE_NAME, FAILED, edge, origin

CHECK = "http.origin-at-fault"
DOWN = (FAILED, replace(FAILED, again=True))


def test_fires_where_both_sides_fail() -> None:
    (claim,) = judge(CHECK, EDGE_NAME, edge(502), *DOWN)
    assert claim.severity is Severity.ERROR
    assert claim.facts["reason"] == "Connection refused"


def test_fires_as_a_note_where_the_edge_passes_the_error_on() -> None:
    (claim,) = judge(CHECK, EDGE_NAME, edge(500), origin(500), origin(500, again=True))
    assert claim.severity is Severity.NOTE


def test_fires_as_a_note_where_the_server_lets_only_the_edge_in() -> None:
    (claim,) = judge(CHECK, EDGE_NAME, edge(200), *DOWN)
    assert claim.severity is Severity.NOTE
    assert claim.fix is None


def test_silent_where_the_origin_answers() -> None:
    assert not judge(CHECK, EDGE_NAME, edge(502), origin())
    assert not judge(CHECK, EDGE_NAME, edge(200), origin(404), origin(404, again=True))


def test_silent_where_the_edge_refuses_or_was_not_reached() -> None:
    assert not judge(CHECK, EDGE_NAME, edge(403), *DOWN)
    assert not judge(CHECK, EDGE_NAME, *DOWN)
