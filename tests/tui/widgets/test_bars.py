import pytest
from textual.pilot import Pilot

from diagnose.outputs.terminal import cell_len
from diagnose.tui.app import DiagnoseApp
from diagnose.tui.keys import SITE_KEYS
from tests.support.report_builder import refused
from tests.support.tui_driver import (
    Stage,
    drive,
    settled,
    shown,
)


def test_a_key_of_the_line_below_can_be_clicked() -> None:
    async def work(app: DiagnoseApp, pilot: Pilot[str]) -> None:
        await pilot.click("#keys", offset=(2, 0))
        await settled(app, pilot)

    stage = Stage()
    drive(work, stage)
    assert len(stage.asked) == 2


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize(("width", "count"), [(60, 0), (80, 3), (100, 1)])
def test_as_many_hints_stand_beside_the_tabs_as_fit(lang: str, width: int, count: int) -> None:
    async def work(app: DiagnoseApp, pilot: Pilot[str]) -> None:
        line = shown(app, "#tabs").rstrip()
        assert cell_len(line) <= width
        hints = app.say("hints.answer").split("  ")
        assert line.endswith("  ".join(hint for hint in hints if hint in line))
        assert len([hint for hint in hints if hint in line]) >= count

    drive(work, Stage(), lang, (width, 24))


def test_only_keys_that_do_something_stand_beside_the_tabs() -> None:
    async def work(app: DiagnoseApp, pilot: Pilot[str]) -> None:
        hints = app.say("hints.answer").split("  ")
        tabs = shown(app, "#tabs")
        hidden = [hint for hint in hints if hint not in tabs]
        assert hidden == hints[:3], "by hand: nothing to copy or apply, and no change of a file"

    drive(work, Stage(refused()), size=(140, 40))


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("width", [60, 80, 100, 140])
def test_the_line_of_keys_fits_and_at_80_the_first_eight_are_there(lang: str, width: int) -> None:
    async def work(app: DiagnoseApp, pilot: Pilot[str]) -> None:
        line = shown(app, "#keys")
        assert cell_len(line.rstrip()) <= width
        if width == 80:
            assert all(one.hint(lang) in line for one in SITE_KEYS[:8])

    drive(work, Stage(), lang, (width, 24))
