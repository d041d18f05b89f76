import pytest

from diagnose.model.view import View
from diagnose.outputs.terminal import cell_len
from diagnose.tui import header_text


def test_the_title_has_the_url_and_the_marks_give_way_to_it() -> None:
    marks = ["masked", "", "run 3"]
    assert header_text.title_line("https://a.example/", marks, View(width=40)).split("  ")[0] == (
        "https://a.example/"
    )
    assert header_text.title_line("https://a.example/", marks, View(width=40)).endswith(
        "masked  run 3"
    )
    assert header_text.title_line(f"https://{'a' * 60}/", marks, View(width=40)).endswith("…")
    assert cell_len(header_text.title_line(f"https://{'a' * 60}/", marks, View(width=40))) == 40


@pytest.mark.parametrize(("plain", "marks"), [(False, "▁▄█ "), (True, "_-# ")])
def test_sparks_are_as_high_as_their_values(plain: bool, marks: str) -> None:
    assert header_text.sparkline([0.0, 0.5, 1.0, None], plain)[::2] == marks[::2]
    assert header_text.sparkline([0.0, 0.5, 1.0, None], plain)[3] == " "
    assert header_text.sparkline([0.0, 0.0], plain) == marks[0] * 2
