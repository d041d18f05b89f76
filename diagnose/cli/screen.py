"""Where the command line meets the screen: what the screen is told by, in a process of its own
where there may be one, and what is left of it in the scrollback."""

import asyncio
import contextlib
import os
import signal
import sys
import termios
from argparse import Namespace
from collections.abc import Callable, Coroutine, Iterable
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from diagnose import tui
from diagnose.cli import request
from diagnose.cli.parser import server
from diagnose.model import Crash, Evidence, Report, Target
from diagnose.model.events import Concluded, Sink
from diagnose.model.frozen import frozen
from diagnose.model.view import View
from diagnose.model.visitor import visitor_of
from diagnose.parsers.target import UsageError, read
from diagnose.processes import worker
from diagnose.processes.worker import Channel, Service
from diagnose.tui.messages import Asked, Behind, Changed, Earlier, Kind, Masked, Own, Said
from diagnose.tui.session import Session

if TYPE_CHECKING:
    from diagnose.cli.fix import Talk
    from diagnose.machine import Machine
    from diagnose.tui.main import Left

#: So many targets of earlier calls are listed.
EARLIER = 20

Look = Callable[[Asked, Sink], Coroutine[Any, Any, Report]]


@frozen
class Ways:
    """How the command line looks, mends, reads a target and judges; `door` leads to the server
    whose sites are listed, `server` is the one that is looked into over SSH. Of a recording or a
    demonstration nothing is kept."""

    look: Look
    mend: "Callable[[Asked, Talk, bool], Coroutine[Any, Any, int]]"
    read: Callable[[str], Target]
    conclude: Callable[[Evidence, tuple[Crash, ...]], Report]
    door: "Callable[[], AbstractAsyncContextManager[Machine | None]]" = nullcontext
    server: str = ""
    kind: Kind = "site"


def of_targets(options: Namespace) -> "Left":
    """The screen of the targets that are named, or of this server's sites; what stays on the
    terminal when it ends."""
    targets = request.targets(options) if options.words else []
    request.check(options)
    partial = options.outside or options.only or options.skip

    async def look(asked: Asked, sink: Sink) -> Report:
        from diagnose.engine import run
        from diagnose.net.local import LocalNet

        own = _as_asked(options, asked)
        async with request.door(own) as door:
            return await run(asked.target, request.how(own), LocalNet(), sink, door)

    async def mend(asked: Asked, talk: "Talk", undo: bool) -> int:
        own = _as_asked(options, asked, undo=undo, resume=False)
        return await request.mend(own, [asked.target], talk)

    ws, view = tuple(options.ws), request.view(options)
    ways = Ways(
        look, mend, lambda word: read(word, ws, view.lang), request.judge(options),
        lambda: request.door(options), options.server or "", "part" if partial else "site",
    )  # fmt: skip
    return _show(targets, ways, view, options)


def _as_asked(options: Namespace, asked: Asked, **more: object) -> Namespace:
    """The options of a look that the screen asks for."""
    own: dict[str, object] = {"only": asked.only or options.only}
    if asked.server:
        own |= {"server": asked.server, "outside": False}
    return Namespace(**{**vars(options), **own, **more})


def of_recording(report: Report, options: Namespace, view: View) -> "Left":
    """To be read, and not to be mended."""

    async def look(asked: Asked, sink: Sink) -> Report:
        sink(Concluded(report))
        return report

    return _show_alone(report.evidence.target, look, "recording", options, view)


def of_demo(options: Namespace, view: View) -> "Left":
    from diagnose.cli import demo

    async def look(asked: Asked, sink: Sink) -> Report:
        return await demo.run(sink)

    return _show_alone(demo.TARGET, look, "demo", options, view)


def _show_alone(target: Target, look: Look, kind: Kind, options: Namespace, view: View) -> "Left":
    """What is there once: it is not mended, and there is no other target."""

    def refuse(*_: object) -> Any:
        raise UsageError("There is no other target here.")

    ways = Ways(look, refuse, refuse, request.judge(options), kind=kind)
    return _show([target], ways, view, options)


def _show(targets: list[Target], ways: Ways, view: View, options: Namespace) -> "Left":
    os.environ.update(tui.prepare())
    # Without its terminal a screen is of no use, even where SIGHUP was ignored: nohup(1).
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    if options.color == "never":
        os.environ["NO_COLOR"] = "1"
    elif os.environ.get("NO_COLOR") == "":
        del os.environ["NO_COLOR"]
    place = worker.begin(services(ways), frozenset({"mend"}), request.have_company)
    behind = Behind(place, ways.read, server, ways.kind)
    sessions = [Session(target, behind).begin() for target in targets]

    from diagnose.tui.main import show

    try:
        left = show(sessions, behind, view, options.mouse)
    finally:
        place.close()
    with contextlib.suppress(OSError, ValueError, termios.error):
        # What the terminal answers late must not become the shell's next command.
        termios.tcflush(sys.stdin.fileno(), termios.TCIFLUSH)
    return replace(left, told=()) if tui.in_browser() else left


def services(ways: Ways) -> dict[str, Service]:
    """What `Behind` says."""

    async def run(channel: Channel, asked: Asked) -> None:
        report = await ways.look(asked, channel.tell)
        # How it is for one visitor is not how the site is.
        part = asked.only or visitor_of(report.evidence)
        if not (report.interrupted or part or ways.kind in {"demo", "recording"}):
            await asyncio.to_thread(_remember, report, asked.server or ways.server, channel)

    async def mend(channel: Channel, asked: Asked, undo: bool, view: View) -> None:
        from diagnose.cli.fix import Talk

        talk = Talk(view, lambda text: channel.tell(Said(text)), channel.ask)
        await ways.mend(asked, talk, undo)

    async def mask(channel: Channel, report: Report, view: View) -> None:
        from diagnose.recording import redaction

        channel.tell(Masked(*redaction.report(report, view, ways.conclude)))

    async def sites(channel: Channel) -> None:
        own = await _own(ways)
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
    """The sites that the server's nginx serves. Which WebSockets they have a run sees itself."""
    from diagnose.probes.inside.site_discovery import sites

    async with ways.door() as machine:
        found = () if machine is None else await sites(machine)
    return list(_read(ways, ((one.url, ()) for one in found)))


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
