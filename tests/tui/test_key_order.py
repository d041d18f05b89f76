"""Keys that arrive together: each has its effect before the next is sent."""

import pytest
from textual.events import Key, Paste
from textual.pilot import Pilot
from textual.widgets import Input

from diagnose.tui import key_order
from diagnose.tui.app import DiagnoseApp
from diagnose.tui.screens.start import StartScreen
from diagnose.tui.screens.text_dialog import TextDialog
from tests.support.tui_driver import Stage, chosen, drive, site, until

NAMES = {"/": "slash", "\r": "enter", "\x1b": "escape", ".": "full_stop", "?": "question_mark"}


def type_at_once(app: DiagnoseApp, keys: str) -> None:
    """All of them are there before the first is looked at."""
    for key in keys:
        app.post_message(Key(NAMES.get(key, key), key))


def test_a_word_typed_right_behind_the_slash_is_in_the_filter() -> None:
    async def work(app: DiagnoseApp, pilot: Pilot[str]) -> None:
        type_at_once(app, "/shutwqyr")
        await until(pilot, lambda: bool(app.screen.query(Input)))
        await until(pilot, lambda: app.screen.query_one(Input).value == "shutwqyr")
        assert not app.sessions[0].watched
        assert app.is_running

    drive(work, Stage())


def test_the_filter_is_left_where_escape_was_typed() -> None:
    async def work(app: DiagnoseApp, pilot: Pilot[str]) -> None:
        type_at_once(app, "/shut\x1bw")
        await until(pilot, lambda: app.sessions[0].watched)
        assert app.screen.query_one(Input).value == ""

    drive(work, Stage())


def test_enter_ends_the_filter_and_the_next_key_is_a_command() -> None:
    async def work(app: DiagnoseApp, pilot: Pilot[str]) -> None:
        type_at_once(app, "/shut\rw")
        await until(pilot, lambda: app.sessions[0].watched)
        assert app.screen.query_one(Input).value == "shut"
        assert chosen(app) == "tcp.door-shut"

    drive(work, Stage())


def test_a_target_typed_right_behind_its_key_is_in_the_line() -> None:
    async def work(app: DiagnoseApp, pilot: Pilot[str]) -> None:
        type_at_once(app, "tshop.example.com")
        await until(pilot, lambda: isinstance(app.screen, StartScreen))
        await until(pilot, lambda: app.screen.query_one(Input).value == "shop.example.com")

    drive(work, Stage())


def test_what_is_pasted_right_behind_the_slash_is_in_the_filter() -> None:
    async def work(app: DiagnoseApp, pilot: Pilot[str]) -> None:
        type_at_once(app, "/")
        app.post_message(Paste("shut"))
        await until(pilot, lambda: bool(app.screen.query(Input)))
        await until(pilot, lambda: app.screen.query_one(Input).value == "shut")

    drive(work, Stage())


def test_a_dialog_opens_and_closes_and_the_keys_behind_it_go_on() -> None:
    async def work(app: DiagnoseApp, pilot: Pilot[str]) -> None:
        shown = site(app)
        type_at_once(app, "?\x1b3s")
        await until(pilot, lambda: shown.tab == "timeline" and isinstance(app.screen, TextDialog))
        type_at_once(app, "\x1b")
        await until(pilot, lambda: app.screen is shown)

    drive(work, Stage())


def test_a_key_that_arrives_while_another_is_sent_overtakes_none(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """On a busy machine a key arrives between the effect of one and the sending of the next."""
    typed = list("hop.example.com")
    follow = key_order.OrderedKeysApp.on_key_marker

    def marker_arrives(app: DiagnoseApp, marker: key_order.KeyMarker) -> None:
        if typed and not marker.left:
            type_at_once(app, typed.pop(0))
        follow(app, marker)

    async def work(app: DiagnoseApp, pilot: Pilot[str]) -> None:
        monkeypatch.setattr(key_order.OrderedKeysApp, "on_key_marker", marker_arrives)
        type_at_once(app, "t.s.")
        await until(pilot, lambda: isinstance(app.screen, StartScreen))
        line = app.screen.query_one(Input)
        await until(pilot, lambda: len(line.value) == len(".s.hop.example.com"))
        assert line.value == ".s.hop.example.com"

    drive(work, Stage())


def test_a_marker_that_is_lost_holds_up_no_key_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(key_order, "_MAX_WAIT", 0.01)
    monkeypatch.setattr(key_order.OrderedKeysApp, "on_key_marker", lambda app, marker: None)

    async def work(app: DiagnoseApp, pilot: Pilot[str]) -> None:
        type_at_once(app, "3w")
        await until(pilot, lambda: app.sessions[0].watched)
        assert site(app).tab == "timeline"

    drive(work, Stage())


def test_the_keys_behind_one_that_takes_long_wait_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a busy machine the marker of a key comes when its time is over twice."""
    late: list[key_order.KeyMarker] = []
    follow = key_order.OrderedKeysApp.on_key_marker
    wait = key_order.OrderedKeysApp._wait_for_marker

    def marker_arrives(app: DiagnoseApp, marker: key_order.KeyMarker) -> None:
        if marker.left:
            follow(app, marker)
        else:
            late.append(marker)

    def wait_again(app: DiagnoseApp, number: int, waits: int) -> None:
        if late and waits < key_order._MAX_WAITS - 1:
            follow(app, late.pop())
        wait(app, number, waits)

    monkeypatch.setattr(key_order, "_MAX_WAIT", 0.001)
    monkeypatch.setattr(key_order, "_MAX_WAITS", 100_000)
    monkeypatch.setattr(key_order.OrderedKeysApp, "on_key_marker", marker_arrives)
    monkeypatch.setattr(key_order.OrderedKeysApp, "_wait_for_marker", wait_again)

    async def work(app: DiagnoseApp, pilot: Pilot[str]) -> None:
        type_at_once(app, "/shutw")
        await until(pilot, lambda: bool(app.screen.query(Input)))
        await until(pilot, lambda: app.screen.query_one(Input).value == "shutw")
        await until(pilot, lambda: not late)
        assert not app.sessions[0].watched

    drive(work, Stage())
