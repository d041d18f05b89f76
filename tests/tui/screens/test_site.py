import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from diagnose.tui.app import DiagnoseApp
from diagnose.tui.screens.choice import ChoiceDialog
from diagnose.tui.screens.text_dialog import TextDialog
from tests.support.report_builder import (
    healthy,
    refused,
)
from tests.support.tui_driver import (
    Stage,
    chosen,
    drive,
    settled,
    shown,
    site,
    until,
)


def test_the_verdict_stands_above_and_the_cause_is_chosen() -> None:
    async def work(app: DiagnoseApp, pilot: Pilot[str]) -> None:
        assert shown(app, "#head").startswith("https://shop.example.com/")
        assert "CRITICAL" in shown(app, "#head")
        assert chosen(app) == "nginx.door-locked"
        assert "/etc/nginx/conf.d/shop.conf:2:5" in shown(app, "#scroll")
        assert "^^^^^^" in shown(app, "#scroll")

    drive(work, Stage())


@pytest.mark.parametrize(
    ("key", "words"),
    [("1", "nginx -s reload"), ("2", "nc -vz"), ("3", "━"), ("4", "error[nginx.door-locked]")],
)  # fmt: skip
def test_a_digit_shows_its_tab(key: str, words: str) -> None:
    async def work(app: DiagnoseApp, pilot: Pilot[str]) -> None:
        await pilot.press(key)
        assert words in shown(app, "#scroll")

    drive(work, Stage())


def test_a_tab_can_be_clicked() -> None:
    async def work(app: DiagnoseApp, pilot: Pilot[str]) -> None:
        await pilot.click("#tabs", offset=(12, 0))
        assert site(app).tab == "evidence"

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
        await until(pilot, lambda: app.focused is not None and app.focused.id == "list")
        await pilot.press("l")
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
        assert "causes only" in shown(app, "#head")
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


def test_without_a_finding_there_is_nothing_to_copy_or_to_apply() -> None:
    async def work(app: DiagnoseApp, pilot: Pilot[str]) -> None:
        assert app.say("hints.answer").split("  ")[0] not in shown(app, "#tabs")

    drive(work, Stage(healthy()))


def test_o_asks_for_a_layer_and_shows_what_was_seen_of_it() -> None:
    async def work(app: DiagnoseApp, pilot: Pilot[str]) -> None:
        await pilot.press("o")
        assert isinstance(app.screen, ChoiceDialog)
        await pilot.press("j", "enter")
        assert isinstance(app.screen, TextDialog)
        assert "DNS" in shown(app, ".told")
        assert shown(app, "#sheet").strip()

    drive(work, Stage())


def test_the_arrows_choose_the_tab_beside_and_stay_in_a_line_that_is_typed_into() -> None:
    async def work(app: DiagnoseApp, pilot: Pilot[str]) -> None:
        await pilot.press("left", "right", "right")
        assert "[3 " in shown(app, "#tabs")
        await pilot.press(*["right"] * 4, "left")
        assert "[3 " in shown(app, "#tabs")
        await pilot.press("slash", "a", "c", "left", "b")
        assert app.screen.query_one("#filter", Input).value == "abc"
        assert "[3 " in shown(app, "#tabs")

    drive(work, Stage())


def test_l_shows_the_log_then_its_failures_then_nothing() -> None:
    async def work(app: DiagnoseApp, pilot: Pilot[str]) -> None:
        assert not log_is_shown(app)
        await pilot.press("l")
        assert log_is_shown(app)
        assert "shop.example.com (IPv4)" in shown(app, "#log")
        await pilot.press("l")
        assert "shop.example.com (IPv4)" not in shown(app, "#log")
        assert "Connection refused" in shown(app, "#log")
        app.screen.query_one("#log").focus()
        await pilot.press("l")
        assert not log_is_shown(app)
        assert app.focused is app.screen.query_one("#list")
        await pilot.press("l")
        assert "shop.example.com (IPv4)" in shown(app, "#log")

    drive(work, Stage(), size=(140, 40))


def test_the_log_stands_while_the_run_goes_on_and_then_leaves_its_place() -> None:
    async def work(app: DiagnoseApp, pilot: Pilot[str]) -> None:
        app.sessions[0].run_state.ended = False
        site(app).draw()
        await until(pilot, lambda: log_is_shown(app))
        app.screen.set_focus(app.screen.query_one("#log"))
        app.sessions[0].run_state.ended = True
        site(app).draw()
        assert log_is_shown(app), "somebody reads it"
        app.screen.set_focus(app.screen.query_one("#list"))
        site(app).draw()
        assert not log_is_shown(app)

    drive(work, Stage(), size=(140, 40))


def test_l_shows_the_log_alone_where_there_is_no_room_beside_the_rest() -> None:
    async def work(app: DiagnoseApp, pilot: Pilot[str]) -> None:
        await pilot.press("l")
        assert isinstance(app.screen, TextDialog)
        assert "shop.example.com (IPv4)" in shown(app, "#sheet")

    drive(work, Stage())


def log_is_shown(app: DiagnoseApp) -> bool:
    return any(log.display for log in app.screen.query("#log"))


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
