import pytest

from diagnose.model.view import View
from diagnose.outputs.terminal import cell_len
from diagnose.tui import header_text
from tests.support.report_builder import healthy


def test_the_first_line_has_the_url_and_the_verdict_and_the_marks_give_way() -> None:
    marks, view = ["masked", "", "run 3"], View(width=80)
    line = header_text.head_line(healthy(), marks, view, running=False)
    assert line.split("  ")[0] == "https://shop.example.com/"
    assert "masked  run 3" in line
    assert line.endswith("✓ OK  0.31 s")
    assert cell_len(line) == 80
    narrow = header_text.head_line(healthy(), marks, View(width=30), running=False)
    assert narrow.startswith("https://shop.e")
    assert narrow.endswith("…  ✓ OK  0.31 s")
    assert cell_len(narrow) == 30


def test_the_first_line_says_that_the_run_goes_on() -> None:
    line = header_text.head_line(healthy(), [], View(width=60), running=True)
    assert line.endswith("running ...")


@pytest.mark.parametrize(("plain", "marks"), [(False, "▁▄█ "), (True, "_-# ")])
def test_sparks_are_as_high_as_their_values(plain: bool, marks: str) -> None:
    assert header_text.sparkline([0.0, 0.5, 1.0, None], plain)[::2] == marks[::2]
    assert header_text.sparkline([0.0, 0.5, 1.0, None], plain)[3] == " "
    assert header_text.sparkline([0.0, 0.0], plain) == marks[0] * 2
