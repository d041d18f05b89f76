import re
from dataclasses import replace

import pytest

from diagnose.model import Observation
from diagnose.model.view import View
from diagnose.outputs.document import ReportContext
from diagnose.outputs.html_observations import observations_section, timeline_section
from tests.support.report_builder import CLOSED, NAME, SERVER, report


def context(*observations: Observation, lang: str = "en") -> ReportContext:
    return ReportContext(report(*observations), View(lang=lang), "t1-")


def timeline(*observations: Observation) -> str:
    return timeline_section(context(*observations)) or ""


def table(*observations: Observation, lang: str = "en") -> str:
    return observations_section(context(*observations, lang=lang)) or ""


def test_of_nothing_there_is_no_section() -> None:
    assert timeline_section(context()) is None
    assert observations_section(context()) is None


def test_both_are_folded_and_say_how_many_there_are() -> None:
    for made, heading in ((timeline(NAME, CLOSED), "Timeline"), (table(NAME), "All observations")):
        assert made.startswith("<details")
        assert f"<h2>{heading}</h2> ({made.count('digest')})</summary>" in made


def test_each_look_has_a_bar_on_the_axis_of_the_whole_run() -> None:
    made = timeline(NAME, replace(CLOSED, at=0.1, took=0.1))
    assert re.findall(r'style="([^"]*)"', made) == [
        "margin-left:1.00%;width:1.00%",
        "margin-left:50.00%;width:50.00%",
    ]
    assert re.findall(r'class="(bar[^"]*)"', made) == ["bar", "bar failed"]
    assert re.findall(r'class="time">([^<]*)', made) == ["2 ms", "2 ms", "100 ms", "100 ms"]


@pytest.mark.parametrize("number", [float("nan"), float("inf"), -1.0, 1e300])
def test_a_number_that_is_none_draws_no_bar_out_of_the_picture(number: float) -> None:
    made = timeline(NAME, replace(CLOSED, at=number, took=number))
    styles = re.findall(r'style="([^"]*)"', made)
    assert len(styles) == 2
    for style in styles:
        match = re.fullmatch(r"margin-left:([\d.]+)%;width:([\d.]+)%", style)
        assert match
        assert float(match[1]) + float(match[2]) < 100.02


def test_the_timeline_begins_with_what_was_seen_first_and_the_table_keeps_its_order() -> None:
    late, early = replace(CLOSED, at=0.9), replace(NAME, at=0.1)
    assert timeline(late, early).index("shop.example.com") < timeline(late, early).index("refused")
    assert table(late, early).index("refused") < table(late, early).index("shop.example.com")


def test_a_row_has_its_anchor_its_layer_where_it_was_seen_and_the_command() -> None:
    first, second = table(CLOSED, SERVER, lang="zh").split("<tr>")[2:]
    assert '<th scope="row" id="t1-o1">o1</th><td>TCP</td>' in first
    assert "Connection, 本机" in first
    assert f'<code class="same">{CLOSED.equivalent}</code>' in first
    assert 'id="t1-o2"' in second
    assert "Host, 服务器上" in second
    assert 'class="same"' not in second


def test_what_a_server_wrote_is_text() -> None:
    hostile = replace(NAME, name="<b>", equivalent='dig "</code><script>"\x1b')
    for made in (table(hostile), timeline(hostile)):
        assert "&lt;b&gt;" in made
        assert not re.search("<b>|<script>|\x1b", made)
