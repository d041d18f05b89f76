"""The application: which screen is up, and what several of them can do. It judges nothing."""

import contextlib
import os
import queue
import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from textual.app import App, SystemCommand
from textual.binding import Binding
from textual.screen import Screen

from diagnose.events import Sink
from diagnose.fix import Talk
from diagnose.model import Report
from diagnose.outputs import View, writer
from diagnose.tui import pane
from diagnose.tui.clipboard import sequence
from diagnose.tui.screens.choice import Choice
from diagnose.tui.screens.sheet import Asking, Sheet
from diagnose.tui.screens.site import SiteScreen
from diagnose.tui.screens.start import StartScreen
from diagnose.tui.session import Doors, Session
from diagnose.tui.words import say
from diagnose.tui.work import Work

#: How often what has happened is drawn, at most, in seconds.
DRAWN = 1 / 15

#: Key, action, word, whether the footer has room for it.
_KEYS = (
    ("r", "again", "again", True),
    ("y", "copy", "copy", True),
    ("a", "apply", "apply", True),
    ("u", "undo", "undo", True),
    ("e", "export", "export", True),
    ("w", "watch", "watch", True),
    ("question_mark,f1", "app.keys", "help", True),
    ("q", "app.leave", "quit", True),
    ("Y", "copy_report", "copy-report", False),
    ("slash", "filter", "filter", False),
    ("p", "app.mask", "mask", False),
    ("t", "app.start", "target", False),
    ("L", "app.language", "language", False),
    ("S", "app.svg", "svg", False),
    ("Q", "app.leave(True)", "silently", False),
    ("escape", "back", "back", False),
    ("colon,ctrl+p", "app.command_palette", "palette", False),
)

#: How the keys are called where their names are no use.
_NAMES = {"question_mark,f1": "?", "slash": "/", "escape": "Esc",
          "colon,ctrl+p": "^p"}  # fmt: skip

_FORMATS = (("json", "JSON"), ("markdown", "Markdown"), ("html", "HTML"), ("text", "Text"))


def bindings(lang: str) -> list[Binding]:
    """The keys of a target's screen; the footer's words are those of its class."""
    made = [
        Binding(key, action, say(word, lang), show=shown, key_display=_NAMES.get(key, key))
        for key, action, word, shown in _KEYS
    ]
    for number, name in enumerate(pane.TABS, 1):
        made.append(Binding(str(number), f"tab('{name}')", say(name, lang), show=False))
    return made


class DiagnoseApp(App[str]):
    """Ends with "report", "silently" or "language"."""

    CSS_PATH = "app.tcss"
    TITLE = "diagnose"
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (100, "-wide"), (140, "-xwide")]
    BINDINGS = [
        Binding("ctrl+c", "interrupt", show=False, priority=True),
        Binding("ctrl+q", "leave", show=False, priority=True),
    ]

    def __init__(
        self,
        sessions: list[Session],
        doors: Doors,
        view: View,
        found: bool = False,
    ) -> None:
        super().__init__()
        self.sessions, self.doors, self.view, self.found = sessions, doors, view, found
        self.masked = False
        self._masked: tuple[Report, tuple[Report, View]] | None = None
        keys = bindings(view.lang)
        self._site = type("Site", (SiteScreen,), {"BINDINGS": keys})
        start = [one for one in keys if one.action.startswith("app.") and "start" not in one.action]
        self._start = type("Start", (StartScreen,), {"BINDINGS": start})
        if os.environ.get("TERM", "") in {"linux", "xterm", "screen", "vt100", "ansi"}:
            self.theme = "ansi-dark"

    def on_mount(self) -> None:
        self.set_class(self.view.ascii, "-ascii")
        self.set_interval(DRAWN, self.drain)
        if len(self.sessions) == 1 and not self.found:
            self.push_screen(self._site(self.sessions[0]))
        else:
            self.push_screen(self._start(self.sessions))

    def drain(self) -> None:
        """Take what the runs tell, and have it drawn. Only here: an event is told once."""
        where = [one for one in self.sessions if one.drain(self.view.lang)]
        if where and isinstance(self.screen, SiteScreen | StartScreen):
            self.screen.happened(where)

    def say(self, key: str, **facts: object) -> str:
        return say(key, self.view.lang, **facts)

    def open(self, session: Session) -> None:
        if not session.begun:
            session.begin()
        self.push_screen(self._site(session))

    def shown(self, session: Session) -> tuple[Report, View]:
        """A session's report as it may be seen."""
        if not self.masked or session.running:
            return session.report, self.view
        report = session.report
        if self._masked is None or self._masked[0] is not report:
            # Masked evidence is judged anew, which is too dear for every paint.
            self._masked = (report, self.doors.mask(report, self.view))
        return self._masked[1]

    def written(self, form: str, session: Session) -> str:
        report, view = self.shown(session)
        return writer(form)(report, replace(view, color=False))

    # What the keys do on every screen

    def action_interrupt(self) -> None:
        """Ctrl-C ends what goes on; where nothing does, the program."""
        running = [one for one in self.sessions if one.running]
        for one in running:
            one.stop()
        if not running:
            self.action_leave()

    def action_leave(self, silently: bool = False) -> None:
        self.exit("silently" if silently else "report")

    def action_language(self) -> None:
        self.exit("language")

    def action_mask(self) -> None:
        self.masked = not self.masked
        self.notify(self.say("masked" if self.masked else "unmasked"), markup=False)
        if isinstance(self.screen, SiteScreen | StartScreen):
            self.screen.draw()
            if isinstance(self.screen, SiteScreen):
                self.screen.draw(True)

    def action_start(self) -> None:
        self.push_screen(self._start(self.sessions))

    def action_keys(self) -> None:
        lines = [f"{_NAMES.get(key, key):8} {self.say(word)}" for key, _, word, _ in _KEYS]
        lines += [f"{'1 - 5':8} {self.say('tabs')}", f"{'j k g G':8} {self.say('move')}",
                  f"{'Tab':8} {self.say('panes')}"]  # fmt: skip
        self.push_screen(Sheet(self.say("keys"), "\n".join(lines)))

    def action_svg(self) -> None:
        self._save("svg", self.export_screenshot())

    # What is copied and saved

    def copied(self, text: str) -> None:
        """To the terminal's clipboard, and on a sheet: nobody can know whether it was taken."""
        wanted = sequence(text)
        if wanted is not None and self._driver is not None:
            self._driver.write(wanted)
            self._driver.flush()
        self.push_screen(Sheet(self.say("sheet" if wanted else "sheet-long"), text))

    def export(self, session: Session) -> None:
        if session.running:
            self.notify(self.say("still-running"), severity="warning", markup=False)
            return

        def chosen(form: str | None) -> None:
            if form:
                suffix = {"markdown": "md", "text": "txt"}.get(form, form)
                self._save(suffix, self.written(form, session))

        self.push_screen(Choice(self.say("export-what"), _FORMATS), chosen)

    def _save(self, suffix: str, text: str) -> None:
        path = Path(f"diagnose-{time.strftime('%Y%m%d-%H%M%S')}.{suffix}")
        try:
            path = path.absolute()
            with path.open("x", encoding="utf-8", errors="backslashreplace") as file:
                file.write(text)
        except OSError as error:
            why = f"{path}: {error.strerror}"
            self.notify(self.say("not-saved", why=why), severity="error", markup=False)
        else:
            self.notify(self.say("saved", path=path), markup=False)

    # A fix

    def mend(self, session: Session, undo: bool) -> None:
        """Apply the remedy, or take the last one back, in the words of `diagnose fix`."""
        fix = self.doors.fix
        if session.running or fix is None:
            why = "still-running" if session.running else "no-door"
            self.notify(self.say(why), severity="warning", markup=False)
            return
        sheet = Asking(
            self.say("undo" if undo else "apply"), self.say("asks"), self.say("fix-over")
        )
        talk = Talk(self._plain(), partial(self._from_work, sheet.add), partial(self._ask, sheet))

        async def begin(sink: Sink) -> int:
            try:
                return await fix(session.target, talk, undo)
            except Exception as error:
                talk.write(f"{type(error).__name__}: {error}\n")
                return 2
            finally:
                self._from_work(sheet.over)

        def over(_: None) -> None:
            session.begin()

        self.push_screen(sheet, over)
        self.call_after_refresh(Work(begin).start)

    def _plain(self) -> View:
        return replace(self.view, width=max(self.size.width - 2, 40), color=True)

    def _ask(self, sheet: Asking, question: str) -> bool:
        answer: queue.SimpleQueue[bool] = queue.SimpleQueue()
        self._from_work(sheet.ask, question, answer.put)
        return answer.get()

    def _from_work(self, call: Callable[..., Any], *given: Any) -> None:
        # The screen may be gone when a thread still speaks.
        with contextlib.suppress(RuntimeError):
            self.call_from_thread(call, *given)

    def get_system_commands(self, screen: Screen[Any]) -> Iterable[SystemCommand]:
        """The palette: what the keys do, in the person's language."""
        for key, action, word, _ in _KEYS:
            if "palette" not in action and (isinstance(screen, SiteScreen) or "app." in action):
                name = _NAMES.get(key, key)
                run = partial(self.run_action, action, screen)
                yield SystemCommand(self.say(word), name, run)
