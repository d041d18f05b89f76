"""The actions of the keys on the screen of one target, and the obstacles to each.

An action is a function of the screen. An obstacle returns the key of the text that says why the
action is disabled, or "".
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

from diagnose.checking.verdicts import layer_statuses
from diagnose.fixing.plan import skip_reason
from diagnose.model.frozen import frozen
from diagnose.outputs import finding_text
from diagnose.tui import tab_text
from diagnose.tui.session import WATCH_INTERVAL

if TYPE_CHECKING:
    from diagnose.tui.screens.site import SiteScreen

Obstacle = Callable[["SiteScreen"], str]


@frozen
class Action:
    run: Callable[["SiteScreen"], None]
    obstacles: tuple[Obstacle, ...]

    def obstacle_key(self, screen: "SiteScreen") -> str:
        return next(filter(None, (obstacle(screen) for obstacle in self.obstacles)), "")


#: All actions, by the name of their key in `diagnose.tui.keys`.
ACTIONS: dict[str, Action] = {}


def action(*obstacles: Obstacle) -> Callable[[Callable[["SiteScreen"], None]], None]:
    def register(function: Callable[["SiteScreen"], None]) -> None:
        ACTIONS[function.__name__.rstrip("_").replace("_", "-")] = Action(function, obstacles)

    return register


# Obstacles

#: Text keys for why a kind of session cannot be fixed, or has no other target.
_UNFIXABLE_KINDS = {"part": "partial", "demo": "demo", "recording": "recording"}
_SINGLE_KINDS = {
    "demo": "demo-alone",
    "demo-server": "demo-inside",
    "recording": "recording-stays",
}


def _recorded(screen: "SiteScreen") -> str:
    return "recording-stays" if screen.session.services.kind == "recording" else ""


def _running(screen: "SiteScreen") -> str:
    return "still-running" if screen.session.running else ""


def _masking(screen: "SiteScreen") -> str:
    return "masking" if screen.app.masked and screen.session.masked is None else ""


def _masked(screen: "SiteScreen") -> str:
    return "unmasked-alone" if screen.app.masked else ""


def _unfixable(screen: "SiteScreen") -> str:
    return _UNFIXABLE_KINDS.get(screen.session.services.kind, "")


def _single_target(screen: "SiteScreen") -> str:
    return _SINGLE_KINDS.get(screen.session.services.kind, "")


def _nothing_found(screen: "SiteScreen") -> str:
    return "" if screen.finding else "no-finding"


def _nothing_to_fix(screen: "SiteScreen") -> str:
    return "" if screen.visible_report.causes else "no-cause"


def _by_hand(screen: "SiteScreen") -> str:
    causes = screen.visible_report.causes
    reasons = [skip_reason(cause) for cause in causes]
    if not all(reasons):
        return ""
    return "to-review" if "review" in reasons else "by-hand"


def _nothing_failed(screen: "SiteScreen") -> str:
    return "" if _failed_layers(screen) else "no-failed"


def _no_steps(screen: "SiteScreen") -> str:
    return "" if _steps(screen) else "no-fix"


def _no_diffs(screen: "SiteScreen") -> str:
    return "" if _diffs(screen) else "no-diff"


def _no_other_run(screen: "SiteScreen") -> str:
    return "" if screen.session.previous_report or screen.session.changes else "no-other-run"


def _unwatched(screen: "SiteScreen") -> str:
    return "" if screen.session.watched else "no-watch"


# Diagnose again


@action(_running, _recorded)
def again(screen: "SiteScreen") -> None:
    _begin(screen, ())


@action(_running, _recorded, _nothing_failed)
def failed(screen: "SiteScreen") -> None:
    _begin(screen, _failed_layers(screen))


@action(_running, _recorded, _nothing_found)
def verify(screen: "SiteScreen") -> None:
    assert screen.finding is not None, "an obstacle says so"
    _begin(screen, (finding_text.affected_layer(screen.visible_report, screen.finding),))


def _begin(screen: "SiteScreen", only: tuple[str, ...]) -> None:
    screen.session.start(only)
    screen.draw()


def _failed_layers(screen: "SiteScreen") -> tuple[str, ...]:
    """Return the layers with a problem or an unknown status."""
    bad = {"error", "warning", "unknown"}
    return tuple(name for name, status in layer_statuses(screen.session.report) if status in bad)


@action(_recorded)
def watch(screen: "SiteScreen") -> None:
    session = screen.session
    session.watched, session.paused = not session.watched, False
    screen.toast("watching" if session.watched else "watch-ends", seconds=round(WATCH_INTERVAL))
    screen.draw()


@action(_unwatched)
def pause(screen: "SiteScreen") -> None:
    screen.session.paused = not screen.session.paused
    screen.toast("pauses" if screen.session.paused else "goes-on")
    screen.draw()


@action(_single_target)
def inside(screen: "SiteScreen") -> None:
    def on_url(url: str | None) -> None:
        if url:
            screen.session.inspect_server(url)
            screen.draw()

    from diagnose.tui.screens.input_dialog import InputDialog

    heading, placeholder = screen.say("asked-inside"), screen.say("asked-server")
    parse, explain = screen.app.services.parse_server, screen.app.usage_text
    screen.app.push_screen(InputDialog(heading, placeholder, parse, explain), on_url)


# Show details


@action(_running, _masking)
def skipped(screen: "SiteScreen") -> None:
    from diagnose.tui import dialog_text

    text = dialog_text.skipped_text(screen.visible_report, screen.app.dialog_view())
    screen.app.show_text(screen.say("skipped"), text)


@action(_running, _masked, _no_other_run)
def compare(screen: "SiteScreen") -> None:
    from diagnose.tui import dialog_text

    session = screen.session
    text = dialog_text.comparison_text(
        session.previous_report, session.report, session.changes, screen.app.dialog_view()
    )
    screen.app.show_text(screen.say("compare"), text)


@action(_nothing_found)
def causes(screen: "SiteScreen") -> None:
    screen.causes_only = not screen.causes_only
    screen.draw()


@action()
def layers(screen: "SiteScreen") -> None:
    screen.choose_layer()


@action()
def level(screen: "SiteScreen") -> None:
    screen.change_log()


@action()
def filter_(screen: "SiteScreen") -> None:
    screen.ask_filter()


@action()
def back(screen: "SiteScreen") -> None:
    screen.go_back()


# Fix, copy, export


@action(_no_steps)
def copy(screen: "SiteScreen") -> None:
    width = screen.app.dialog_view().width
    shown_text = tab_text.step_commands(screen.finding, width) if screen.finding else ""
    screen.app.copy_text(_steps(screen), shown_text)


def _steps(screen: "SiteScreen") -> str:
    return tab_text.step_commands(screen.finding) if screen.finding else ""


@action(_no_diffs)
def diff(screen: "SiteScreen") -> None:
    from diagnose.tui import dialog_text

    text = dialog_text.colored_diff(_diffs(screen), screen.app.dialog_view())
    screen.app.show_text(screen.say("key.diff"), text)


def _diffs(screen: "SiteScreen") -> str:
    if not screen.finding:
        return ""
    from diagnose.tui import dialog_text

    return dialog_text.fix_diffs(screen.finding)


@action(_unfixable, _running, _nothing_to_fix, _by_hand)
def apply(screen: "SiteScreen") -> None:
    screen.app.start_fix(screen.session, undo=False)


@action(_unfixable, _running)
def undo(screen: "SiteScreen") -> None:
    screen.app.start_fix(screen.session, undo=True)


@action(_running, _masking)
def export(screen: "SiteScreen") -> None:
    screen.app.export(screen.session)


@action(_running, _masking)
def copy_report(screen: "SiteScreen") -> None:
    screen.app.copy_text(screen.app.export_text("markdown", screen.session))
