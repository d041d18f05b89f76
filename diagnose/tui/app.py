"""The application: it switches screens and handles the keys that work on all of them."""

import asyncio
import queue
import signal
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from textual.binding import Binding
from textual.constants import MAX_FPS
from textual.filter import LineFilter, NoColor

from diagnose.i18n import next_language
from diagnose.i18n.screen import translate
from diagnose.model import Evidence, Report, Target
from diagnose.model.view import View
from diagnose.parsers.target import UsageError
from diagnose.processes.collection import collect_garbage
from diagnose.processes.worker import JobEnded
from diagnose.tui.contrast import Undimmed, readable
from diagnose.tui.key_map import key_facts, remap
from diagnose.tui.key_order import OrderedKeysApp
from diagnose.tui.keys import SITE_KEYS
from diagnose.tui.messages import LocalSites, RecentTargets, Services
from diagnose.tui.screens.base import BaseScreen
from diagnose.tui.screens.site import SiteScreen
from diagnose.tui.session import WATCH_INTERVAL, Session

# What is shown on request is imported then: the screen is painted before.
if TYPE_CHECKING:
    from diagnose.tui.screens.fix import FixDialog

#: The interval in seconds at which received messages are processed and drawn: a longer one where
#: frames are few, as over SSH (`diagnose.tui.textual_environment`).
DRAW_INTERVAL = 1 / 15 if MAX_FPS > 15 else 1 / 4

#: The number of this server's sites that are diagnosed automatically; the others when opened.
MAX_AUTO_RUNS = 8

#: The export formats and the suffix of each file.
_SUFFIXES = {"json": "json", "markdown": "md", "html": "html", "text": "txt",
            "recording": "ndjson", "svg": "svg"}  # fmt: skip
_FORMAT_NAMES = {"json": "JSON", "markdown": "Markdown", "html": "HTML"}

#: Shown instead of a target while it is being masked.
_HIDDEN = Target("***", "https", "***", 443)


class DiagnoseApp(OrderedKeysApp):
    """The Textual application. Its result is "report", "silently" or, after SIGTERM,
    "terminated"."""

    CSS_PATH = "app.tcss"
    TITLE = "diagnose"
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (100, "-wide"), (140, "-xwide")]
    VERTICAL_BREAKPOINTS = [(0, "-low"), (34, "-tall")]
    BINDINGS = [
        Binding("ctrl+c", "interrupt", show=False, priority=True),
        Binding("ctrl+q", "do('quit')", show=False, priority=True),
    ]

    def __init__(
        self,
        sessions: list[Session],
        services: Services,
        view: View,
        key_map: Mapping[str, str] = {},
    ) -> None:
        super().__init__()
        self.key_map = dict(key_map)
        self._key_facts = key_facts(remap(SITE_KEYS, key_map))
        self.sessions, self.services, self.view = sessions, services, view
        #: The heading of the list of targets, as a text key.
        self.heading_key = "targets" if sessions else "finding-sites"
        self.masked = False
        self.fix_dialog: FixDialog | None = None
        self._site_messages: queue.SimpleQueue[Any] = queue.SimpleQueue()
        if self.no_color or self.console.color_system not in {"256", "truecolor"}:
            self.theme = "ansi-dark"

    def get_line_filters(self) -> Sequence[LineFilter]:
        """Return what changes the colours of a line before it is drawn."""
        if self.no_color:
            return NoColor(), Undimmed()
        own = readable(self.console.color_system, self.current_theme.dark)
        return *super().get_line_filters(), own

    def _print_error_renderables(self) -> None:
        """Print nothing: Textual prints the traceback with all local variables, names and addresses
        among them. It goes into a file (`diagnose.cli.fault_file`)."""

    def on_mount(self) -> None:
        self.set_class(self.view.ascii, "-ascii")
        self.set_keymap(self.key_map)
        # Python's default handling would not restore the terminal.
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, self.exit, "terminated")
        # Only then: what has come is drawn with the first screen.
        self.call_after_refresh(self.set_interval, DRAW_INTERVAL, self.drain)
        self.call_after_refresh(collect_garbage)
        self.set_interval(WATCH_INTERVAL, self.rerun_watched)
        if not self.sessions:
            self.services.executor.start("sites", self._site_messages.put)

    def get_default_screen(self) -> BaseScreen:
        """Return the first screen. Below it is none: an empty one would be drawn first."""
        if len(self.sessions) == 1:
            return SiteScreen(self.sessions[0])
        from diagnose.tui.screens.start import StartScreen

        return StartScreen()

    def drain(self) -> None:
        """Process received messages and redraw. Only this method reads the queues."""
        received = not self._site_messages.empty()
        while not self._site_messages.empty():
            self._apply_message(self._site_messages.get())
        changed_sessions = [session for session in self.sessions if session.drain()]
        self._mask(changed_sessions)
        if self.fix_dialog is not None:
            self.fix_dialog.drain()
        # At the end the widgets of a screen go before this timer, and then the screens.
        if not self.is_running or not (changed_sessions or received):
            return
        for screen in self.screen_stack[-1:]:
            if isinstance(screen, BaseScreen) and screen.displays_any(changed_sessions):
                screen.redraw()

    def _mask(self, sessions: list[Session]) -> None:
        if self.masked:
            for session in sessions:
                session.mask(self.view)

    def rerun_watched(self) -> None:
        """Rerun the watched sessions, but not during a fix."""
        for session in self.sessions:
            if session.watched and not session.paused and self.fix_dialog is None:
                session.start()

    def _apply_message(self, message: Any) -> None:
        match message:
            case LocalSites(targets):
                self.heading_key = "sites" if targets else "no-sites"
                self.sessions += [Session(target, self.services) for target in targets]
                for session in self.sessions[:MAX_AUTO_RUNS]:
                    session.start()
            case RecentTargets(entries):
                self.sessions += [
                    Session(target, self.services, summary) for target, summary in entries
                ]
            case JobEnded():
                if self.heading_key == "finding-sites":
                    self.heading_key = "no-sites"

    def say(self, key: str, **facts: object) -> str:
        return translate(key, self.view.lang, **self._key_facts, **facts)

    def usage_text(self, error: UsageError) -> str:
        from diagnose.i18n.command_line import translate_error

        return translate_error(str(error), self.view.lang)

    # Targets

    def open(self, session: Session) -> None:
        if not session.started:
            session.start()
        self.push_screen(SiteScreen(session))

    def session_of(self, target: Target) -> Session:
        """Return the session of this target, or a new one."""
        for session in self.sessions:
            if (session.target.url, session.target.websockets) == (target.url, target.websockets):
                return session
        new_session = Session(target, self.services)
        self.sessions.insert(0, new_session)
        return new_session

    def visible_report(self, session: Session) -> tuple[Report, View]:
        """Return a session's report as it may be shown: an empty one while it is being masked."""
        if not self.masked:
            return session.report, self.view
        if session.masked is not None:
            return session.masked.report, replace(
                self.view, hostname=session.masked.view.hostname, again=session.masked.view.again
            )
        return Report(Evidence(_HIDDEN, session.report.evidence.started_at)), self.view

    def final_reports(self) -> list[tuple[Report, View]]:
        """Return the final reports, as they were shown, to print on the terminal afterwards."""
        concluded = [
            session for session in self.sessions if session.run_state.final_report is not None
        ]
        return [
            self.visible_report(session)
            for session in concluded
            if not self.masked or session.masked is not None
        ]

    def export_text(self, format_name: str, session: Session) -> str:
        report, view = self.visible_report(session)
        if format_name == "recording":
            from diagnose.recording.redaction import masked_recording

            return masked_recording(report.evidence, view.privileged)
        from diagnose.outputs import writer

        return writer(format_name)(report, replace(view, color=False))

    def dialog_view(self) -> View:
        """Return the view for a dialog that covers the whole screen."""
        return replace(self.view, width=max(self.size.width - 4, 40), color=True)

    # Keys that work on every screen

    def action_interrupt(self) -> None:
        """Ctrl-C: copy the selection, or else stop the running runs, or else quit."""
        if selected := self.screen.get_selected_text():
            self.screen.clear_selection()
            self.copy_text(selected)
            return
        running = [session for session in self.sessions if session.running]
        for session in running:
            session.stop()
        if not running:
            self.action_do("quit")

    def action_do(self, name: str) -> None:
        getattr(self, f"do_{name}")()

    def do_quit(self, result: str = "report") -> None:
        if self.fix_dialog is not None and not self.fix_dialog.done:
            self.notify(self.say("mending"), severity="warning", markup=False)
            return
        self.exit(result)

    def do_silently(self) -> None:
        self.do_quit("silently")

    def do_language(self) -> None:
        self.view = replace(self.view, lang=next_language(self.view.lang))
        self._draw()

    def do_mask(self) -> None:
        self.masked = not self.masked
        self.notify(self.say("masked" if self.masked else "unmasked"), markup=False)
        self._mask(self.sessions)
        self._draw()

    def _draw(self) -> None:
        if isinstance(self.screen, BaseScreen):
            self.screen.redraw()

    def do_target(self) -> None:
        """Go to the list of targets, where a new one can be entered."""
        from diagnose.tui.screens.start import StartScreen

        if isinstance(self.screen, StartScreen):
            self.screen.query_one("#input").focus()
        elif any(isinstance(screen, StartScreen) for screen in self.screen_stack):
            while not isinstance(self.screen, StartScreen):
                self.pop_screen()
        else:
            self.push_screen(StartScreen(asks=True))

    def do_help(self) -> None:
        screen = self.screen
        if isinstance(screen, BaseScreen):
            from diagnose.tui import dialog_text

            focus = self.focused.id if self.focused is not None else None
            tabs = isinstance(screen, SiteScreen)
            text = dialog_text.help_text(
                screen.keys, focus or "", screen.obstacle_key, self.dialog_view(), tabs
            )
            self.show_text(self.say("help.title"), text)

    def do_palette(self) -> None:
        from diagnose.tui.palette import Palette

        self.push_screen(Palette(placeholder=self.say("palette-what")))

    def do_picture(self) -> None:
        self._save("", "svg", self.export_screenshot())

    # Copy and save

    def show_text(self, title: str, text: str) -> None:
        from diagnose.tui.screens.text_dialog import TextDialog

        self.push_screen(TextDialog(self.say("sheet-back", title=title), text))

    def copy_text(self, text: str, shown: str = "") -> None:
        """Copy to the terminal's clipboard, and show the text, or `shown` in its place, because the
        terminal does not confirm it."""
        from diagnose.tui.clipboard import load_tmux_buffer, osc52_sequence
        from diagnose.tui.screens.text_dialog import TextDialog

        osc52 = osc52_sequence(text)
        if osc52 is not None and self._driver is not None:
            self._driver.write(osc52)
            self._driver.flush()
            self.run_worker(load_tmux_buffer(text), exit_on_error=False)
        heading = self.say("sheet" if osc52 else "sheet-long")
        self.push_screen(TextDialog(heading, shown or text, at_edge=True))

    def export(self, session: Session) -> None:
        from diagnose.tui.screens.choice import ChoiceDialog

        # Take the screenshot now, before the list of formats covers the screen.
        screenshot = self.export_screenshot()

        def save_chosen(format_name: str | None) -> None:
            if format_name is not None:
                host = "" if self.masked else session.target.host.replace(":", "-")
                text = (
                    screenshot if format_name == "svg" else self.export_text(format_name, session)
                )
                self._save(host, _SUFFIXES[format_name], text)

        choices = tuple(
            (format_name, _FORMAT_NAMES.get(format_name) or self.say(f"export.{format_name}"))
            for format_name in _SUFFIXES
        )
        self.push_screen(ChoiceDialog(self.say("export-what"), choices), save_chosen)

    def _save(self, name: str, suffix: str, text: str) -> None:
        from diagnose.tui import export

        try:
            path = export.save(name, suffix, text)
        except OSError as error:
            reason = f"{error.filename}: {error.strerror}"
            self.notify(self.say("not-saved", why=reason), severity="error", markup=False)
        else:
            self.notify(self.say("saved", path=path), markup=False)

    # Fixes

    def start_fix(self, session: Session, undo: bool) -> None:
        """Apply the fix, or undo the last one, with the dialog of `diagnose fix`."""
        from diagnose.tui.screens.fix import FixDialog

        url = self.visible_report(session)[0].evidence.target.url
        title = f"{self.say('key.undo' if undo else 'key.apply')}   {url}"
        dialog = FixDialog(title, self.say)
        request = replace(session.request, only=())
        # The text has a cell on either side, and one for the scroll bar.
        view = replace(self.dialog_view(), width=max(self.size.width - 3, 40))
        dialog.attach(
            self.services.executor.start("mend", dialog.messages.put, request, undo, view)
        )
        self.fix_dialog = dialog

        def on_closed(_: None) -> None:
            self.fix_dialog = None
            session.start()

        self.push_screen(dialog, on_closed)
