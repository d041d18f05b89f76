"""The first page about a finding, in the order of a reader's questions: what is it, what do I type,
why should I believe it, what follows from it. No I/O."""

from diagnose.fixing.plan import irreversible_steps, skip_reason
from diagnose.i18n import reports
from diagnose.i18n.screen import translate
from diagnose.model import Finding, Report, Severity
from diagnose.model.view import View
from diagnose.outputs import finding_text, ignore_text
from diagnose.outputs import text as texts
from diagnose.outputs.digest import digest, evidence
from diagnose.outputs.next_commands import commands_for
from diagnose.outputs.outlook_text import outlook_label, outlook_sentence
from diagnose.outputs.symptom_text import symptom_markdown
from diagnose.outputs.terminal import Page, cell_len, wrap
from diagnose.outputs.vantages import vantage_lines

#: The number of observations on this page. All of them are in the tab with the evidence.
_VISIBLE_EVIDENCE = 4

#: What each of the next commands does, as text keys.
_NEXT = {"fix": "next.fix", "verify": "next.verify", "explain": "next.explain"}


def add_answer(page: Page, report: Report, finding: Finding, view: View) -> None:
    add_other_answers(page, report, view)
    _add_statement(page, finding, view)
    if finding.is_cause:
        _add_fix(page, finding, view)
    _add_reasons(page, finding, view)
    _add_consequences(page, report, finding, view)
    if finding.is_cause:
        _add_next(page, report, finding, view)


def add_other_answers(page: Page, report: Report, view: View) -> None:
    """Add the answer to a pasted message, and what other places got."""
    if answer := symptom_markdown(report, view.lang):
        page.markdown(answer)
        page.blank()
    if lines := vantage_lines(report, view.lang):
        for line in lines:
            page.prose(line)
        page.blank()


def _add_statement(page: Page, finding: Finding, view: View) -> None:
    """Add what is wrong, and at the right the check that says so."""
    page.prose(finding_text.title(finding, view.lang), "", 0, "bold")
    page.markdown(finding_text.summary(finding, view.lang))
    name = f"{_role(finding, view.lang)}  {finding.check.id}"
    page.add(" " * max(page.width - cell_len(name), 0), ("dim", name))


def _role(finding: Finding, lang: str) -> str:
    if finding.suppressed_by is not None:
        return ignore_text.suppression(finding, lang)
    if finding.explained_by is not None:
        return translate("follows", lang)
    return translate("note" if finding.severity is Severity.NOTE else "root", lang)


def _add_fix(page: Page, finding: Finding, view: View) -> None:
    lang, applicability = view.lang, finding_text.applicability(finding)
    remarks = [reports.translate(applicability, lang)]
    if skip_reason(finding) is None and not irreversible_steps(finding_text.steps(finding)):
        remarks.append(translate("undoable", lang))
    if finding_text.has_known_risk(finding):
        risk = finding_text.risk_text(finding, lang)
        remarks.append(f"{reports.translate('risk', lang)}: {risk}")
    separator = " - " if view.ascii else " · "
    _add_heading(page, "head.fix", separator.join(remarks), view)
    before, after = finding_text.remedy_parts(finding, lang)
    page.markdown(before, 2)
    texts.add_steps(page, finding, view)
    page.markdown(after, 2)


def _add_reasons(page: Page, finding: Finding, view: View) -> None:
    """Add the place in a file and the evidence, without the commands that show it."""
    lang, claim = view.lang, finding.claim
    confidence = reports.translate(str(claim.confidence), lang)
    _add_heading(page, "head.why", confidence, view)
    if claim.location:
        texts.add_excerpt(page, claim.location)
    observations = evidence(finding, lang)
    for observation in observations[:_VISIBLE_EVIDENCE]:
        head = reports.translate(texts.WHY[observation.vantage], lang)
        page.prose(digest(observation, lang), f"{head}: ", 2)
    hidden = len(observations) - _VISIBLE_EVIDENCE
    if hidden > 0:
        page.prose(translate("more-evidence", lang, count=hidden), "", 2, "dim")
    if claim.ruled_out:
        text = ", ".join(claim.ruled_out)
        page.prose(text, f"{reports.translate('ruled-out', lang)}: ", 2, "dim")


def _add_consequences(page: Page, report: Report, finding: Finding, view: View) -> None:
    symptoms = finding_text.symptoms(report, finding)
    if symptoms:
        _add_heading(page, "head.explains", "", view)
    for symptom in symptoms:
        title = finding_text.title(symptom, view.lang)
        page.prose(title, f"{symptom.check.id}: ", 2, "dim")


def _add_next(page: Page, report: Report, finding: Finding, view: View) -> None:
    """Add what is still wrong after the fix, and the commands to type next, with what each does."""
    after, label = (each(report, view.lang, finding) for each in (outlook_sentence, outlook_label))
    _add_heading(page, "head.next", f"{label}: {after}" if after else "", view)
    for kind, command in commands_for(report, finding, view):
        page.prose(translate(_NEXT[kind], view.lang), "", 2, "dim")
        page.code(f"$ {command}", 4)


def _add_heading(page: Page, key: str, remark: str, view: View) -> None:
    """Add a heading and a remark: beside it if all of it fits, or if that takes a line less."""
    page.blank()
    heading, remark = translate(key, view.lang), " ".join(remark.split())
    room = page.width - cell_len(heading) - 2
    first = wrap(remark, max(room, 1))[0]
    rest = remark[len(first) :].lstrip()
    if rest and len(wrap(rest, page.width - 2)) == len(wrap(remark, page.width - 2)):
        first, rest = "", remark
    page.add(("bold", heading), "  ", ("dim", first))
    if rest:
        page.prose(rest, "", 2, "dim")
