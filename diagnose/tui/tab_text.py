"""The texts of the tabs, each a function of the report: the plain report's parts, for a given
width. No I/O."""

from collections.abc import Sequence

from diagnose.i18n import reports
from diagnose.i18n.screen import translate
from diagnose.model import LAYERS, Command, Finding, Manual, Observation, Report, Severity
from diagnose.model.events import Wait
from diagnose.model.view import View
from diagnose.outputs import finding_text
from diagnose.outputs import text as texts
from diagnose.outputs.digest import digest, evidence, evidence_commands
from diagnose.outputs.folding import FoldingPage, fold_command
from diagnose.outputs.progress import longest_first, wait_text
from diagnose.outputs.terminal import Page, cell_len, sanitize, wrap
from diagnose.outputs.verdict_text import verdict_sentences

TABS = ("answer", "evidence", "timeline", "explain")

#: The largest width of a bar in the timeline, in cells.
_MAX_BAR_WIDTH = 24

#: The number of waits that are shown while it runs.
_MAX_WAITS = 8

#: The number of lines of the layer strip above which it is shortened.
_MAX_STRIP_LINES = 2


def new_page(view: View) -> Page:
    return FoldingPage(view.width, view.color, view.ascii)


def strip_text(report: Report, view: View) -> str:
    """Return the layers, without their times if those would need another line."""
    page, compact = new_page(view), new_page(view)
    texts.add_layers(page, report, view)
    if len(page.lines) > _MAX_STRIP_LINES:
        texts.add_layers(compact, report, view, times=False)
        page = compact
    if address := finding_text.visitor_address(report):
        page.prose(reports.translate("judged-for", view.lang, address=address), "", 2, "dim")
    if report.interrupted:
        page.prose(reports.translate("interrupted", view.lang), "", 2, "warning")
    return page.text()


def finding_line(finding: Finding, depth: int, view: View, tall: bool = False) -> str:
    """Return a finding as one truncated line of the list; or, in a narrow and `tall` list, complete
    on several lines."""
    page = new_page(view)
    is_root = depth == 0 and finding.is_cause
    mark = translate("root" if is_root else "note" if depth == 0 else "follows", view.lang)
    if finding.suppressed_by is not None:
        mark = reports.translate("ignored", view.lang)
    sign = page.sign("unknown" if finding.severity is Severity.NOTE else str(finding.severity))
    branch = "" if depth == 0 else "   " * (depth - 1) + ("`- " if view.ascii else "└ ")
    name = f"{branch}{sign} {finding.check.id}"
    role = str(finding.severity) if depth == 0 else "dim"
    title = sanitize(finding_text.title(finding, view.lang))
    if tall:
        indent = cell_len(branch) + 2
        page.add((role, truncate(name, view.width, view.ascii)))
        for line in wrap(title, view.width - indent):
            page.add(
                " " * indent,
                ("" if is_root else "dim", truncate(line, view.width - indent, view.ascii)),
            )
        page.add(" " * indent, ("bold" if is_root else "dim", mark))
        return "\n".join(page.lines)
    room = view.width - cell_len(name) - cell_len(mark) - 4
    title = truncate(title, room, view.ascii)
    gap = " " * max(room - cell_len(title) + 2, 1)
    page.add((role, f"{name}  "), (("bold" if is_root else "dim"), title), gap, ("dim", mark))
    return page.lines[0]


def truncate(text: str, width: int, ascii_only: bool) -> str:
    """Truncate a text to a width in cells."""
    if cell_len(text) <= width:
        return text
    ellipsis = "..." if ascii_only else "…"
    while text and cell_len(text) > width - cell_len(ellipsis):
        text = text[:-1]
    return text + ellipsis


def render_tab(
    tab: str,
    report: Report,
    finding: Finding | None,
    view: View,
    running: bool,
    waits: Sequence[Wait] = (),
) -> str:
    """Return a tab's text about a finding; the timeline is of the whole run. While it runs, what is
    waited for stands in the place of the finding."""
    page = new_page(view)
    if tab == "timeline":
        add_waterfall(page, report, view)
    elif finding is None:
        _add_no_finding(page, report, view, running, waits)
    elif tab == "answer":
        from diagnose.tui import answer_text

        answer_text.add_answer(page, report, finding, view)
    elif tab == "evidence":
        _add_evidence(page, finding, view)
    else:
        from diagnose.outputs import check_page

        return check_page.render_finding(finding, view)
    return page.text()


def _add_no_finding(
    page: Page, report: Report, view: View, running: bool, waits: Sequence[Wait]
) -> None:
    if running:
        lines = [wait_text(wait, view.lang) for wait in longest_first(waits)[:_MAX_WAITS]]
        count = len(report.evidence.observations)
        for text in lines or [translate("seen-so-far", view.lang, count=count)]:
            page.prose(text, "", 0, "" if waits else "dim")
        return
    from diagnose.tui import answer_text

    answer_text.add_other_answers(page, report, view)
    page.prose(verdict_sentences(report, view.lang), "", 0, "bold")
    texts.add_evidence_gaps(page, report, view)


def _add_evidence(page: Page, finding: Finding, view: View) -> None:
    """Add each observation of the finding's evidence, what it rules out, and how the steps of its
    fix are undone."""
    for observation, command in evidence_commands(evidence(finding, view.lang)):
        page.blank()
        add_observation(page, observation, view, bool(command))
    if finding.claim.ruled_out:
        page.blank()
        page.prose(
            ", ".join(finding.claim.ruled_out), f"{reports.translate('ruled-out', view.lang)}: "
        )
    undoing = [
        finding_text.undo_command(step)
        for step in finding_text.steps(finding)
        if isinstance(step, Command) and step.undo
    ]
    if undoing:
        page.blank()
        page.add(f"{reports.translate('undo', view.lang)}:")
    for command in undoing:
        page.code(f"$ {command}", 4)


def add_observation(
    page: Page, observation: Observation, view: View, has_command: bool = True
) -> None:
    """Add an observation: vantage, times, and the equivalent command unless it stands there
    already."""
    from diagnose.outputs import document

    page.prose(
        digest(observation, view.lang), f"{document.vantage_name(observation, view.lang)}: ", 0
    )
    if observation.equivalent and has_command:
        page.code(f"$ {observation.equivalent}", 4)
    page.add(("dim", f"    {observation.at * 1000:.0f} ms + {observation.took * 1000:.0f} ms"))


def add_waterfall(page: Page, report: Report, view: View) -> None:
    """Add a bar for each observation, on one time axis."""
    total, bars = _axis_length(report), max(min(_MAX_BAR_WIDTH, view.width // 4), 8)
    for observation in sorted(report.evidence.observations, key=_start_time):
        bar = _bar(_start_time(observation), observation.at, total, bars, view.ascii)
        start = f"{bar} {observation.took * 1000:5.0f} ms "
        room = max(view.width - cell_len(start), 8)
        role = "error" if observation.failure else "dim"
        page.add(
            (role, start), truncate(sanitize(digest(observation, view.lang)), room, view.ascii)
        )
    page.add(("dim", f"0{' ' * (bars - 2)}{total * 1000:.0f} ms"))


def add_layer_bars(page: Page, report: Report, view: View) -> None:
    """Add one bar per layer: from its first observation to the last."""
    total, bars = _axis_length(report), max(view.width - 13, 8)
    spans: dict[str, tuple[float, float]] = {}
    for observation in report.evidence.observations:
        first, last = spans.get(type(observation).layer, (_start_time(observation), observation.at))
        spans[type(observation).layer] = (
            min(first, _start_time(observation)),
            max(last, observation.at),
        )
    for layer in LAYERS:
        if layer in spans:
            name = reports.translate(f"layer.{layer}", view.lang)
            gap = " " * max(12 - cell_len(name), 1)
            page.add(f"{name}{gap}", ("place", _bar(*spans[layer], total, bars, view.ascii)))
    end_label = f"{total * 1000:.0f} ms"
    page.add(("dim", f"{' ' * 12}0{' ' * max(bars - 1 - len(end_label), 1)}{end_label}"))


def _axis_length(report: Report) -> float:
    """Return the length of the time axis in seconds."""
    return max((0.001, *(observation.at for observation in report.evidence.observations)))


def _bar(begin: float, end: float, total: float, bars: int, ascii_only: bool) -> str:
    offset = min(int(begin / total * bars), bars - 1)
    length = max(round((end - begin) / total * bars), 1)
    bar = " " * offset + ("#" if ascii_only else "━") * min(length, bars - offset)
    return f"{bar:{bars}}"


def _start_time(observation: Observation) -> float:
    return max(observation.at - observation.took, 0.0)


def step_commands(finding: Finding, width: int = 0) -> str:
    """Return the steps of a fix as shell commands, for the clipboard, without manual steps. With a
    `width` in cells, longer commands are continued with a backslash, to be selected by hand."""
    commands = [
        finding_text.shell_command(step)
        for step in finding_text.steps(finding)
        if not isinstance(step, Manual)
    ]
    lines = [
        line
        for command in commands
        for line in (fold_command(command, width) if width else [command])
    ]
    return "\n".join(lines) + "\n" if lines else ""
