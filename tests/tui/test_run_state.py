from dataclasses import replace

from diagnose.checking.root_cause import findings
from diagnose.model import Ignore, Severity
from diagnose.model.events import Concluded, Observed, Wait, Waiting
from diagnose.tui.run_state import RunState, finding_rows
from tests.support.check_evidence import SHOP
from tests.support.report_builder import NAME, check, healthy, mended, refusal, refused


def test_the_symptoms_are_listed_under_their_cause() -> None:
    assert [(finding_row.check.id, depth) for finding_row, depth in finding_rows(mended())] == [
        ("nginx.door-locked", 0),
        ("tcp.door-shut", 1),
    ]


def test_a_run_under_way_is_shown_as_far_as_it_is() -> None:
    live = RunState(SHOP)
    live.apply(Observed(NAME, 1))
    assert live.report.evidence.observations == (NAME,)
    assert live.report.findings == ()
    live.apply(Concluded(concluded := healthy()))
    assert live.report is concluded


def test_what_is_ignored_comes_last_and_is_no_root_cause() -> None:
    ignore = Ignore("tcp.door-shut", None, "moves")
    raised = (
        (check("tcp.door-shut"), refusal()),
        (check("http.slow", Severity.WARNING), refusal()),
        (check("dns.note", Severity.NOTE), refusal()),
    )
    made = replace(refused(), findings=findings(raised, (ignore,)), ignores=(ignore,))
    rows = finding_rows(made)
    assert [finding.check.id for finding, _ in rows] == ["http.slow", "dns.note", "tcp.door-shut"]


def test_what_is_waited_for_is_the_last_that_was_told() -> None:
    state, wait = RunState(SHOP), Wait("connection", "192.0.2.1", 443, 3.0, 8.0)
    state.apply(Waiting((wait,)))
    assert list(state.waits) == [wait]
    state.apply(Waiting(()))
    assert not state.waits
