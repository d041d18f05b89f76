"""The pages of the checks: in general, and about one finding."""

from collections.abc import Sequence

from diagnose.checking import registry
from diagnose.checking.texts import Section, check_text, fill, section_heading
from diagnose.i18n.reports import translate
from diagnose.model import Finding, Manual, Severity
from diagnose.model.view import View
from diagnose.outputs import finding_text
from diagnose.outputs.terminal import Page, cell_len

#: Cells. Longer lines are hard to read.
MAX_WIDTH = 100


def render(check_id: str, view: View) -> str:
    """Render what a check is about, without a finding and without facts."""
    page = _new_page(check_id, registry.load_check(check_id).severity, view)
    text = check_text(check_id, view.lang)
    page.prose(text.general_title, "", 0, "bold")
    page.blank()
    page.markdown(text.general)
    return page.text()


def render_finding(finding: Finding, view: View) -> str:
    """Render the page of a check with a finding's facts. It lists only the manual steps that the
    finding's fix has. What the check is about in general stands at the end."""
    page = _new_page(finding.check.id, finding.severity, view)
    text = check_text(finding.check.id, view.lang)
    facts = finding_text.facts_in(finding, view.lang)
    page.prose(finding_text.title(finding, view.lang), "", 0, "bold")
    remedy_text = text.remedy.replace("{{fix}}", f"\n\n{translate('steps-here', view.lang)}\n\n")
    fix_steps = finding.claim.fix.steps if finding.claim.fix else ()
    names = [step.step for step in fix_steps if isinstance(step, Manual)]
    step_list = "\n\n".join(f"- {text.steps[name]}" for name in names if name in text.steps)
    told = finding_text.told_facts(finding, view.lang)
    _add_section(page, "", fill(text.summary, told, view.lang))
    _add_section(page, section_heading("meaning", view.lang), fill(text.meaning, told, view.lang))
    sections: dict[Section, str] = {
        "remedy": remedy_text,
        "verify": text.verify,
        "steps": step_list,
    }
    for section, content in sections.items():
        _add_section(page, section_heading(section, view.lang), fill(content, facts, view.lang))
    _add_section(page, section_heading("general", view.lang), text.general)
    return page.text()


def render_list(view: View, is_terminal: bool = False, layers: Sequence[str] = ()) -> str:
    """All checks, or those of some layers, by layer: id, severity, title. One line each, for grep;
    on a terminal that is too narrow, titles are wrapped."""
    page = Page(view.width, view.color, view.ascii)
    names = [
        name for name in registry.check_ids() if not layers or name.partition(".")[0] in layers
    ]
    widest = max(map(cell_len, names), default=0)
    for layer in dict.fromkeys(name.partition(".")[0] for name in names):
        page.blank()
        page.add(("bold", translate(f"layer.{layer}", view.lang)))
        for check in registry.layer_checks(layer):
            label = finding_text.severity_label(check.severity, view.lang)
            gap = " " * (7 - cell_len(label))
            title = check_text(check.id, view.lang).general_title
            spans = (f"  {check.id:{widest}}  ", (str(check.severity), label), gap)
            if is_terminal and widest + 13 + cell_len(title) > view.width:
                page.add(f"  {check.id}  ", (str(check.severity), label))
                page.prose(title, "", 6)
            else:
                page.add(*spans, f"  {title}")
    return page.text()


def _new_page(check_id: str, severity: Severity, view: View) -> Page:
    page = Page(min(view.width, MAX_WIDTH), view.color, view.ascii)
    page.add((str(severity), f"{finding_text.severity_label(severity, view.lang)}[{check_id}]"))
    return page


def _add_section(page: Page, heading: str, text: str) -> None:
    if not text:
        return
    page.blank()
    if heading:
        page.add(("bold", heading))
    page.markdown(text, 2 if heading else 0)
