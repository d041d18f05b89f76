"""The screen, driven by its keys. Its runs are reports made by hand, told as a run tells them."""

import os
import threading
from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from diagnose.history import KnownTarget
from diagnose.model import Command, Fix, Report, Severity
from diagnose.outputs.terminal import cell_len
from diagnose.parsers.target import UsageError, parse_target
from diagnose.tui.app import DiagnoseApp
from diagnose.tui.keys import SITE_KEYS, START_KEYS
from diagnose.tui.messages import FixOutput, HistoryChanges, LocalSites
from diagnose.tui.screens.actions import ACTIONS
from diagnose.tui.screens.choice import ChoiceDialog
from diagnose.tui.screens.fix import FixDialog
from diagnose.tui.screens.input_dialog import InputDialog
from diagnose.tui.screens.site import SiteScreen
from diagnose.tui.screens.start import StartScreen
from diagnose.tui.screens.text_dialog import TextDialog
from diagnose.tui.session import Session
from tests.support.check_evidence import SHOP
from tests.support.report_builder import (
    CLOSED,
    NAME,
    check,
    healthy,
    mended,
    refusal,
    refused,
    report,
)
from tests.support.tui_driver import (
    MASKED,
    Stage,
    chosen,
    drive,
    notes,
    settled,
    shown,
    site,
    until,
)


def test_the_verdict_stands_above_and_the_cause_is_chosen() -> None:
    async def work(app: DiagnoseApp, pilot: Pilot[str]) -> None:
        assert shown(app, "#title").startswith("https://shop.example.com/")
        assert "CRITICAL" in shown(app, "#head")
        assert chosen(app) == "nginx.door-locked"
        assert "/etc/nginx/conf.d/shop.conf:2:5" in shown(app, "#scroll")
        assert "^^^^^^" in shown(app, "#scroll")

    drive(work, Stage())


# Move and read


@pytest.mark.parametrize(
    ("key", "words"),
    [("1", "--> /etc/nginx"), ("2", "nginx -s reload"), ("3", "nc -vz"), ("4", "━"),
     ("5", "error[nginx.door-locked]")],
)  # fmt: skip
def test_a_digit_shows_its_tab(key: str, words: str) -> None:
    async def work(app: DiagnoseApp, pilot: Pilot[str]) -> None:
        await pilot.press(key)
        assert words in shown(app, "#scroll")

    drive(work, Stage())


def test_a_tab_can_be_clicked() -> None:
    async def work(app: DiagnoseApp, pilot: Pilot[str]) -> None:
        await pilot.click("#tabs", offset=(12, 0))
        assert site(app).tab == "fix"

    drive(work, Stage())


@pytest.mark.parametrize("keys", ["jk", "Gg"])
def test_j_and_G_go_to_the_symptom_and_k_and_g_back(keys: str) -> None:
    async def work(app: DiagnoseApp, pilot: Pilot[str]) -> None:
        await pilot.press(keys[0])
        assert chosen(app) == "tcp.door-shut"
        await pilot.press(keys[1])
        assert chosen(app) == "nginx.door-locked"

    drive(work, Stage())


def test_enter_reads_the_text_and_escape_goes_back() -> None:
    async def work(app: DiagnoseApp, pilot: Pilot[str]) -> None:
        await pilot.press("enter")
        assert app.focused is not None
        assert app.focused.id == "scroll"
        await pilot.press("escape")
        assert app.focused.id == "list"

    drive(work, Stage())


def test_tab_goes_from_pane_to_pane_and_shift_tab_back() -> None:
    async def work(app: DiagnoseApp, pilot: Pilot[str]) -> None:
        seen = []
        for key in ("tab", "tab", "tab", "tab", "shift+tab"):
            await pilot.press(key)
            assert app.focused is not None
            seen.append(app.focused.id)
        assert seen == ["side", "log", "layers", "scroll", "layers"]

    drive(work, Stage(), size=(140, 40))


def test_a_slash_filters_and_escape_clears() -> None:
    async def work(app: DiagnoseApp, pilot: Pilot[str]) -> None:
        await pilot.press("slash", *"shut")
        assert chosen(app) == "tcp.door-shut"
        await pilot.press("escape")
        assert app.screen.query_one("#list").option_count == 2  # type: ignore[attr-defined]

    drive(work, Stage())


def test_i_leaves_the_causes_alone() -> None:
    async def work(app: DiagnoseApp, pilot: Pilot[str]) -> None:
        await pilot.press("i")
        assert app.screen.query_one("#list").option_count == 1  # type: ignore[attr-defined]
        assert "causes only" in shown(app, "#title")
        await pilot.press("i")
        assert app.screen.query_one("#list").option_count == 2  # type: ignore[attr-defined]

    drive(work, Stage())


def test_enter_on_a_layer_shows_all_that_was_seen_of_it() -> None:
    async def work(app: DiagnoseApp, pilot: Pilot[str]) -> None:
        app.screen.query_one("#layers").focus()
        await pilot.press("g", "j", "enter")
        assert isinstance(app.screen, TextDialog)
        assert "dig +short shop.example.com A" in shown(app, "#sheet")

    drive(work, Stage(), size=(140, 40))


def test_l_leaves_the_failures_alone_in_the_log() -> None:
    async def work(app: DiagnoseApp, pilot: Pilot[str]) -> None:
        assert "shop.example.com (IPv4)" in shown(app, "#log")
        await pilot.press("l")
        assert "shop.example.com (IPv4)" not in shown(app, "#log")
        assert "Connection refused" in shown(app, "#log")

    drive(work, Stage(), size=(140, 40))


# Look again


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
        assert "only" in shown(app, "#title")
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
        assert "every 10 s" in shown(app, "#title")
        app.rerun_watched()
        await settled(app, pilot)
        assert len(stage.asked) == 2
        await pilot.press("space")
        assert "paused" in shown(app, "#title")
        app.rerun_watched()
        await pilot.press("space", "w")
        app.rerun_watched()
        assert len(stage.asked) == 2
        assert "every" not in shown(app, "#title")

    stage = Stage()
    drive(work, stage)


def test_what_is_watched_has_a_history_beside_it() -> None:
    async def work(app: DiagnoseApp, pilot: Pilot[str]) -> None:
        await pilot.press("r")
        await settled(app, pilot)
        assert "✗✓" in shown(app, "#side")

    drive(work, Stage(mended(), healthy()), size=(140, 40))


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
        assert any("ssh://[user@]host[:port]" in one for one in notes(app))
        app.screen.query_one("#line").value = ""  # type: ignore[attr-defined]
        await pilot.press(*"root@web1", "enter")
        await settled(app, pilot)
        assert "into ssh://root@web1" in shown(app, "#title")

    stage = Stage()
    drive(work, stage)
    assert [one.server for one in stage.asked] == ["", "ssh://root@web1"]


# Copy, mend, export


def test_y_copies_the_steps_and_shows_them_without_a_border() -> None:
    async def work(app: DiagnoseApp, pilot: Pilot[str]) -> None:
        await pilot.press("y")
        assert isinstance(app.screen, TextDialog)
        sheet = shown(app, "#sheet")
        assert sheet.startswith("patch /etc/nginx/conf.d/shop.conf <<'DIAGNOSE'\n")
        assert "nginx -s reload" in sheet
        assert "does not say whether it took it" in shown(app, ".told")
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


@pytest.mark.parametrize(("key", "undo"), [("a", False), ("u", True)])
def test_a_fix_is_shown_asked_about_and_looked_at_again(key: str, undo: bool) -> None:
    async def work(app: DiagnoseApp, pilot: Pilot[str]) -> None:
        await pilot.press(key)
        assert isinstance(app.screen, FixDialog)
        await until(pilot, lambda: "Do this?" in shown(app, "#ask"))
        assert "what will be done" in shown(app, "#sheet")
        await pilot.press("y")
        await until(pilot, lambda: "Esc" in shown(app, "#ask"))
        assert "it was done" in shown(app, "#sheet")
        await pilot.press("escape")
        await settled(app, pilot)
        assert "OK" in shown(app, "#head")

    stage = Stage(mended(), healthy())
    drive(work, stage)
    assert stage.fixes == [undo]


def test_of_a_fix_with_many_words_the_last_are_seen() -> None:
    async def work(app: DiagnoseApp, pilot: Pilot[str]) -> None:
        await pilot.press("a")
        await until(pilot, lambda: "Do this?" in shown(app, "#ask"))
        assert isinstance(app.screen, FixDialog)
        for number in range(100):
            app.screen.messages.put(FixOutput(f"line {number}\n"))
        sheet = app.screen.query_one("#sheet")
        await until(pilot, lambda: sheet.max_scroll_y > 50 and sheet.is_vertical_scroll_end)

    drive(work, Stage())


@pytest.mark.parametrize("key", ["n", "escape"])
def test_no_leaves_everything_as_it_is(key: str) -> None:
    async def work(app: DiagnoseApp, pilot: Pilot[str]) -> None:
        await pilot.press("a")
        await until(pilot, lambda: "Do this?" in shown(app, "#ask"))
        await pilot.press(key)
        await until(pilot, lambda: "nothing was done" in shown(app, "#sheet"))

    drive(work, Stage())


def test_nobody_leaves_in_the_middle_of_a_fix() -> None:
    async def work(app: DiagnoseApp, pilot: Pilot[str]) -> None:
        await pilot.press("a")
        await until(pilot, lambda: "Do this?" in shown(app, "#ask"))
        await pilot.press("ctrl+q", "ctrl+c")
        assert any("wait for its end" in one for one in notes(app))
        await pilot.press("n")
        await until(pilot, lambda: "Esc" in shown(app, "#ask"))
        await pilot.press("ctrl+q")

    assert drive(work, Stage()) == "report"


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
        assert any("Not saved" in one for one in notes(app))

    gone = tmp_path / "gone"
    gone.mkdir()
    here = Path.cwd()
    os.chdir(gone)
    try:
        drive(work, Stage())
    finally:
        os.chdir(here)


# What is not seen, and by whom


def test_s_tells_what_was_not_looked_at_and_what_would_allow_it() -> None:
    async def work(app: DiagnoseApp, pilot: Pilot[str]) -> None:
        await pilot.press("s")
        assert "sudo diagnose shop.example.com" in shown(app, "#sheet")
        assert "WebSocket: not asked for" in shown(app, "#sheet")

    drive(work, Stage())


def test_p_masks_and_shows_nothing_until_it_is_masked() -> None:
    async def work(app: DiagnoseApp, pilot: Pilot[str]) -> None:
        stage.masks = threading.Event()
        await pilot.press("p")
        assert "shop.example.com" not in whole(app)
        await pilot.press("e")
        assert any("being masked" in one for one in notes(app))
        stage.masks.set()
        await until(pilot, lambda: MASKED.url in shown(app, "#title"))
        await pilot.press("p")
        assert SHOP.url in shown(app, "#title")

    stage = Stage()
    drive(work, stage, size=(140, 40))
    assert stage.maskings == 1


def test_a_report_is_masked_once_whatever_is_told_after_it() -> None:
    async def work(app: DiagnoseApp, pilot: Pilot[str]) -> None:
        stage.masks = threading.Event()
        await pilot.press("p")
        app.sessions[0]._messages.put(HistoryChanges(()))
        await until(pilot, app.sessions[0]._messages.empty)
        await pilot.press("p", "p")
        stage.masks.set()
        await until(pilot, lambda: MASKED.url in shown(app, "#title"))

    stage = Stage()
    drive(work, stage)
    assert stage.maskings == 1


def whole(app: DiagnoseApp) -> str:
    places = ("#title", "#head", "#strip", "#news", "#scroll", "#side", "#log")
    return "\n".join(shown(app, where) for where in places)


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
        assert site(app).tab == "fix"
        await pilot.press("L")
        assert "CRITICAL" in shown(app, "#head")

    drive(work, Stage())


# Help, palette, and what cannot be done


def test_the_question_mark_shows_where_one_is_and_every_key() -> None:
    async def work(app: DiagnoseApp, pilot: Pilot[str]) -> None:
        await pilot.press("question_mark")
        sheet = shown(app, "#sheet")
        assert sheet.startswith("You are in the list of findings.")
        for key in (*(one.label for one in SITE_KEYS), "1 - 5", "Tab"):
            assert any(line.split("  ")[0] == key for line in sheet.splitlines()), key
        await pilot.press("escape", "enter", "f1")
        assert shown(app, "#sheet").startswith("You are in the text.")

    drive(work, Stage())


def test_a_key_that_can_do_nothing_says_why_when_pressed_and_in_the_help() -> None:
    async def work(app: DiagnoseApp, pilot: Pilot[str]) -> None:
        await pilot.press("j", "y")
        assert isinstance(app.screen, SiteScreen)
        assert any("no steps" in one for one in notes(app))
        await pilot.press("question_mark")
        assert "not now: There are no steps" in shown(app, "#sheet")

    drive(work, Stage())


@pytest.mark.parametrize("key", ["r", "f", "v", "a", "u", "w", "I"])
def test_a_recording_stays_what_it_is_and_says_so(key: str) -> None:
    async def work(app: DiagnoseApp, pilot: Pilot[str]) -> None:
        await pilot.press(key)
        assert isinstance(app.screen, SiteScreen)
        assert any("recording" in one for one in notes(app))

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


def test_a_key_of_the_line_below_can_be_clicked() -> None:
    async def work(app: DiagnoseApp, pilot: Pilot[str]) -> None:
        await pilot.click("#keys", offset=(2, 0))
        await settled(app, pilot)

    stage = Stage()
    drive(work, stage)
    assert len(stage.asked) == 2


def test_the_palette_goes_to_a_finding() -> None:
    async def work(app: DiagnoseApp, pilot: Pilot[str]) -> None:
        await pilot.press("colon")
        await pilot.press(*"go to tcp.door")
        await pilot.pause()
        await app.workers.wait_for_complete()
        await until(pilot, lambda: palette_has(app, "tcp.door-shut"))
        await pilot.press("enter", "enter")
        await until(pilot, lambda: isinstance(app.screen, SiteScreen))
        assert chosen(app) == "tcp.door-shut"

    drive(work, Stage())


def palette_has(app: DiagnoseApp, words: str) -> bool:
    from textual.command import CommandList

    listed = app.screen.query_one(CommandList)
    return listed.option_count > 0 and words in str(listed.get_option_at_index(0).prompt)


# Leave


@pytest.mark.parametrize(
    ("key", "left"),
    [("q", "report"), ("Q", "silently"), ("ctrl+q", "report"), ("ctrl+c", "report")],
)
def test_the_ways_to_leave(key: str, left: str) -> None:
    async def work(app: DiagnoseApp, pilot: Pilot[str]) -> None:
        await pilot.press(key)

    assert drive(work, Stage()) == left


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


# Targets


def test_t_takes_another_target_and_reads_it_generously() -> None:
    async def work(app: DiagnoseApp, pilot: Pilot[str]) -> None:
        await pilot.press("t")
        assert isinstance(app.screen, StartScreen)
        app.screen.query_one("#input").focus()
        await pilot.press(*"shop.example.com:8443", "enter")
        await pilot.pause()
        assert site(app).session.target.port == 8443
        await pilot.press("t")
        assert isinstance(app.screen, StartScreen)
        await pilot.press("escape")
        assert site(app).session.target == SHOP

    drive(work, Stage())


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
        assert "not looked at yet" in listed(app)
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


# The table of the keys


def test_every_key_has_its_action_and_its_words() -> None:
    for one in SITE_KEYS:
        assert hasattr(DiagnoseApp, f"do_{one.name}") if one.app_wide else one.name in ACTIONS
    for one in (*SITE_KEYS, *START_KEYS):
        for lang in ("en", "zh"):
            assert one.hint(lang)
            assert one.description(lang)


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("width", [60, 80, 100, 140])
def test_the_line_of_keys_fits_and_at_80_the_first_eight_are_there(lang: str, width: int) -> None:
    async def work(app: DiagnoseApp, pilot: Pilot[str]) -> None:
        line = shown(app, "#keys")
        assert cell_len(line.rstrip()) <= width
        if width == 80:
            assert all(one.hint(lang) in line for one in SITE_KEYS[:8])

    drive(work, Stage(), lang, (width, 24))


def many() -> Report:
    """A cause with more steps than a screen has lines."""
    steps = tuple(Command(("nginx", "-t", str(number))) for number in range(60))
    cause = check("nginx.door-locked", Severity.ERROR)
    return report(NAME, CLOSED, raised=((cause, refusal(fix=Fix(steps))),))


@pytest.mark.parametrize(("key", "moved"), [("j", True), ("G", True), ("pagedown", True)])
def test_a_long_text_is_scrolled(key: str, moved: bool) -> None:
    async def work(app: DiagnoseApp, pilot: Pilot[str]) -> None:
        await pilot.press("2", "enter", key)
        scroll = app.screen.query_one("#scroll")
        await until(pilot, lambda: scroll.scroll_target_y > 0)
        await pilot.press("g")
        await until(pilot, lambda: scroll.scroll_target_y == 0)

    drive(work, Stage(many()))


def test_a_run_that_breaks_down_is_shown_and_ends() -> None:
    async def work(app: DiagnoseApp, pilot: Pilot[str]) -> None:
        await pilot.press("r")
        await settled(app, pilot)
        assert "UNKNOWN" in shown(app, "#head")
        assert "IndexError" in shown(app, "#scroll")

    stage = Stage(refused())
    original = stage.run

    async def run(channel: object, asked: object) -> None:
        if stage.asked:
            raise IndexError("no more")
        await original(channel, asked)  # type: ignore[arg-type]

    stage.behind.executor._services["run"] = run  # type: ignore[attr-defined]
    drive(work, stage)
