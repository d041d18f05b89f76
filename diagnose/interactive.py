"""Where the command line meets the screen: what the screen is told by, in a process of its own
where there may be one, and what is left of it in the scrollback."""

import asyncio
import contextlib
import os
import sys
import termios
from collections.abc import Callable, Coroutine, Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from diagnose import apart, tui
from diagnose.apart import Channel, Here, Place, Service
from diagnose.arguments import server
from diagnose.events import Sink
from diagnose.frozen import frozen
from diagnose.model import Crash, Evidence, Report, Target
from diagnose.outputs import View
from diagnose.targets import UsageError
from diagnose.tui.session import Session
from diagnose.tui.told import Asked, Behind, Changed, Earlier, Kind, Masked, Own, Said

if TYPE_CHECKING:
    from diagnose.fix import Talk

#: So many targets of earlier calls are listed.
EARLIER = 20


@frozen
class Ways:
    """How the command line looks, mends, reads a target and judges; `server` is the one that is
    looked into. Of a recording or a demonstration nothing is kept."""

    look: Callable[[Asked, Sink], Coroutine[Any, Any, Report]]
    mend: "Callable[[Asked, Talk, bool], Coroutine[Any, Any, int]]"
    read: Callable[[str], Target]
    conclude: Callable[[Evidence, tuple[Crash, ...]], Report]
    server: str = ""
    kind: Kind = "site"


def show(
    targets: list[Target], ways: Ways, view: View, first: Callable[[], None] | None, mouse: bool
) -> list[tuple[Report, View]]:
    """The screen; the reports that are to stay in the scrollback, as they were shown. `first` is
    what the process of the runs does first; None where there may be none."""
    os.environ.update(tui.prepare())
    if os.environ.get("NO_COLOR") == "":
        del os.environ["NO_COLOR"]
    place = _place(services(ways), first)
    behind = Behind(place, ways.read, server, ways.kind)
    sessions = [Session(target, behind).begin() for target in targets]

    from diagnose.tui.main import show as shown

    try:
        left = shown(sessions, behind, view, mouse)
    finally:
        place.close()
    with contextlib.suppress(OSError, ValueError, termios.error):
        # What the terminal answers late must not become the shell's next command.
        termios.tcflush(sys.stdin.fileno(), termios.TCIFLUSH)
    return [] if tui.in_browser() else left


def _place(offered: Mapping[str, Service], first: Callable[[], None] | None) -> Place:
    if first is None:
        return Here(offered)
    return apart.begin(offered, frozenset({"mend"}), first)


def services(ways: Ways) -> dict[str, Service]:
    """What `Behind` says."""

    async def run(channel: Channel, asked: Asked) -> None:
        report = await ways.look(asked, channel.tell)
        if not (report.interrupted or asked.only or ways.kind in {"demo", "recording"}):
            await asyncio.to_thread(_remember, report, asked.server or ways.server, channel)

    async def mend(channel: Channel, asked: Asked, undo: bool, view: View) -> None:
        from diagnose.fix import Talk

        talk = Talk(view, lambda text: channel.tell(Said(text)), channel.ask)
        await ways.mend(asked, talk, undo)

    async def mask(channel: Channel, report: Report, view: View) -> None:
        from diagnose.outputs import redaction

        channel.tell(Masked(*redaction.report(report, view, ways.conclude)))

    async def sites(channel: Channel) -> None:
        own = [] if ways.server else await _own(ways)
        channel.tell(Own(tuple(own)))
        await asyncio.to_thread(_recall, ways, {one.url for one in own}, channel)

    return {"run": run, "mend": mend, "mask": mask, "sites": sites}


def _remember(report: Report, server: str, channel: Channel) -> None:
    """Tell what has changed since the target was last well, and keep what this run said."""
    from diagnose import history

    place, url = history.place(), report.evidence.target.url
    channel.tell(Changed(history.since_good(history.load(place), url, report)))
    history.append(place, history.entry(report, server))


async def _own(ways: Ways) -> list[Target]:
    """The sites that this machine's nginx serves. Which WebSockets they have a run sees itself."""
    from diagnose.machine.local import LocalMachine
    from diagnose.sites import sites

    return list(_read(ways, ((one.url, ()) for one in await sites(LocalMachine()))))


def _recall(ways: Ways, others: set[str], channel: Channel) -> None:
    from diagnose import history

    known = {
        one.target: one
        for one in history.targets(history.load(history.place()))
        if one.target not in others
    }
    targets = _read(ways, ((one.target, one.websockets) for one in known.values()))
    channel.tell(Earlier(tuple((one, known[one.url]) for one in targets)[:EARLIER]))


def _read(ways: Ways, found: Iterable[tuple[str, tuple[str, ...]]]) -> Iterable[Target]:
    for url, websockets in found:
        with contextlib.suppress(UsageError):
            target = ways.read(url)
            yield replace(
                target, websockets=tuple(dict.fromkeys((*target.websockets, *websockets)))
            )
