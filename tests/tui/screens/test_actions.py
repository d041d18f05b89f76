import pytest
from textual.pilot import Pilot

from diagnose.model import Applicability, Fix, Severity, commands
from diagnose.tui.app import DiagnoseApp
from diagnose.tui.screens.input_dialog import InputDialog
from diagnose.tui.screens.site import SiteScreen
from diagnose.tui.screens.text_dialog import TextDialog
from tests.support.report_builder import (
    check,
    healthy,
    mended,
    refusal,
    report,
)
from tests.support.tui_driver import (
    Stage,
    drive,
    notes,
    settled,
    shown,
    until,
)


def test_r_looks_again_and_the_screen_turns_green() -> None:
    async def work(app: DiagnoseApp, pilot: Pilot[str]) -> None:
        await pilot.press("r")
        await settled(app, pilot)
        assert "OK" in shown(app, "#head")
        assert app.sessions[0].statuses == ["critical", "ok"]

    stage = Stage(mended(), healthy())
    drive(work, stage)
    assert [one.only for one in stage.asked] == [(), ()]


def test_f_judges_the_failed_layers_alone_and_says_so() -> None:
    async def work(app: DiagnoseApp, pilot: Pilot[str]) -> None:
        await pilot.press("f")
        await settled(app, pilot)
        assert "only" in shown(app, "#head")
        assert app.sessions[0].statuses == ["critical"]  # a part of a look is no verdict

    stage = Stage(mended(), healthy())
    drive(work, stage)
    assert set(stage.asked[1].only) >= {"nginx", "tcp"}


def test_v_judges_the_layer_in_which_it_was_felt() -> None:
    async def work(app: DiagnoseApp, pilot: Pilot[str]) -> None:
        await pilot.press("v")
        await settled(app, pilot)

    stage = Stage(mended(), healthy())
    drive(work, stage)
    assert stage.asked[1].only == ("tcp",)


def test_w_watches_and_ends_watching_and_space_pauses() -> None:
    async def work(app: DiagnoseApp, pilot: Pilot[str]) -> None:
        await pilot.press("w")
        assert "every 10 s" in shown(app, "#head")
        app.rerun_watched()
        await settled(app, pilot)
        assert len(stage.asked) == 2
        await pilot.press("space")
        assert "paused" in shown(app, "#head")
        app.rerun_watched()
        await pilot.press("space", "w")
        app.rerun_watched()
        assert len(stage.asked) == 2
        assert "every" not in shown(app, "#head")

    stage = Stage()
    drive(work, stage)


def test_a_note_alone_has_nothing_to_apply() -> None:
    raised = ((check("tcp.door-shut", Severity.NOTE), refusal()),)

    async def work(app: DiagnoseApp, pilot: Pilot[str]) -> None:
        assert "a apply" not in shown(app, "#tabs")
        await pilot.press("a")
        assert "Nothing has to be fixed." in notes(app)

    drive(work, Stage(report(*healthy().evidence.observations, raised=raised)))


def test_what_has_to_be_read_first_is_copied() -> None:
    fix = Fix((commands.reload_nginx(("nginx",)),), Applicability.REVIEW)

    async def work(app: DiagnoseApp, pilot: Pilot[str]) -> None:
        await pilot.press("a")
        assert "Read the steps first, then y copies them." in notes(app)

    raised = ((check("tcp.door-shut"), refusal(fix=fix)),)
    drive(work, Stage(report(*healthy().evidence.observations, raised=raised)))


def test_what_a_person_has_to_do_cannot_be_applied() -> None:
    by_hand = refusal(fix=Fix((commands.reload_nginx(("nginx",)),), Applicability.MANUAL))

    async def work(app: DiagnoseApp, pilot: Pilot[str]) -> None:
        assert "y copy" in shown(app, "#tabs")
        assert "a apply" not in shown(app, "#tabs")
        await pilot.press("a")
        assert "A person has to do this: the page says how." in notes(app)
        assert stage.fixes == []

    raised = ((check("tcp.door-shut"), by_hand),)
    stage = Stage(report(*healthy().evidence.observations, raised=raised))
    drive(work, stage)


def test_what_is_watched_has_a_history_beside_it() -> None:
    async def work(app: DiagnoseApp, pilot: Pilot[str]) -> None:
        await pilot.press("r")
        await settled(app, pilot)
        assert "✗✓" in shown(app, "#side")

    drive(work, Stage(mended(), healthy()), size=(140, 40))


def test_on_a_small_terminal_the_history_of_a_watched_site_is_a_line() -> None:
    async def work(app: DiagnoseApp, pilot: Pilot[str]) -> None:
        await pilot.press("r")
        await settled(app, pilot)
        assert "✓✗" not in shown(app, "#news")
        await pilot.press("w")
        assert "✓✗" in shown(app, "#news")

    drive(work, Stage(healthy(), mended()))


def test_what_changed_since_it_was_well_is_said_of_a_broken_site() -> None:
    async def work(app: DiagnoseApp, pilot: Pilot[str]) -> None:
        await until(pilot, lambda: "shop.conf changed" in shown(app, "#news"))
        await pilot.press("r")
        await settled(app, pilot)
        assert not app.screen.query_one("#news").display

    drive(work, Stage(mended(), healthy()))


def test_c_compares_with_the_run_before_and_with_when_all_was_well() -> None:
    async def work(app: DiagnoseApp, pilot: Pilot[str]) -> None:
        await pilot.press("r")
        await settled(app, pilot)
        await until(pilot, lambda: bool(app.sessions[0].changes))
        await pilot.press("c")
        sheet = shown(app, "#sheet")
        assert "CRITICAL -> OK" in sheet
        assert "gone: nginx.door-locked" in sheet
        assert "shop.conf changed" in sheet

    drive(work, Stage(mended(), healthy()))


def test_I_looks_into_a_server_too() -> None:
    async def work(app: DiagnoseApp, pilot: Pilot[str]) -> None:
        await pilot.press("I")
        assert isinstance(app.screen, InputDialog)
        await pilot.press(*"root@web1:99999", "enter")
        assert any("ssh://[user@]host[:port]" in note for note in notes(app))
        app.screen.query_one("#line").value = ""  # type: ignore[attr-defined]
        await pilot.press(*"root@web1", "enter")
        await settled(app, pilot)
        assert "in ssh://root@web1" in shown(app, "#head")

    stage = Stage()
    drive(work, stage)
    assert [one.server for one in stage.asked] == ["", "ssh://root@web1"]


def test_y_copies_the_steps_and_shows_them_without_a_border() -> None:
    async def work(app: DiagnoseApp, pilot: Pilot[str]) -> None:
        await pilot.press("y")
        assert isinstance(app.screen, TextDialog)
        sheet = shown(app, "#sheet")
        assert sheet.startswith("patch /etc/nginx/conf.d/shop.conf <<'DIAGNOSE'\n")
        assert "nginx -s reload" in sheet
        assert "does not confirm it" in shown(app, ".told")
        await pilot.press("escape")
        assert isinstance(app.screen, SiteScreen)

    drive(work, Stage())


def test_Y_copies_the_report_for_a_ticket() -> None:
    async def work(app: DiagnoseApp, pilot: Pilot[str]) -> None:
        await pilot.press("Y")
        assert isinstance(app.screen, TextDialog)
        assert "nginx.door-locked" in shown(app, "#sheet")

    drive(work, Stage())


def test_d_shows_what_changes_in_files() -> None:
    async def work(app: DiagnoseApp, pilot: Pilot[str]) -> None:
        await pilot.press("d")
        assert isinstance(app.screen, TextDialog)
        assert "+    listen 443 ssl;" in shown(app, "#sheet")
        assert "nginx -s reload" not in shown(app, "#sheet")

    drive(work, Stage())


def test_s_tells_what_was_not_looked_at_and_what_would_allow_it() -> None:
    async def work(app: DiagnoseApp, pilot: Pilot[str]) -> None:
        await pilot.press("s")
        assert "sudo diagnose shop.example.com" in shown(app, "#sheet")
        assert "WebSocket: not asked for" in shown(app, "#sheet")

    drive(work, Stage())


@pytest.mark.parametrize("key", ["r", "f", "v", "a", "u", "w", "I"])
def test_a_recording_stays_what_it_is_and_says_so(key: str) -> None:
    async def work(app: DiagnoseApp, pilot: Pilot[str]) -> None:
        await pilot.press(key)
        assert isinstance(app.screen, SiteScreen)
        assert any("recording" in note for note in notes(app))

    stage = Stage(kind="recording")
    drive(work, stage)
    assert len(stage.asked) == 1
    assert stage.fixes == []


@pytest.mark.parametrize("key", ["f", "v", "d", "y", "a", "i"])
def test_of_a_healthy_site_there_is_nothing_to_do(key: str) -> None:
    async def work(app: DiagnoseApp, pilot: Pilot[str]) -> None:
        await pilot.press(key)
        assert isinstance(app.screen, SiteScreen)
        assert len(notes(app)) == 1

    drive(work, Stage(healthy()))
