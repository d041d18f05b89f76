"""The report for a person: the verdict, then each cause with its evidence, fix and symptoms, then
notes. The report of a healthy site has three lines."""

from collections.abc import Iterable
from itertools import groupby

from diagnose.checking.verdicts import verdict
from diagnose.i18n.gaps import text as gap_text
from diagnose.i18n.reports import translate
from diagnose.model import (
    Edit,
    Finding,
    Location,
    Manual,
    Observation,
    Report,
    Step,
    Vantage,
)
from diagnose.model.view import View
from diagnose.outputs import finding_text, ignore_text
from diagnose.outputs.certificate_text import certificate_validity
from diagnose.outputs.digest import digest, evidence, evidence_commands
from diagnose.outputs.evidence_gaps import evidence_gaps, is_reported_crash
from diagnose.outputs.layers import Layer, layer_states
from diagnose.outputs.next_commands import next_commands
from diagnose.outputs.outlook_text import outlook_label, outlook_sentence
from diagnose.outputs.raw_answers import RAW, raw_lines
from diagnose.outputs.symptom_text import symptom_markdown
from diagnose.outputs.terminal import Page, cell_len, wrap
from diagnose.outputs.vantages import vantage_lines
from diagnose.outputs.verdict_text import verdict_sentence

#: The number of observations shown for a cause, unless more are requested.
_VISIBLE_EVIDENCE = 3

#: How evidence is introduced, by where it was observed.
WHY = {
    Vantage.HERE: "why",
    Vantage.SERVER: "why-inside",
    Vantage.ELSEWHERE: "why-elsewhere",
}


def render(report: Report, view: View) -> str:
    page = Page(min(view.width, 100), view.color, view.ascii)
    add_head(page, report, view)
    if view.verbosity >= 0:
        add_overview(page, report, view)
        _add_body(page, report, view)
    if view.verbosity >= 2:
        add_timeline(page, report, view)
    return page.text()


def add_head(page: Page, report: Report, view: View) -> None:
    """Add sign, status and sentence, with the duration at the right end of the first line."""
    status = verdict(report).status
    mark = f"{page.sign(status)} {translate(status, view.lang)}"
    duration = _format_duration(report.duration)
    indent = cell_len(mark) + 2
    sentence = verdict_sentence(report, view.lang)
    if status == "ok":
        validity = certificate_validity(report, view.lang)
        sentence = finding_text.join_sentences(sentence, validity, view.lang)
    room = page.width - indent - len(duration) - 2
    first_line, *other_lines = wrap(sentence, max(room, 20))
    if cell_len(first_line) > room:  # a long URL on a narrow terminal
        gap = max(page.width - cell_len(mark) - len(duration), 2)
        page.add((status, mark), " " * gap, ("dim", duration))
        page.prose(sentence, "", 2, "bold")
        return
    gap = page.width - indent - cell_len(first_line) - len(duration)
    page.add((status, mark), "  ", ("bold", first_line), " " * gap, ("dim", duration))
    for line in other_lines:
        page.add(" " * indent, ("bold", line))


def add_overview(page: Page, report: Report, view: View) -> None:
    """Add the answer to a pasted message, the layers, and how the target was read if it was not a
    URL."""
    if answer := symptom_markdown(report, view.lang):
        page.markdown(answer, 2)
    add_layers(page, report, view)
    target = report.evidence.target
    if target.read_as and target.input.rstrip("/") != target.url.rstrip("/"):
        page.prose(translate("read-as", view.lang, read_as=target.read_as), "", 2, "dim")
    for line in vantage_lines(report, view.lang):
        page.prose(line, "", 2)
    if address := finding_text.visitor_address(report):
        page.prose(translate("judged-for", view.lang, address=address), "", 2, "dim")
    if (method := finding_text.page_method(report)) != "GET":
        page.prose(translate("requested-by", view.lang, method=method), "", 2, "dim")
    for sentence in finding_text.idle_sentences(report, view.lang):
        page.prose(sentence, "", 2, "dim")
    if report.interrupted:
        page.prose(translate("interrupted", view.lang), "", 2, "warning")


def add_layers(page: Page, report: Report, view: View, times: bool = True) -> None:
    """Add the layers that were observed, and those that should have been reached."""
    target = report.evidence.target
    expected = {"dns", "tcp", "tls", "certificate", "http"}
    if not target.uses_tls:
        expected -= {"tls", "certificate"}
    if target.websockets:
        expected.add("websocket")
    line, width_used = "  ", 2
    for layer in layer_states(report, view.lang):
        if layer.name == "host" and layer.status == "ok":
            continue
        if layer.status != "skipped" or layer.name in expected:
            text, width = _layer_text(page, layer, view.lang, times)
            if width_used + width > page.width and line.strip():
                page.lines.append(line.rstrip())
                line, width_used = "  ", 2
            line, width_used = line + text, width_used + width
    page.lines.append(line.rstrip())


def _layer_text(page: Page, layer: Layer, lang: str, times: bool) -> tuple[str, int]:
    name = translate(f"layer.{layer.name}", lang)
    duration = (
        f" {_format_duration(layer.took)}" if times and layer.status == "ok" and layer.took else ""
    )
    sign = page.sign(layer.status)
    text = f"{name} {page.paint(layer.status, sign)}{page.paint('dim', duration)}  "
    return text, cell_len(name) + 1 + len(sign) + len(duration) + 2


def _add_body(page: Page, report: Report, view: View) -> None:
    for finding in report.findings:
        if finding.is_cause:
            page.blank()
            add_cause(page, report, finding, view)
    for finding in report.findings:
        if finding.is_note:
            page.blank()
            _add_note(page, report, finding, view)
    _add_ignores(page, report, view)
    add_evidence_gaps(page, report, view)
    _add_closing(page, report, view)


def add_cause(page: Page, report: Report, finding: Finding, view: View) -> None:
    add_explanation(page, report, finding, view)
    add_remedy(page, report, finding, view)


def add_explanation(page: Page, report: Report, finding: Finding, view: View) -> None:
    """Add what is wrong, where, and the evidence."""
    _add_title(page, finding, view)
    if finding.claim.location:
        add_excerpt(page, finding.claim.location)
    page.markdown(finding_text.summary(finding, view.lang), 2)
    add_evidence(page, finding, view)
    _add_symptoms(page, report, finding, view)


def _add_title(page: Page, finding: Finding, view: View) -> None:
    severity = str(finding.severity)
    label = finding_text.severity_label(finding.severity, view.lang)
    confidence = str(finding.claim.confidence)
    qualifier = (
        ""
        if confidence == "certain"
        else translate("join.remark", view.lang, remark=translate(confidence, view.lang))
    )
    mark = f"{label}[{finding.check.id}]{qualifier}: "
    title = " ".join(finding_text.title(finding, view.lang).split())
    title_width = page.width - cell_len(mark)
    if title_width < 30:
        page.flow((severity, mark.rstrip()))
        page.prose(title, "", 2, "bold")
        return
    first_line = wrap(title, title_width)[0]
    page.add((severity, mark), ("bold", first_line))
    remainder = title[len(first_line) :].lstrip()
    for line in wrap(remainder, page.width - 2) if remainder else ():
        page.add("  ", ("bold", line))


def add_excerpt(page: Page, location: Location) -> None:
    """Add the lines of the file around the fault, with a caret under it."""
    page.add("  ", ("place", f"--> {location.file}:{location.line}:{location.column}"))
    margin = len(str(location.first + max(len(location.excerpt) - 1, 0)))
    if location.excerpt:
        page.add(("place", f"{' ' * margin} |"))
    for number, line in enumerate(location.excerpt, location.first):
        page.add(("place", f"{number:{margin}} | "), line.expandtabs(4))
        if number == location.line:
            caret_column = cell_len(line[: location.column - 1].expandtabs(4))
            marked = line[location.column - 1 : max(location.end_column - 1, location.column)]
            caret = " " * caret_column + "^" * max(cell_len(marked), 1)
            page.add(("place", f"{' ' * margin} | "), ("error", caret))
    if location.excerpt:
        page.add(("place", f"{' ' * margin} |"))


def add_evidence(page: Page, finding: Finding, view: View) -> None:
    observations = evidence(finding, view.lang)
    visible = observations if view.verbosity >= 1 else observations[:_VISIBLE_EVIDENCE]
    for observation, command in evidence_commands(visible):
        head = f"= {translate(WHY[observation.vantage], view.lang)}: "
        page.prose(digest(observation, view.lang), head, 2, "dim")
        if command:
            page.code(f"$ {command}", 6, "dim")
    if len(observations) > len(visible):
        page.prose(
            translate("more-evidence", view.lang, count=len(observations) - len(visible)),
            "= ",
            2,
            "dim",
        )
    if finding.claim.ruled_out:
        ruled_out = ", ".join(finding.claim.ruled_out)
        page.prose(ruled_out, f"= {translate('ruled-out', view.lang)}: ", 2, "dim")


def _add_symptoms(page: Page, report: Report, finding: Finding, view: View) -> None:
    """Add the symptoms. They are shown but not counted as problems of their own."""
    symptoms = finding_text.symptoms(report, finding)
    if symptoms:
        page.prose(translate("symptoms", view.lang), "= ", 2, "dim")
    for symptom in symptoms:
        page.prose(finding_text.title(symptom, view.lang), f"- {symptom.check.id}: ", 4, "dim")


def add_remedy(page: Page, report: Report, finding: Finding, view: View) -> None:
    lang = view.lang
    page.flow(
        ("bold", translate("fix", lang)),
        translate("join.remark", lang, remark=translate(finding_text.applicability(finding), lang)),
    )
    if finding_text.has_known_risk(finding):
        risk = finding_text.risk_text(finding, lang)
        page.prose(risk, f"= {translate('risk', lang)}: ", 2, "dim")
    _add_prose_and_steps(page, finding, view)
    page.add(
        ("bold", translate("verify", lang)),
        ": ",
        ("command", finding_text.verify_command(report, finding, view)),
    )


def _add_prose_and_steps(page: Page, finding: Finding, view: View) -> None:
    before, after = finding_text.remedy_parts(finding, view.lang)
    page.markdown(before, 2)
    add_steps(page, finding, view)
    page.markdown(after, 2)


def add_steps(page: Page, finding: Finding, view: View) -> None:
    """Add the steps of a fix as they are typed, and where to do them."""
    lang = view.lang
    all_steps = finding_text.steps(finding)
    for (place, root), group in groupby(
        all_steps, lambda step: (str(step.where), finding_text.needs_root(step))
    ):
        words = translate(place, lang) + translate("as-root" if root else "as-anyone", lang)
        page.flow(("bold", words), indent=2)
        for step in group:
            _add_step(page, finding, step, view)


def _add_step(page: Page, finding: Finding, step: Step, view: View) -> None:
    if isinstance(step, Manual):
        page.markdown(finding_text.manual_text(finding, step, view.lang), 4)
        if step.url:
            page.code(step.url, 4, "place")
        for command in step.commands:
            _add_step(page, finding, command, view)
        return
    if isinstance(step, Edit):
        _add_edit(page, finding_text.shell_command(step))
        return
    page.code(f"$ {finding_text.shell_command(step)}", 4)
    if view.verbosity >= 1 and step.undo:
        page.code(
            f"  {translate('undo', view.lang)}: {finding_text.undo_command(step)}",
            4,
            "dim",
        )


def _add_edit(page: Page, shell: str) -> None:
    """Add an edit. Lines after the first are not indented, so that they can be pasted."""
    command, *diff_lines = shell.split("\n")
    page.add("    ", ("command", f"$ {command}"))
    add_diff(page, diff_lines)


def add_diff(page: Page, lines: Iterable[str]) -> None:
    """Add the lines of a diff, coloured."""
    roles = {"+": "added", "-": "removed", "@": "dim"}
    for line in lines:
        # Keep trailing spaces: they are part of the diff.
        page.lines.append(page.paint(roles.get(line[:1], ""), line))


def _add_note(page: Page, report: Report, finding: Finding, view: View) -> None:
    _add_title(page, finding, view)
    if view.verbosity >= 1:
        page.markdown(finding_text.summary(finding, view.lang), 2)
        add_evidence(page, finding, view)
    # Beside a cause nobody runs again for a note.
    if view.verbosity >= 1 or (not report.causes and finding_text.asks_again(finding)):
        _add_prose_and_steps(page, finding, view)
    _add_symptoms(page, report, finding, view)


def _add_ignores(page: Page, report: Report, view: View) -> None:
    """Add the findings that are ignored, and the ignores that no longer apply."""
    if report.suppressed or report.expired_ignores:
        page.blank()
    for finding in report.suppressed:
        head = f"{ignore_text.suppression(finding, view.lang)}: "
        text = f"{finding.check.id}: {finding_text.title(finding, view.lang)}"
        page.prose(text, f"{page.sign('skipped')} {head}", 0, "dim")
    for sentence in ignore_text.expired_ignores(report, view.lang):
        page.prose(sentence, f"{page.sign('warning')} ")


def add_evidence_gaps(page: Page, report: Report, view: View) -> None:
    gaps = [gap for gap in evidence_gaps(report, view) if not is_reported_crash(gap, report)]
    if gaps or report.crashes:
        page.blank()
    last_command = ""
    for gap in gaps:
        text = f"{gap_text(gap.what, view.lang)}: {gap_text(gap.why, view.lang)}"
        page.prose(text, f"{page.sign('unknown')} {translate('not-seen', view.lang)}: ")
        if gap.enable and gap.enable != last_command:
            page.code(f"$ {gap.enable}", 4)
        last_command = gap.enable
    for crash in report.crashes:
        head = f"{page.sign('unknown')} {translate('our-fault', view.lang)}: "
        page.prose(f"{crash.where}: {crash.message}", head)


def _add_closing(page: Page, report: Report, view: View) -> None:
    """Add the numbers of findings, what is still wrong after the fixes, and the next commands, the
    most useful last."""
    lang, causes = view.lang, report.causes
    symptoms = sum(finding.is_symptom for finding in report.findings)
    notes = sum(finding.is_note for finding in report.findings)
    if not causes:
        return
    numbers = {"causes": len(causes), "symptoms": symptoms, "notes": notes}
    page.blank()
    page.prose(finding_text.counts_sentence(numbers, lang))
    page.prose(outlook_sentence(report, lang), f"{outlook_label(report, lang)}: ")
    add_next_commands(page, report, view)


def add_next_commands(page: Page, report: Report, view: View) -> None:
    """Add the commands that explain and mend the first cause, the most useful last."""
    head = translate("next", view.lang)
    commands = dict(next_commands(report, view))
    first, *further_commands = [commands[kind] for kind in ("explain", "fix") if kind in commands]
    page.add(("bold", head), ": ", ("command", first))
    for command in further_commands:
        page.add(" " * (cell_len(head) + 2), ("command", command))


def add_timeline(page: Page, report: Report, view: View) -> None:
    page.blank()
    page.add(("bold", translate("timeline", view.lang)))
    for observation in sorted(report.evidence.observations, key=_start_time):
        head = f"{observation.at * 1000:8.0f} ms {_format_duration(observation.took):>6}  "
        page.prose(digest(observation, view.lang), head, 0, "dim")
        for line in raw_lines(observation) if view.verbosity >= RAW else ():
            page.code(f"< {line}", 4, "dim")


def _start_time(observation: Observation) -> float:
    return observation.at


def _format_duration(seconds: float) -> str:
    return f"{seconds * 1000:.0f}ms" if seconds < 1 else f"{seconds:.1f}s"
