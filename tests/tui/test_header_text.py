import pytest

from diagnose.checking.verdicts import Status
from diagnose.i18n import LANGUAGES
from diagnose.model.view import View
from diagnose.outputs.terminal import Page, cell_len
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


def test_a_mark_stands_whole_or_not_at_all() -> None:
    marks = ["a demonstration", "run 3", "masked"]
    for width, shown in (
        (74, "a demonstration  run 3  masked"),
        (70, "run 3  masked"),
        (52, "masked"),
    ):
        line = header_text.head_line(healthy(), marks, View(width=width), running=False)
        middle = line.removeprefix("https://shop.example.com/").removesuffix("✓ OK  0.31 s")
        assert middle.strip() == shown


def test_the_first_line_says_that_the_run_goes_on() -> None:
    line = header_text.head_line(healthy(), [], View(width=60), running=True)
    assert line.endswith("running ...")


@pytest.mark.parametrize(("plain", "marks"), [(False, "▁▄█ "), (True, "_-# ")])
def test_sparks_are_as_high_as_their_values(plain: bool, marks: str) -> None:
    assert header_text.sparkline([0.0, 0.5, 1.0, None], plain)[::2] == marks[::2]
    assert header_text.sparkline([0.0, 0.5, 1.0, None], plain)[3] == " "
    assert header_text.sparkline([0.0, 0.0], plain) == marks[0] * 2


@pytest.mark.parametrize("width", [20, 25, 60, 80])
@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_history_keeps_to_its_place_and_shows_the_last_runs(width: int, lang: str) -> None:
    failure: Status = "critical"
    statuses: list[Status] = [*[failure] * 39, "ok"]
    times = [None, *(number / 1000 for number in range(1, 40))]
    view = View(width=width, lang=lang)
    page = Page(width)
    header_text.add_history(page, statuses, times, lang)
    line = header_text.history_line(statuses, times, view)
    for text in (line, *page.lines):
        assert cell_len(text) <= width
    assert page.lines[0].endswith("✗✓")
    if width >= 60:
        assert "✗✓  " in line
        assert "█" in line
        assert "39 ms" in line


def test_one_run_alone_has_no_range() -> None:
    assert header_text.history_line(["ok"], [0.003], View()) == "✓"
