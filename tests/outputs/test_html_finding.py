from dataclasses import replace

from diagnose.model import Command, Edit, Effect, Fix, Report
from diagnose.model.view import View
from diagnose.outputs.document import ReportContext
from diagnose.outputs.html_finding import cause_section, finding_marks
from tests.support.report_builder import CLOSED, DIFF, check, mended, refusal, report


def section(made: Report) -> str:
    return cause_section(ReportContext(made, View(), "t1-"), made.causes[0])


def test_a_cause_is_a_section_named_by_its_title() -> None:
    made = section(mended())
    anchor = f"t1-{mended().causes[0].id}"
    assert f'<section class="cause error" aria-labelledby="{anchor}">' in made
    assert f'<h2 id="{anchor}">' in made
    assert "<mark>listen</mark>" in made
    assert "<h3>What follows from it</h3>" in made


def test_the_fourth_piece_of_evidence_is_folded() -> None:
    many = refusal(because=tuple(replace(CLOSED, port=port) for port in range(1, 6)))
    made = section(report(raised=((check("tcp.door-shut"), many),)))
    visible, _, folded = made.partition("<summary>2 more</summary>")
    assert (visible.count('class="digest"'), folded.count('class="digest"')) == (3, 2)


def test_a_diff_is_coloured_and_a_command_says_its_undo() -> None:
    undone = Command(("nft", "add", "x"), Effect.CHANGE, undo=("nft", "delete", "x"))
    fix = Fix((Edit("/etc/nginx/conf.d/shop.conf", DIFF), undone))
    made = section(report(CLOSED, raised=((check("tcp.door-shut"), refusal(fix=fix)),)))
    assert "    listen 443 ssl;" in made
    assert "nft delete x" in made


def test_the_marks_are_severity_check_confidence_and_subject() -> None:
    made = finding_marks(mended().causes[0], "zh")
    assert '<li class="severity">错误</li>' in made
    assert "<code>nginx.door-locked</code>" in made
    assert "可信度: 确定" in made
