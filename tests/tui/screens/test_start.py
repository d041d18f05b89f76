import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from diagnose.history import KnownTarget
from diagnose.parsers.target import UsageError, parse_target
from diagnose.tui.app import DiagnoseApp
from diagnose.tui.messages import LocalSites
from diagnose.tui.screens import start
from diagnose.tui.screens.start import StartScreen
from diagnose.tui.session import Session
from tests.support.check_evidence import SHOP
from tests.support.tui_driver import (
    Stage,
    chosen,
    drive,
    notes,
    settled,
    shown,
    until,
)


def test_the_sites_of_the_server_are_listed_with_their_state() -> None:
    async def work(app: DiagnoseApp, pilot: Pilot[str]) -> None:
        await settled(app, pilot)
        assert "nginx serves" in shown(app, "#told")
        assert "CRITICAL" in listed(app)
        await pilot.press("enter")
        assert chosen(app) == "nginx.door-locked"

    stage = Stage()
    stage.own = (SHOP,)
    drive(work, stage, start=True)


def test_a_problem_stands_whole_where_all_of_them_do() -> None:
    title = "the door is locked " * 6

    async def work(app: DiagnoseApp, pilot: Pilot[str]) -> None:
        await settled(app, pilot)
        assert " ".join(listed(app).split()).endswith(title.strip())
        app.sessions += [app.sessions[0]] * 12
        assert isinstance(app.screen, StartScreen)
        app.screen.draw()
        assert listed(app).endswith("…")

    stage = Stage()
    stage.own = (SHOP,)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(start, "verdict_sentence", lambda report, lang: title)
        drive(work, stage, start=True)


def listed(app: DiagnoseApp) -> str:
    return str(app.screen.query_one("#choices").get_option_at_index(0).prompt)  # type: ignore[attr-defined]


def test_where_sites_cannot_be_found_that_is_said() -> None:
    async def work(app: DiagnoseApp, pilot: Pilot[str]) -> None:
        assert "No site" in shown(app, "#told")

    async def broken(channel: object) -> None:
        raise OSError("no")

    stage = Stage()
    stage.behind.executor._services["sites"] = broken  # type: ignore[attr-defined]
    drive(work, stage, start=True)


def test_one_that_was_not_looked_at_is_when_it_is_opened() -> None:
    async def work(app: DiagnoseApp, pilot: Pilot[str]) -> None:
        app.sessions.append(Session(SHOP, stage.behind))
        assert isinstance(app.screen, StartScreen)
        app.screen.draw()
        assert "not checked yet" in listed(app)
        assert stage.asked == []
        app.screen.query_one("#choices").focus()
        await pilot.press("enter")
        await until(pilot, lambda: len(stage.asked) == 1)

    stage = Stage()
    drive(work, stage, start=True)


def test_what_was_looked_at_before_does_not_take_the_line_from_who_types() -> None:
    async def work(app: DiagnoseApp, pilot: Pilot[str]) -> None:
        assert "No site" in shown(app, "#told")
        assert "CRITICAL" in listed(app)
        assert "✓✗" in listed(app)
        assert app.focused is not None
        assert app.focused.id == "input"

    stage = Stage()
    known = KnownTarget(SHOP.url, (), "", "critical", "2026-11-24T12:00:00Z", ("ok", "critical"))
    stage.earlier = ((SHOP, known),)
    drive(work, stage, start=True)

    async def drawn_after_it_was_known(app: DiagnoseApp, pilot: Pilot[str]) -> None:
        await app.push_screen(StartScreen())
        await settled(app, pilot)
        await work(app, pilot)

    drive(drawn_after_it_was_known, stage, start=True)


def test_sites_found_while_somebody_types_do_not_take_the_line_from_them() -> None:
    async def work(app: DiagnoseApp, pilot: Pilot[str]) -> None:
        await pilot.press("w")
        app._site_messages.put(LocalSites((SHOP,)))
        app.drain()
        await pilot.press("w")
        assert SHOP.url in listed(app)
        assert app.screen.query_one("#input", Input).value == "ww"

    drive(work, Stage(), start=True)


def test_a_target_that_cannot_be_read_is_said() -> None:
    async def work(app: DiagnoseApp, pilot: Pilot[str]) -> None:
        await pilot.press(*"https://", "enter")
        assert isinstance(app.screen, StartScreen)
        with pytest.raises(UsageError) as raised:
            parse_target("https://")
        assert str(raised.value) in notes(app)

    drive(work, Stage(), start=True)
