import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace

from textual.app import App, ComposeResult

from diagnose.model import LAYERS
from diagnose.model.view import View
from diagnose.tui.widgets.layers import Layers
from tests.support.report_builder import NAME, healthy, refused, report
from tests.support.tui_driver import Patient

VIEW = View(width=40, color=True)


class Alone(App[str]):
    """The list of layers, and which of them were opened."""

    def __init__(self) -> None:
        super().__init__()
        self.list = Layers()
        self.opened: list[str | None] = []

    def compose(self) -> ComposeResult:
        yield self.list

    def on_option_list_option_selected(self, event: Layers.OptionSelected) -> None:
        self.opened.append(event.option.id)

    def prompt(self, layer: str) -> str:
        return str(self.list.get_option(layer).prompt)


def drive(work: Callable[[Alone, Patient], Awaitable[None]]) -> None:
    async def driven() -> None:
        app = Alone()
        async with app.run_test():
            app.list.show(refused(), VIEW)
            await work(app, Patient(app))

    asyncio.run(driven())


def test_the_layers_stand_in_the_order_of_a_request_and_enter_opens_one() -> None:
    async def work(app: Alone, pilot: Patient) -> None:
        assert tuple(option.id for option in app.list.options) == LAYERS
        await pilot.press("g", "j", "enter", "G", "enter")
        assert app.opened == ["dns", "websocket"]

    drive(work)


def test_a_layer_has_its_sign_its_time_and_first_what_failed() -> None:
    async def work(app: Alone, pilot: Patient) -> None:
        head, example = app.prompt("tcp").splitlines()
        assert head.startswith("✗ TCP")
        assert head.endswith("3 ms")
        assert example.startswith("  203.0.113.10:443: Connection refused")
        assert app.prompt("tls").splitlines()[1] == "  nothing got that far"

    drive(work)


def test_another_report_leaves_the_chosen_layer_chosen() -> None:
    async def work(app: Alone, pilot: Patient) -> None:
        await pilot.press("g", "j", "j", "j")
        app.list.show(healthy(), VIEW)
        assert app.prompt("tcp").startswith("✓ TCP")
        assert app.prompt("websocket").endswith("not asked for")
        await pilot.press("enter")
        assert app.opened == ["tcp"]
        app.list.show(healthy(), replace(VIEW, lang="zh"))
        assert app.prompt("websocket").endswith("未要求检查")

    drive(work)


def test_what_a_server_wrote_is_text() -> None:
    async def work(app: Alone, pilot: Patient) -> None:
        app.list.show(report(replace(NAME, name="[b]\x1b[2Jx")), VIEW)
        assert "[b]" in app.prompt("dns")
        assert "\x1b" not in app.prompt("dns")

    drive(work)
