"""Where the command line meets the screen: the runs begin at once, and the screen is imported
while they look."""

import asyncio
import contextlib
import gc
import os
import sys
import termios
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime
from typing import Any

from diagnose import history, tui
from diagnose.events import Sink
from diagnose.fix import Talk
from diagnose.frozen import frozen
from diagnose.model import Crash, Evidence, Report, Target
from diagnose.outputs import View
from diagnose.targets import UsageError
from diagnose.tui.session import Doors, Session

#: Sites of this server that are looked at by themselves; the rest when they are opened.
AT_ONCE = 8


@frozen
class Ways:
    """How the command line looks, mends (None where only a part is looked at), reads a target
    and judges; `server` is the one that is looked into. Of a recording nothing is kept."""

    look: Callable[[Target, Sink], Coroutine[Any, Any, Report]]
    mend: Callable[[Target, Talk, bool], Coroutine[Any, Any, int]] | None
    read: Callable[[str], Target]
    conclude: Callable[[Evidence, tuple[Crash, ...]], Report]
    server: str = ""
    recording: bool = False


def show(targets: list[Target], ways: Ways, view: View) -> list[Report]:
    """The screen; the reports that are to stay in the scrollback."""
    os.environ.update(tui.prepare())
    if os.environ.get("NO_COLOR") == "":
        del os.environ["NO_COLOR"]
    gc.enable()  # this process stays
    doors = _doors(ways)
    wanted = targets or _own(ways)
    sessions = [Session(target, doors) for target in wanted]
    for one in sessions[: max(AT_ONCE, len(targets))]:
        one.begin()
    if not targets:
        sessions += [Session(target, doors) for target in _earlier(ways, wanted)]

    from diagnose.tui.main import show as shown

    left = shown(sessions, doors, view, found=not targets)
    with contextlib.suppress(OSError, ValueError, termios.error):
        # What the terminal answers late must not become the shell's next command.
        termios.tcflush(sys.stdin.fileno(), termios.TCIFLUSH)
    if left == "silently" or tui.in_browser():
        return []
    return [one.live.concluded for one in sessions if one.live.concluded is not None]


def _doors(ways: Ways) -> Doors:
    def mask(report: Report, view: View) -> tuple[Report, View]:
        from diagnose.outputs import redaction

        return redaction.report(report, view, ways.conclude)

    def keep(report: Report) -> None:
        if not (report.interrupted or ways.recording):
            history.append(history.place(), history.entry(report, ways.server))

    def changes(report: Report, lang: str) -> tuple[str, ...]:
        entries = () if ways.recording else history.load(history.place())
        found = history.since_good(entries, report.evidence.target.url, report)
        return tuple(history.say(one, lang, datetime.now(UTC)) for one in found[:3])

    return Doors(ways.look, ways.mend, ways.read, mask, keep, changes)


def _own(ways: Ways) -> list[Target]:
    """The sites that this machine's nginx serves."""
    from diagnose.machine.local import LocalMachine
    from diagnose.sites import sites

    if ways.server:
        return []
    return _read(ways, [one.url for one in asyncio.run(sites(LocalMachine()))])


def _earlier(ways: Ways, others: list[Target]) -> list[Target]:
    """Those that were looked at before, the last one first."""
    known = {one.url for one in others}
    urls = [one.target for one in history.targets(history.load(history.place()))]
    return _read(ways, [url for url in urls if url not in known][:20])


def _read(ways: Ways, urls: list[str]) -> list[Target]:
    found = []
    for url in urls:
        try:
            found.append(ways.read(url))
        except UsageError:
            continue
    return found
