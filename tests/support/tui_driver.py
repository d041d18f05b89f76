"""The screen with a stage behind it: a report for every run, and notes of what was asked for."""

import asyncio
import threading
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest
from textual.pilot import Pilot

from diagnose.cli.option_values import server_url
from diagnose.history import FingerprintChange
from diagnose.model import Report
from diagnose.model.events import Concluded, Observed, Started
from diagnose.model.view import View
from diagnose.parsers.target import parse_target
from diagnose.processes.worker import Channel, Service, ThreadExecutor
from diagnose.tui.app import DiagnoseApp
from diagnose.tui.messages import (
    FixOutput,
    HistoryChanges,
    Kind,
    LocalSites,
    MaskedReport,
    RecentTargets,
    RunRequested,
    Services,
)
from diagnose.tui.screens.site import SiteScreen
from diagnose.tui.session import Session
from diagnose.tui.widgets.text_view import TextView
from tests.support.check_evidence import SHOP
from tests.support.report_builder import mended

Drive = Callable[[DiagnoseApp, Pilot[str]], Awaitable[None]]

MASKED = replace(SHOP, input="name1.name2.com", host="name1.name2.com")

CHANGE = FingerprintChange("file /etc/nginx/conf.d/shop.conf", "1", "2")


class Stage:
    def __init__(self, *reports: Report, kind: Kind = "site") -> None:
        self.reports = list(reports) or [mended()]
        self.asked: list[RunRequested] = []
        self.fixes: list[bool] = []
        self.fix_width = 0
        self.maskings = 0
        self.own: tuple[Any, ...] = ()
        self.earlier: tuple[Any, ...] = ()
        self.masks: threading.Event | None = None
        services: dict[str, Service] = {
            "run": self.run,
            "mend": self.mend,
            "mask": self.mask,
            "sites": self.sites,
        }
        self.behind = Services(ThreadExecutor(services), parse_target, server_url, kind)

    async def run(self, channel: Channel, asked: RunRequested) -> None:
        report = self.reports[min(len(self.asked), len(self.reports) - 1)]
        self.asked.append(asked)
        channel.tell(Started(asked.target))
        for number, seen in enumerate(report.evidence.observations, 1):
            channel.tell(Observed(seen, number))
        channel.tell(Concluded(report))
        channel.tell(HistoryChanges((CHANGE,)))

    async def mend(self, channel: Channel, asked: RunRequested, undo: bool, view: View) -> None:
        self.fix_width = view.width
        self.fixes.append(undo)
        channel.tell(FixOutput("what will be done\n"))
        agreed = channel.ask("Do this?")
        channel.tell(FixOutput("it was done\n" if agreed else "nothing was done\n"))

    async def mask(self, channel: Channel, report: Report, view: View) -> None:
        """What cannot be mistaken for the report itself; held back while `masks` says so."""
        self.maskings += 1
        if self.masks is not None:
            await asyncio.to_thread(self.masks.wait)
        evidence = replace(report.evidence, target=MASKED)
        channel.tell(MaskedReport(replace(report, evidence=evidence), view))

    async def sites(self, channel: Channel) -> None:
        channel.tell(LocalSites(self.own))
        channel.tell(RecentTargets(self.earlier))


class Patient(Pilot[str]):
    """Textual's waits until the process seems idle, which it also does on a machine that stalls.
    This one waits for as many rounds as take a key from the widget with the focus up to the
    application, and what comes of it back down: in each, every queue is emptied once."""

    ROUNDS = 10

    async def press(self, *keys: str) -> None:
        for key in keys:
            await super().press(key)
            await self.pause()

    async def pause(self, delay: float | None = None) -> None:
        if delay is None:
            for _ in range(self.ROUNDS):
                await super().pause(0)
        await super().pause(delay)


def drive(
    work: Drive,
    stage: Stage,
    lang: str = "en",
    size: tuple[int, int] = (80, 24),
    start: bool = False,
    plain: bool = False,
    key_map: Mapping[str, str] = {},
) -> str | None:
    """The screen with one target, or none with `start`, driven; how it was left."""
    view = View(lang=lang, width=size[0], color=True, ascii=plain)
    sessions = [] if start else [Session(SHOP, stage.behind).start()]
    app = DiagnoseApp(sessions, stage.behind, view, key_map)

    async def driven() -> None:
        async with app.run_test(size=size):
            pilot = Patient(app)
            await settled(app, pilot)
            await work(app, pilot)

    asyncio.run(driven())
    return app.return_value


async def settled(app: DiagnoseApp, pilot: Pilot[str]) -> None:
    """All runs have ended and are drawn."""
    await until(pilot, lambda: not any(session.running for session in app.sessions))
    await until(pilot, lambda: getattr(app.screen, "ready", True))
    await until(pilot, lambda: app.heading_key != "finding-sites")
    await pilot.pause()


async def until(pilot: Pilot[str], true: Callable[[], bool]) -> None:
    for _ in range(500):
        if true():
            return
        await pilot.pause(0.01)
    pytest.fail("it did not happen")


def site(app: DiagnoseApp) -> SiteScreen:
    assert isinstance(app.screen, SiteScreen)
    return app.screen


def chosen(app: DiagnoseApp) -> str:
    """The check of the chosen finding."""
    finding = site(app).finding
    return finding.check.id if finding else ""


def shown(app: DiagnoseApp, where: str) -> str:
    """What stands in a widget."""
    widget: Any = app.screen.query_one(where)
    if isinstance(widget, TextView):
        return widget.text
    return str(getattr(widget.content, "plain", widget.content))


def drawn(app: DiagnoseApp, where: str, line: int) -> str:
    """A line of a widget as it is on the screen."""
    return app.screen.query_one(where).render_line(line).text.rstrip()


def notes(app: DiagnoseApp) -> list[str]:
    """What was said in passing."""
    return [str(notification.message) for notification in app._notifications]
