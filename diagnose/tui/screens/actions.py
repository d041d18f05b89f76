"""What the keys do on the screen of one target, and what is in the way of each.

An action is a function of the screen; `unless` are the obstacles to it, each of which answers with
the key of the words that say why it does nothing now, or with nothing.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

from diagnose.checking.root_cause import layers
from diagnose.model.frozen import frozen
from diagnose.outputs import finding_text
from diagnose.tui import dialog_text, tab_text
from diagnose.tui.screens.input_dialog import Prompt
from diagnose.tui.session import EVERY

if TYPE_CHECKING:
    from diagnose.tui.screens.site import SiteScreen

Obstacle = Callable[["SiteScreen"], str]


@frozen
class Doing:
    do: Callable[["SiteScreen"], None]
    unless: tuple[Obstacle, ...]

    def why_not(self, screen: "SiteScreen") -> str:
        return next(filter(None, (obstacle(screen) for obstacle in self.unless)), "")


#: Every action, by the name that its key has in `diagnose.tui.keys`.
DOINGS: dict[str, Doing] = {}


def doing(*unless: Obstacle) -> Callable[[Callable[["SiteScreen"], None]], None]:
    def made(do: Callable[["SiteScreen"], None]) -> None:
        DOINGS[do.__name__.rstrip("_").replace("_", "-")] = Doing(do, unless)

    return made


# Obstacles

#: What stands for a site that may not be there: keys of words.
_UNMENDABLE = {"part": "partial", "demo": "demo", "recording": "recording"}
_ALONE = {"demo": "demo-alone", "recording": "recording-stays"}


def _recorded(screen: "SiteScreen") -> str:
    return "recording-stays" if screen.session.behind.kind == "recording" else ""


def _running(screen: "SiteScreen") -> str:
    return "still-running" if screen.session.running else ""


def _masking(screen: "SiteScreen") -> str:
    return "masking" if screen.app.masked and screen.session.masked is None else ""


def _masked(screen: "SiteScreen") -> str:
    return "unmasked-alone" if screen.app.masked else ""


def _unmendable(screen: "SiteScreen") -> str:
    return _UNMENDABLE.get(screen.session.behind.kind, "")


def _alone(screen: "SiteScreen") -> str:
    return _ALONE.get(screen.session.behind.kind, "")


def _nothing_found(screen: "SiteScreen") -> str:
    return "" if screen.finding else "no-finding"


def _nothing_failed(screen: "SiteScreen") -> str:
    return "" if _failed(screen) else "no-failed"


def _no_steps(screen: "SiteScreen") -> str:
    return "" if _steps(screen) else "no-fix"


def _no_diffs(screen: "SiteScreen") -> str:
    return "" if _diffs(screen) else "no-diff"


def _no_other_run(screen: "SiteScreen") -> str:
    return "" if screen.session.before or screen.session.changes else "no-other-run"


def _unwatched(screen: "SiteScreen") -> str:
    return "" if screen.session.watched else "no-watch"


# Look again


@doing(_running, _recorded)
def again(screen: "SiteScreen") -> None:
    _begin(screen, ())


@doing(_running, _recorded, _nothing_failed)
def failed(screen: "SiteScreen") -> None:
    _begin(screen, _failed(screen))


@doing(_running, _recorded, _nothing_found)
def verify(screen: "SiteScreen") -> None:
    assert screen.finding is not None, "an obstacle says so"
    _begin(screen, (finding_text.felt(screen.shown, screen.finding),))


def _begin(screen: "SiteScreen", only: tuple[str, ...]) -> None:
    screen.session.begin(only)
    screen.draw()


def _failed(screen: "SiteScreen") -> tuple[str, ...]:
    """The layers in which something is wrong, or not known."""
    bad = {"error", "warning", "unknown"}
    return tuple(name for name, status in layers(screen.session.report) if status in bad)


@doing(_recorded)
def watch(screen: "SiteScreen") -> None:
    one = screen.session
    one.watched, one.paused = not one.watched, False
    screen.tell("watching" if one.watched else "watch-ends", seconds=round(EVERY))
    screen.draw()


@doing(_unwatched)
def pause(screen: "SiteScreen") -> None:
    screen.session.paused = not screen.session.paused
    screen.tell("pauses" if screen.session.paused else "goes-on")
    screen.draw()


@doing(_alone)
def inside(screen: "SiteScreen") -> None:
    def given(url: str | None) -> None:
        if url:
            screen.session.look_into(url)
            screen.draw()

    told, asked = screen.say("asked-inside"), screen.say("asked-server")
    screen.app.push_screen(Prompt(told, asked, screen.app.behind.server), given)


# What there is to see


@doing(_running, _masking)
def skipped(screen: "SiteScreen") -> None:
    text = dialog_text.skipped(screen.shown, screen.app.plain())
    screen.app.sheet(screen.say("skipped"), text)


@doing(_running, _masked, _no_other_run)
def compare(screen: "SiteScreen") -> None:
    one = screen.session
    text = dialog_text.compared(one.before, one.report, one.changes, screen.app.plain())
    screen.app.sheet(screen.say("compare"), text)


@doing(_nothing_found)
def causes(screen: "SiteScreen") -> None:
    screen.causes_only = not screen.causes_only
    screen.draw()


@doing()
def level(screen: "SiteScreen") -> None:
    screen.failures_only = not screen.failures_only
    screen.draw()


@doing()
def filter_(screen: "SiteScreen") -> None:
    screen.ask_filter()


@doing()
def back(screen: "SiteScreen") -> None:
    screen.go_back()


# Mend, copy, export


@doing(_no_steps)
def copy(screen: "SiteScreen") -> None:
    screen.app.copied(_steps(screen))


def _steps(screen: "SiteScreen") -> str:
    return tab_text.steps(screen.finding) if screen.finding else ""


@doing(_no_diffs)
def diff(screen: "SiteScreen") -> None:
    text = dialog_text.painted(_diffs(screen), screen.app.plain())
    screen.app.sheet(screen.say("key.diff"), text)


def _diffs(screen: "SiteScreen") -> str:
    return dialog_text.diffs(screen.finding) if screen.finding else ""


@doing(_unmendable, _running, _nothing_found)
def apply(screen: "SiteScreen") -> None:
    screen.app.mend(screen.session, undo=False)


@doing(_unmendable, _running)
def undo(screen: "SiteScreen") -> None:
    screen.app.mend(screen.session, undo=True)


@doing(_running, _masking)
def export(screen: "SiteScreen") -> None:
    screen.app.export(screen.session)


@doing(_running, _masking)
def copy_report(screen: "SiteScreen") -> None:
    screen.app.copied(screen.app.written("markdown", screen.session))
