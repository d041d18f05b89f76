from diagnose.model import Unseen
from diagnose.model.view import View
from diagnose.outputs.evidence_gaps import evidence_gaps
from tests.support.report_builder import report


def test_a_gap_is_told_once() -> None:
    unseen = Unseen(what="the firewall", why="needs-root")
    gaps = evidence_gaps(report(unseen, unseen), View())
    assert [gap.what for gap in gaps].count("the firewall") == 1
