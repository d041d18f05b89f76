from diagnose.model.events import Concluded, Observed
from diagnose.tui.run_state import RunState, finding_rows
from tests.support.check_evidence import SHOP
from tests.support.report_builder import NAME, healthy, mended


def test_the_symptoms_are_listed_under_their_cause() -> None:
    assert [(one.check.id, depth) for one, depth in finding_rows(mended())] == [
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
