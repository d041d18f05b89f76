from diagnose.model.view import View
from diagnose.tui import dialog_text
from tests.support.report_builder import healthy, mended


def test_two_equal_runs_have_no_difference() -> None:
    text = dialog_text.comparison_text(mended(), mended(), (), View(width=80))
    assert "Nothing has changed." in text


def test_a_fix_without_an_edit_changes_no_file() -> None:
    found = mended().findings
    assert dialog_text.fix_diffs(found[0]).startswith("--- /etc/nginx/conf.d/shop.conf")
    assert dialog_text.fix_diffs(found[1]) == ""


def test_layers_that_are_skipped_for_one_reason_are_one_line() -> None:
    lines = dialog_text.skipped_text(healthy(), View(width=80)).splitlines()
    (inside,) = [line for line in lines if "needs a look inside" in line]
    assert inside.startswith("- listener, firewall, nginx")
