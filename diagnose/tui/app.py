"""The application: which screen is up, and what is done on all of them. It judges nothing."""

import asyncio
import queue
import signal
from dataclasses import replace
from typing import Any

from textual.app import App
from textual.binding import Binding

from diagnose.i18n.screen import say
from diagnose.model import Evidence, Report, Target
from diagnose.model.view import View
from diagnose.outputs import writer
from diagnose.processes.worker import Over
from diagnose.tui import dialog_text, export
from diagnose.tui.clipboard import sequence
from diagnose.tui.messages import Behind, Earlier, Own
from diagnose.tui.screens.base import Drawn
from diagnose.tui.screens.choice import Choice
from diagnose.tui.screens.fix import Mending
from diagnose.tui.screens.site import SiteScreen
from diagnose.tui.screens.start import StartScreen
from diagnose.tui.screens.text_dialog import Sheet
from diagnose.tui.session import EVERY, Session

#: How often what has been told is drawn, at most, in seconds.
DRAWN = 1 / 15

#: Sites of this server that are looked at by themselves; the rest when they are opened.
AT_ONCE = 8

#: What can be exported, each with the ending of its file.
_FORMATS = {"json": "json", "markdown": "md", "html": "html", "text": "txt",
            "recording": "ndjson", "svg": "svg"}  # fmt: skip
_FORMAT_NAMES = {"json": "JSON", "markdown": "Markdown", "html": "HTML"}

#: In the place of a target that is not to be seen.
_HIDDEN = Target("***", "https", "***", 443)


class DiagnoseApp(App[str]):
    """Ends with "report", "silently" or, by SIGTERM, "terminated"."""

    CSS_PATH = "app.tcss"
    TITLE = "diagnose"
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (100, "-wide"), (140, "-xwide")]
    VERTICAL_BREAKPOINTS = [(0, "-low"), (34, "-tall")]
    BINDINGS = [
        Binding("ctrl+c", "interrupt", show=False, priority=True),
        Binding("ctrl+q", "do('quit')", show=False, priority=True),
    ]

    def __init__(self, sessions: list[Session], behind: Behind, view: View) -> None:
        super().__init__()
        self.sessions, self.behind, self.view = sessions, behind, view
        #: What stands above the list of targets, as the key of words.
        self.found = "targets" if sessions else "finding-sites"
        self.masked = False
        self.mending: Mending | None = None
        self._finding: queue.SimpleQueue[Any] = queue.SimpleQueue()

    def on_mount(self) -> None:
        self.set_class(self.view.ascii, "-ascii")
        # Python's own way would leave the terminal as it is now.
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, self.exit, "terminated")
        self.set_interval(DRAWN, self.drain)
        self.set_interval(EVERY, self.look_again)
        if len(self.sessions) == 1:
            self.push_screen(SiteScreen(self.sessions[0]))
            return
        if not self.sessions:
            self.behind.place.start("sites", self._finding.put)
        self.push_screen(StartScreen())

    def drain(self) -> None:
        """Take what has been told, and have it drawn. Only here: everything is told once."""
        found = not self._finding.empty()
        while not self._finding.empty():
            self._take(self._finding.get())
        where = [one for one in self.sessions if one.drain()]
        self._mask(where)
        if self.mending is not None:
            self.mending.drain()
        # At the end there is no screen any more.
        for screen in self.screen_stack[-1:] if where or found else ():
            if isinstance(screen, Drawn) and screen.shows(where):
                screen.happened()

    def _mask(self, sessions: list[Session]) -> None:
        if self.masked:
            for one in sessions:
                one.mask(self.view)

    def look_again(self) -> None:
        """At what is watched; not while something is being mended."""
        for one in self.sessions:
            if one.watched and not one.paused and self.mending is None:
                one.begin()

    def _take(self, told: Any) -> None:
        match told:
            case Own(targets):
                self.found = "sites" if targets else "no-sites"
                self.sessions += [Session(target, self.behind) for target in targets]
                for one in self.sessions[:AT_ONCE]:
                    one.begin()
            case Earlier(known):
                self.sessions += [Session(target, self.behind, said) for target, said in known]
            case Over():
                if self.found == "finding-sites":
                    self.found = "no-sites"

    def say(self, key: str, **facts: object) -> str:
        return say(key, self.view.lang, **facts)

    # The targets

    def open(self, session: Session) -> None:
        if not session.begun:
            session.begin()
        self.push_screen(SiteScreen(session))

    def session_of(self, target: Target) -> Session:
        """The one that looks at this target, or a new one."""
        for one in self.sessions:
            if (one.target.url, one.target.websockets) == (target.url, target.websockets):
                return one
        made = Session(target, self.behind)
        self.sessions.insert(0, made)
        return made

    def shown(self, session: Session) -> tuple[Report, View]:
        """A session's report as it may be seen: while it is being masked, nothing of it."""
        if not self.masked:
            return session.report, self.view
        if session.masked is not None:
            return session.masked.report, replace(
                self.view, hostname=session.masked.view.hostname, again=session.masked.view.again
            )
        return Report(Evidence(_HIDDEN, session.report.evidence.started_at)), self.view

    def left(self) -> list[tuple[Report, View]]:
        """What stays on the terminal: every report that there is, as it was shown."""
        done = [one for one in self.sessions if one.live.concluded is not None]
        return [self.shown(one) for one in done if not self.masked or one.masked is not None]

    def written(self, form: str, session: Session) -> str:
        report, view = self.shown(session)
        if form == "recording":
            from diagnose.recording.redaction import recorded

            return recorded(report.evidence, view.privileged)
        return writer(form)(report, replace(view, color=False))

    def plain(self) -> View:
        """For what lies over the whole screen."""
        return replace(self.view, width=max(self.size.width - 4, 40), color=True)

    # What the keys do on every screen

    def action_interrupt(self) -> None:
        """Ctrl-C copies what is selected, else ends what goes on, else the program."""
        if selected := self.screen.get_selected_text():
            self.screen.clear_selection()
            self.copied(selected)
            return
        running = [one for one in self.sessions if one.running]
        for one in running:
            one.stop()
        if not running:
            self.action_do("quit")

    def action_do(self, name: str) -> None:
        getattr(self, f"do_{name}")()

    def do_quit(self, how: str = "report") -> None:
        if self.mending is not None and not self.mending.done:
            self.notify(self.say("mending"), severity="warning", markup=False)
            return
        self.exit(how)

    def do_silently(self) -> None:
        self.do_quit("silently")

    def do_language(self) -> None:
        self.view = replace(self.view, lang="en" if self.view.lang == "zh" else "zh")
        self._draw()

    def do_mask(self) -> None:
        self.masked = not self.masked
        self.notify(self.say("masked" if self.masked else "unmasked"), markup=False)
        self._mask(self.sessions)
        self._draw()

    def _draw(self) -> None:
        if isinstance(self.screen, Drawn):
            self.screen.happened()

    def do_target(self) -> None:
        """Back to the list of targets, or to a new one."""
        if isinstance(self.screen, StartScreen):
            self.screen.query_one("#input").focus()
        elif any(isinstance(one, StartScreen) for one in self.screen_stack):
            while not isinstance(self.screen, StartScreen):
                self.pop_screen()
        else:
            self.push_screen(StartScreen())

    def do_help(self) -> None:
        screen = self.screen
        if isinstance(screen, Drawn):
            focus = self.focused.id if self.focused is not None else None
            tabs = isinstance(screen, SiteScreen)
            text = dialog_text.keys(screen.KEYS, focus or "", screen.why_not, self.plain(), tabs)
            self.sheet(self.say("help.title"), text)

    def do_palette(self) -> None:
        from diagnose.tui.palette import Palette

        self.push_screen(Palette(placeholder=self.say("palette-what")))

    def do_picture(self) -> None:
        self._save("", "svg", self.export_screenshot())

    # What is copied and saved

    def sheet(self, told: str, text: str) -> None:
        self.push_screen(Sheet(self.say("sheet-back", title=told), text))

    def copied(self, text: str) -> None:
        """To the terminal's clipboard, and on a sheet: nobody can know whether it was taken."""
        wanted = sequence(text)
        if wanted is not None and self._driver is not None:
            self._driver.write(wanted)
            self._driver.flush()
        self.push_screen(Sheet(self.say("sheet" if wanted else "sheet-long"), text))

    def export(self, session: Session) -> None:
        # Of the screen as it is now, not of the list of formats.
        picture = self.export_screenshot()

        def chosen(form: str | None) -> None:
            if form is not None:
                host = "" if self.masked else session.target.host.replace(":", "-")
                text = picture if form == "svg" else self.written(form, session)
                self._save(host, _FORMATS[form], text)

        choices = tuple(
            (form, _FORMAT_NAMES.get(form) or self.say(f"export.{form}")) for form in _FORMATS
        )
        self.push_screen(Choice(self.say("export-what"), choices), chosen)

    def _save(self, name: str, suffix: str, text: str) -> None:
        try:
            path = export.save(name, suffix, text)
        except OSError as error:
            why = f"{error.filename}: {error.strerror}"
            self.notify(self.say("not-saved", why=why), severity="error", markup=False)
        else:
            self.notify(self.say("saved", path=path), markup=False)

    # A fix

    def mend(self, session: Session, undo: bool) -> None:
        """Apply the remedy, or take the last one back, in the words of `diagnose fix`."""
        url = self.shown(session)[0].evidence.target.url
        title = f"{self.say('key.undo' if undo else 'key.apply')}   {url}"
        sheet = Mending(title, self.view.lang)
        asked = replace(session.asked, only=())
        view = replace(self.plain(), width=max(self.size.width - 2, 40))
        sheet.works(self.behind.place.start("mend", sheet.told.put, asked, undo, view))
        self.mending = sheet

        def over(_: None) -> None:
            self.mending = None
            session.begin()

        self.push_screen(sheet, over)
