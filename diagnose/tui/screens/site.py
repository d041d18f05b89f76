"""The screen of one target: verdict and layers at the top, the findings, and tabs about one of
them."""

from dataclasses import replace
from typing import Literal

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Container, Horizontal, Vertical
from textual.widgets import Input, OptionList, Static

from diagnose.i18n import reports
from diagnose.model import Finding, Report
from diagnose.model.view import View
from diagnose.tui import header_text, tab_text
from diagnose.tui.keys import SITE_KEYS, bindings
from diagnose.tui.run_state import finding_rows
from diagnose.tui.screens.actions import ACTIONS
from diagnose.tui.screens.base import BaseScreen
from diagnose.tui.session import WATCH_INTERVAL, Session
from diagnose.tui.widgets.bars import KeyBar, TabBar
from diagnose.tui.widgets.findings import Findings, filter_text
from diagnose.tui.widgets.layers import Layers
from diagnose.tui.widgets.text_view import StaticLines, TextView

#: Widths from which there are two and three columns, and the height from which the log is shown
#: (app.tcss has the same numbers).
WIDE, XWIDE, TALL = 100, 140, 34
#: What is shown of the log: "auto" is all of it while the run goes on, and then nothing.
Log = Literal["auto", "all", "failed", "closed"]
#: The text of the title for kinds of sessions that are no site.
_TITLES = {"demo": "demo", "demo-server": "demo", "recording": "recording"}
#: The keys of the text "hints.answer", in its order.
_ANSWER_KEYS = ("copy", "apply", "diff", "verify")
#: Widths of the findings' column (in two and in three columns) and of the layers' column. The rest
#: is for the text, whose commands must not wrap.
FINDINGS_WIDTH, FINDINGS_WIDTH_XWIDE, LAYERS_WIDTH = 30, 34, 26


class SiteScreen(BaseScreen):
    KEYS = SITE_KEYS
    BINDINGS = [
        *bindings(SITE_KEYS),
        *((str(number), f"tab('{name}')", "") for number, name in enumerate(tab_text.TABS, 1)),
        Binding("left", "step_tab(-1)", show=False, priority=True),
        Binding("right", "step_tab(1)", show=False, priority=True),
    ]

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.session = session
        self.tab = "answer"
        self.causes_only = False
        self._log: Log = "auto"
        self._filter = ""

    def compose(self) -> ComposeResult:
        width, height = self.app.size
        yield StaticLines(id="head")
        yield StaticLines(id="strip")
        yield StaticLines(id="news")
        with Container(id="body"):
            if width >= XWIDE:
                yield Layers()
            with Vertical(id="found"):
                yield Findings()
                yield Horizontal(id="filter-line")
                if width >= WIDE:
                    yield TextView("side")
            with Vertical(id="main"):
                yield TabBar(id="tabs")
                yield TextView("scroll")
        if width >= XWIDE and height >= TALL and self._shows_log:
            yield TextView("log")
        yield KeyBar(id="keys")

    def _mount_columns(self) -> None:
        """Mount what the screen has room for now and had none for until now. A pane that is never
        shown costs as much at the first paint as one that is."""
        width, height = self.size
        if width >= WIDE and not self.query("#side"):
            self.query_one("#found").mount(TextView("side"))
        if width >= XWIDE and not self.query(Layers):
            self.query_one("#body").mount(Layers(), before="#found")
        if width >= XWIDE and height >= TALL and self._shows_log and not self.query("#log"):
            self.mount(TextView("log"), before="#keys")

    def focus_first(self) -> None:
        """Focus the list of findings; the text if there is nothing to choose from."""
        (self.findings if self.findings.display else self.query_one("#scroll")).focus()

    def displays_any(self, sessions: list[Session]) -> bool:
        return self.session in sessions

    def toast(self, key: str, **facts: object) -> None:
        self.notify(self.say(key, **facts), markup=False)

    @property
    def findings(self) -> Findings:
        return self.query_one(Findings)

    @property
    def finding(self) -> Finding | None:
        return self.findings.finding

    @property
    def visible_report(self) -> Report:
        """The report as it may be shown."""
        return self.app.visible_report(self.session)[0]

    # Drawing

    def draw(self) -> None:
        self._mount_columns()
        report, view = self.app.visible_report(self.session)
        width, running = self.size.width, self.session.running
        full_view = replace(view, width=max(width - 2, 20), color=True)
        self._show_line("#head", header_text.head_line(report, self._marks(), full_view, running))
        self._show_line("#strip", tab_text.strip_text(report, full_view))
        self._show_line("#news", "" if width >= WIDE else "\n".join(self._news(full_view)))
        self._show_findings(report, full_view)
        if width >= WIDE:
            self.query_one("#side", TextView).show(self._side_text(report, full_view))
        if width >= XWIDE:
            self.query_one(Layers).show(report, replace(full_view, width=LAYERS_WIDTH - 4))
        if self.query("#log"):
            self._show_log(report, full_view)
        self.draw_text()

    def draw_text(self) -> None:
        """Draw the chosen tab for the chosen finding, and the key bar."""
        report, view = self.app.visible_report(self.session)
        width = self.text_width()
        self.query_one(TabBar).show(self.tab, width - 3, view.lang, self._answer_hints())
        text_view = replace(view, width=max(width - 4, 20), color=True)
        # What is waited for has names and addresses.
        waits = () if self.app.masked else self.session.run_state.waits
        text = tab_text.render_tab(
            self.tab, report, self.finding, text_view, self.session.running, waits
        )
        self.query_one("#scroll", TextView).show(text)
        self.query_one(KeyBar).show(self.keys, self.obstacle_key, self.size.width, view.lang)

    def _answer_hints(self) -> list[str]:
        """Return the keys that do something about the finding now, with a word for each."""
        hints = self.say("hints.answer").split("  ")
        return [
            hint
            for name, hint in zip(_ANSWER_KEYS, hints, strict=True)
            if self.finding and not self.obstacle_key(name)
        ]

    def text_width(self) -> int:
        """Return the width of the text's column. It is calculated, because after a resize the
        widgets do not have their new size yet."""
        return (
            self.size.width
            - self._findings_width()
            - (LAYERS_WIDTH if self.size.width >= XWIDE else 0)
        )

    def _findings_width(self) -> int:
        """Return the width of the findings' column; 0 if the findings are above the text."""
        width = self.size.width
        return FINDINGS_WIDTH_XWIDE if width >= XWIDE else FINDINGS_WIDTH if width >= WIDE else 0

    def _show_line(self, selector: str, text: str) -> None:
        self.query_one(selector, StaticLines).show(text)

    def _marks(self) -> list[str]:
        """Return the marks that describe the session in the title line, the least important ones
        first."""
        session, lang, kind = self.session, self.app.view.lang, self.session.services.kind
        only = ", ".join(reports.translate(f"layer.{name}", lang) for name in session.request.only)
        server = "" if self.app.masked else session.server
        return [
            self.say(f"title.{_TITLES[kind]}") if kind in _TITLES else "",
            self.say("title.run", number=session.runs) if session.runs > 1 else "",
            self.say("title.into", server=server) if server else "",
            self.say("title.only", layers=only) if only else "",
            self.say("title.causes") if self.causes_only else "",
            "" if not session.watched else self.say("title.paused") if session.paused
            else self.say("title.watched", seconds=round(WATCH_INTERVAL)),
            self.say("title.masked") if self.app.masked else "",
        ]  # fmt: skip

    def _change_lines(self, view: View) -> list[str]:
        """Return what has changed since the site was last healthy, if it has causes now."""
        report = self.session.report
        if self.session.running or self.app.masked or not report.causes:
            return []
        key = next(key.label for key in self.keys if key.name == "compare")
        lines = header_text.change_lines(self.session.changes, view, key)
        return [self.say("changed"), *lines] if lines else []

    def _news(self, view: View) -> list[str]:
        """Return what stands beside the findings where there is room: what has changed, and the
        runs of a site that is watched."""
        session = self.session
        lines = self._change_lines(view)
        if session.watched and len(session.statuses) > 1:
            history = header_text.history_line(session.statuses, session.connect_times, view)
            lines.append(history)
        return lines

    def _show_findings(self, report: Report, view: View) -> None:
        all_rows = finding_rows(report)
        rows = [
            (finding, depth)
            for finding, depth in all_rows
            if self._filter in filter_text(finding, view)
            and (finding.is_cause or not self.causes_only)
        ]
        self._show_matches(len(rows), len(all_rows))
        width = (self._findings_width() or self.size.width) - 4
        tall = self._findings_width() > 0
        was_displayed = self.findings.display
        self.findings.show(rows, replace(view, width=max(width, 20)), tall)
        self._focus_list_or_text(was_displayed)

    def _show_matches(self, count: int, total: int) -> None:
        """Show beside the filter how many of the findings match."""
        for matches in self.query("#matches").results(Static):
            matches.display = bool(self._filter)
            matches.update(f"{count}/{total}")

    def _focus_list_or_text(self, was_displayed: bool) -> None:
        """Move the focus to the text when the list is hidden, and back when it is shown, unless
        somebody has scrolled the text."""
        text = self.query_one("#scroll", TextView)
        if self.focused is self.findings and not self.findings.display:
            text.focus()
        elif (
            self.focused is text
            and self.findings.display
            and not was_displayed
            and not text.scroll_y
        ):
            self.findings.focus()

    def _side_text(self, report: Report, view: View) -> str:
        view = replace(view, width=self._findings_width() - 5)
        page = tab_text.new_page(view)
        page.add(("bold", self.say("timeline")))
        tab_text.add_layer_bars(page, report, view)
        for number, line in enumerate(self._change_lines(replace(view, width=400))):
            if number == 0:
                page.blank()
            page.prose(line, "- " if number else "", 0, "" if number else "bold")
        if len(self.session.statuses) > 1:
            page.blank()
            page.add(("bold", self.say("history")))
            header_text.add_history(
                page, self.session.statuses, self.session.connect_times, view.lang
            )
        return page.text()

    @property
    def _shows_log(self) -> bool:
        """True if the log is to be shown where there is room for it."""
        if self._log == "auto":
            # Nobody's text goes away while they read it.
            return self.session.running or (self.focused is not None and self.focused.id == "log")
        return self._log != "closed"

    def change_log(self) -> None:
        """Show the log, then only its failures, then nothing. Without room for it beside the rest,
        it is shown alone."""
        if self.size.width < XWIDE or self.size.height < TALL:
            report, view = self.visible_report, self.app.dialog_view()
            text = header_text.log_text(report, view, self._filter, failures_only=False)
            self.app.show_text(self.say("log"), text)
            return
        if not self._shows_log:
            self._log = "all"
        else:
            self._log = "closed" if self._log == "failed" else "failed"
        if self._log == "closed" and self.focused is self.query_one("#log"):
            self.focus_first()
        self.draw()

    def _show_log(self, report: Report, view: View) -> None:
        log_view, failures_only = self.query_one("#log", TextView), self._log == "failed"
        log_view.set_class(self._shows_log, "-shown")
        log_view.border_title = self.say("log-failed" if failures_only else "log")
        narrow_view = replace(view, width=view.width - 3)
        log_view.show(
            header_text.log_text(report, narrow_view, self._filter, failures_only), end=True
        )

    # Selection

    def on_findings_chosen(self) -> None:
        self.query_one("#scroll", TextView).scroll_home(animate=False)
        self.draw_text()

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        if isinstance(event.option_list, Layers):
            self.show_layer(event.option.id or "")
        else:
            self.query_one("#scroll").focus()

    def on_input_changed(self, event: Input.Changed) -> None:
        self._filter = event.value.lower()
        self.draw()

    def on_input_submitted(self) -> None:
        self.focus_first()

    def action_tab(self, name: str) -> None:
        self.tab = name
        self.query_one("#scroll", TextView).scroll_home(animate=False)
        self.draw_text()

    def choose_layer(self) -> None:
        from diagnose.tui.screens.choice import ChoiceDialog

        def show_chosen(layer: str | None) -> None:
            if layer is not None:
                self.show_layer(layer)

        view = replace(self.app.dialog_view(), width=LAYERS_WIDTH)
        choices = tuple(
            (layer, text.partition("\n")[0])
            for layer, text in header_text.layer_entries(self.visible_report, view)
        )
        self.app.push_screen(ChoiceDialog(self.say("layers-what"), choices), show_chosen)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool:
        """Leave the arrows to a line that is typed into."""
        return action != "step_tab" or not isinstance(self.focused, Input)

    def action_step_tab(self, step: int) -> None:
        """Choose the tab beside the chosen one, as far as there is one."""
        number = tab_text.TABS.index(self.tab) + step
        self.action_tab(tab_text.TABS[min(max(number, 0), len(tab_text.TABS) - 1)])

    def show_layer(self, layer: str) -> None:
        from diagnose.tui import dialog_text

        name = reports.translate(f"layer.{layer}", self.app.view.lang)
        text = dialog_text.layer_text(self.visible_report, layer, self.app.dialog_view())
        self.app.show_text(self.say("seen-of", layer=name), text)

    # Keys

    def obstacle_key(self, name: str) -> str:
        return ACTIONS[name].obstacle_key(self) if name in ACTIONS else ""

    def perform(self, name: str) -> None:
        ACTIONS[name].run(self)

    def ask_filter(self) -> None:
        if not self.query("#filter"):
            self.query_one("#filter-line").mount(
                Input(id="filter", select_on_focus=False), Static(id="matches")
            )
        filter_input = self.query_one("#filter", Input)
        filter_input.placeholder = self.say("filter-what")
        filter_input.add_class("-shown")
        # At once: the next key belongs to it, though it is not painted yet.
        self.set_focus(filter_input)

    def go_back(self) -> None:
        """Leave the filter, or else the text, or else this screen."""
        if self.query("#filter.-shown"):
            filter_input = self.query_one("#filter", Input)
            filter_input.value = ""
            filter_input.remove_class("-shown")
            self.focus_first()
        elif self.findings.display and self.focused not in {None, self.findings}:
            self.findings.focus()
        elif len(self.app.screen_stack) > 1:
            self.dismiss()
