"""What stands where: in every size and both languages nothing is wider than its place, and a run of
five hundred observations is drawn a few times."""

import re

import pytest
from textual.pilot import Pilot
from textual.widgets import OptionList, Static

from diagnose.model.events import Observed
from diagnose.outputs.terminal import cell_len
from diagnose.tui.app import DiagnoseApp
from diagnose.tui.screens.site import TALL, XWIDE
from tests.support.report_builder import healthy, mended
from tests.support.tui_driver import Stage, drive, settled, shown, site, until

SIZES = [(60, 18), (80, 24), (100, 30), (140, 40), (200, 50)]


@pytest.mark.parametrize("plain", [False, True], ids=["unicode", "ascii"])
@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("size", SIZES)
def test_no_line_is_wider_than_its_place(lang: str, size: tuple[int, int], plain: bool) -> None:
    async def work(app: DiagnoseApp, pilot: Pilot[str]) -> None:
        await pilot.press("r")
        await settled(app, pilot)
        if size[0] >= XWIDE and size[1] >= TALL:
            await pilot.press("l")
        for key in "1234":
            await pilot.press(key)
            for line in shown(app, "#scroll").splitlines():
                code = re.match(r" *(\$|--|\+\+|.*: diagnose )", line)  # never cut: it is folded
                assert code or cell_len(line) <= site(app).text_width() - 2, (key, line)
        log = ("#log",) if app.screen.query("#log") else ()
        for where in ("#head", "#strip", "#news", "#keys", "#tabs", *log):
            assert all(cell_len(line) <= size[0] for line in shown(app, where).splitlines()), where
        for where in ("#side", "#list", "#layers"):
            for widget in app.screen.query(where):
                assert not widget.display or widget.virtual_size.width <= widget.size.width, where

    drive(work, Stage(), lang, size, plain=plain)


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_no_line_of_the_list_of_targets_is_wider_than_the_screen(lang: str) -> None:
    async def work(app: DiagnoseApp, pilot: Pilot[str]) -> None:
        await pilot.press("t")
        await pilot.pause()
        option = app.screen.query_one("#choices").get_option_at_index(0)  # type: ignore[attr-defined]
        assert all(cell_len(line) <= 80 for line in str(option.prompt).splitlines())

    drive(work, Stage(), lang)


@pytest.mark.parametrize(
    ("size", "places"),
    [
        ((80, 24), {"list", "scroll"}),
        ((100, 30), {"list", "scroll", "side"}),
        ((140, 30), {"list", "scroll", "side", "layers"}),
        ((140, 40), {"list", "scroll", "side", "layers"}),
    ],
)
def test_a_larger_screen_has_more_beside_the_text(size: tuple[int, int], places: set[str]) -> None:
    async def work(app: DiagnoseApp, pilot: Pilot[str]) -> None:
        panes = app.screen.query("#list, #scroll, #side, #layers, #log")
        assert {pane.id for pane in panes if pane.size.area} == places

    drive(work, Stage(), size=size)


def test_the_screen_follows_the_terminal_when_its_size_changes() -> None:
    async def work(app: DiagnoseApp, pilot: Pilot[str]) -> None:
        await pilot.resize_terminal(140, 40)
        await until(pilot, lambda: bool(app.screen.query("#layers")))
        layers = app.screen.query_one("#layers", OptionList)
        await until(pilot, lambda: layers.option_count > 3)
        panes = app.screen.query("#side, #layers")
        await until(pilot, lambda: sum(bool(pane.size.area) for pane in panes) == 2)
        assert "TCP" in str(layers.get_option_at_index(3).prompt)
        await pilot.resize_terminal(60, 18)
        await until(
            pilot, lambda: all(cell_len(one) <= 60 for one in shown(app, "#head").split("\n"))
        )

    drive(work, Stage())


def test_five_hundred_observations_are_few_paints_and_typing_goes_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What lies in the queue is taken at one go."""

    async def work(app: DiagnoseApp, pilot: Pilot[str]) -> None:
        session, drawn = app.sessions[0], []
        real = site(app).draw

        def draw() -> None:
            drawn.append(1)
            real()

        monkeypatch.setattr(app.screen, "draw", draw)
        seen = mended().evidence.observations[1]
        session.run_state.final_report, session.run_state.ended = None, False
        for number in range(500):
            session._messages.put(Observed(seen, number))
        await pilot.press("slash", *"shut")
        await until(pilot, session._messages.empty)
        assert app.screen.query_one("#filter").value == "shut"  # type: ignore[attr-defined]
        assert len(drawn) < 30

    drive(work, Stage())


def test_the_filter_counts_the_findings_that_match() -> None:
    async def work(app: DiagnoseApp, pilot: Pilot[str]) -> None:
        await pilot.press("slash")
        matches = app.screen.query_one("#matches", Static)
        assert not matches.display
        await pilot.press(*"no such text")
        await until(pilot, lambda: str(matches.content) == "0/2")
        assert matches.display
        await pilot.press("escape")
        await until(pilot, lambda: not matches.display)

    drive(work, Stage())


def test_a_healthy_site_is_one_green_line_and_its_layers() -> None:
    async def work(app: DiagnoseApp, pilot: Pilot[str]) -> None:
        assert "✓ OK" in shown(app, "#head")
        assert not app.screen.query_one("#list").display
        assert "healthy" in shown(app, "#scroll")

    drive(work, Stage(healthy()))
