import os
import threading
from pathlib import Path

import pytest
from textual.pilot import Pilot

from diagnose.tui.app import DiagnoseApp
from diagnose.tui.screens.choice import ChoiceDialog
from diagnose.tui.screens.site import SiteScreen
from diagnose.tui.screens.start import StartScreen
from diagnose.tui.screens.text_dialog import TextDialog
from diagnose.tui.session import Session
from tests.support.check_evidence import SHOP
from tests.support.tui_driver import (
    MASKED,
    Stage,
    drive,
    notes,
    shown,
    site,
    until,
)

FORMATS = ("json", "md", "html", "txt", "ndjson", "svg")


@pytest.mark.parametrize("suffix", FORMATS)
def test_e_exports(suffix: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def work(app: DiagnoseApp, pilot: Pilot[str]) -> None:
        await pilot.press("e")
        assert isinstance(app.screen, ChoiceDialog)
        await pilot.press(*["j"] * FORMATS.index(suffix), "enter")
        await pilot.pause()

    monkeypatch.chdir(tmp_path)
    drive(work, Stage())
    (saved,) = tmp_path.iterdir()
    assert saved.suffix == f".{suffix}"
    text = saved.read_text("utf-8")
    assert "door-locked" in text or (suffix == "ndjson" and '"kind": "Connection"' in text)
    assert ("shop.example.com" in text) is (suffix not in {"ndjson"})


def test_an_export_is_never_written_over_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def work(app: DiagnoseApp, pilot: Pilot[str]) -> None:
        await pilot.press("S", "S", "S")

    monkeypatch.chdir(tmp_path)
    drive(work, Stage())
    assert len(list(tmp_path.glob("*.svg"))) == 3
    assert all(one.read_text("utf-8").startswith("<svg") for one in tmp_path.iterdir())


def test_an_export_that_cannot_be_saved_is_said(tmp_path: Path) -> None:
    async def work(app: DiagnoseApp, pilot: Pilot[str]) -> None:
        gone.rmdir()
        await pilot.press("S")
        assert any("Not saved" in note for note in notes(app))

    gone = tmp_path / "gone"
    gone.mkdir()
    here = Path.cwd()
    os.chdir(gone)
    try:
        drive(work, Stage())
    finally:
        os.chdir(here)


def test_p_masks_and_shows_nothing_until_it_is_masked() -> None:
    async def work(app: DiagnoseApp, pilot: Pilot[str]) -> None:
        stage.masks = threading.Event()
        await pilot.press("p")
        assert "shop.example.com" not in whole(app)
        await pilot.press("e")
        assert any("being masked" in note for note in notes(app))
        stage.masks.set()
        await until(pilot, lambda: MASKED.url in shown(app, "#head"))
        await pilot.press("p")
        assert SHOP.url in shown(app, "#head")

    stage = Stage()
    drive(work, stage, size=(140, 40))
    assert stage.maskings == 1


def whole(app: DiagnoseApp) -> str:
    places = ("#head", "#strip", "#news", "#scroll", "#side", "#log")
    return "\n".join(shown(app, where) for where in places if app.screen.query(where))


def test_what_was_masked_stays_masked_in_the_scrollback() -> None:
    async def work(app: DiagnoseApp, pilot: Pilot[str]) -> None:
        await pilot.press("p")
        await until(pilot, lambda: app.sessions[0].masked is not None)
        ((left, _),) = app.final_reports()
        assert left.evidence.target == MASKED

    drive(work, Stage())


def test_L_changes_the_language_where_one_is() -> None:
    async def work(app: DiagnoseApp, pilot: Pilot[str]) -> None:
        await pilot.press("2", "L")
        assert "严重" in shown(app, "#head")
        assert "重跑" in shown(app, "#keys")
        assert site(app).tab == "evidence"
        await pilot.press("L")
        assert "CRITICAL" in shown(app, "#head")

    drive(work, Stage())


@pytest.mark.parametrize(
    ("key", "left"),
    [("q", "report"), ("Q", "silently"), ("ctrl+q", "report"), ("ctrl+c", "report")],
)
def test_the_ways_to_leave(key: str, left: str) -> None:
    async def work(app: DiagnoseApp, pilot: Pilot[str]) -> None:
        await pilot.press(key)

    assert drive(work, Stage()) == left


def test_a_screen_is_drawn_once_until_something_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[SiteScreen] = []
    real = SiteScreen.draw

    def draw(screen: SiteScreen) -> None:
        drawn.append(screen)
        real(screen)

    monkeypatch.setattr(SiteScreen, "draw", draw)

    async def work(app: DiagnoseApp, pilot: Pilot[str]) -> None:
        assert app.screen_stack == [site(app)]
        before = len(drawn)
        assert before <= 2, "at first, and with the report"
        await pilot.press("question_mark", "escape")
        await pilot.pause()
        assert len(drawn) == before + 1
        await pilot.resize_terminal(120, 30)
        await pilot.pause()
        assert len(drawn) == before + 2

    drive(work, Stage())


def test_nothing_is_drawn_while_the_program_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    """A report may come when the widgets of the screen are gone already."""
    drawn: list[SiteScreen] = []

    async def work(app: DiagnoseApp, pilot: Pilot[str]) -> None:
        with monkeypatch.context() as changed:
            changed.setattr(SiteScreen, "redraw", lambda screen: drawn.append(screen))
            changed.setattr(Session, "drain", lambda _: True)
            app.drain()
            assert drawn
            drawn.clear()
            changed.setattr(DiagnoseApp, "is_running", False)
            app.drain()
            assert drawn == []

    drive(work, Stage())


def test_ctrl_c_copies_what_is_selected() -> None:
    async def work(app: DiagnoseApp, pilot: Pilot[str]) -> None:
        app.screen.query_one("#head").text_select_all()
        await pilot.pause()
        await pilot.press("ctrl+c")
        assert isinstance(app.screen, TextDialog)
        assert "CRITICAL" in shown(app, "#sheet")
        await pilot.press("escape")
        assert isinstance(app.screen, SiteScreen)

    drive(work, Stage())


def test_t_takes_another_target_and_reads_it_generously() -> None:
    async def work(app: DiagnoseApp, pilot: Pilot[str]) -> None:
        await pilot.press("t")
        assert isinstance(app.screen, StartScreen)
        await pilot.press(*"shop.example.com:8443", "enter")
        await pilot.pause()
        assert site(app).session.target.port == 8443
        await pilot.press("t")
        assert isinstance(app.screen, StartScreen)
        await pilot.press("down", "enter")
        await pilot.pause()
        assert isinstance(app.screen, SiteScreen)

    drive(work, Stage())
