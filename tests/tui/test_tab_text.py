from diagnose.model.view import View
from diagnose.tui import tab_text
from tests.support.report_builder import healthy


def test_the_short_timeline_has_a_line_for_each_layer_that_was_looked_at() -> None:
    made = tab_text.new_page(View(width=30))
    tab_text.add_layer_bars(made, healthy(), View(width=30))
    assert [line.split()[0] for line in made.lines[:-1]] == ["DNS", "TCP", "TLS", "HTTP"]
    assert made.lines[-1].split() == ["0", "60", "ms"]


def test_the_strip_leaves_the_times_out_before_it_takes_a_third_line() -> None:
    assert "ms" in tab_text.strip_text(healthy(), View(width=80))
    narrow = tab_text.strip_text(healthy(), View(width=32))
    assert "ms" not in narrow
    assert narrow.count("\n") == 2
