"""The pages of the catalogue: what every check asks and says, without a run."""

from diagnose.checking import registry
from diagnose.checking.texts import HEADINGS, check_text, fill
from diagnose.i18n.reports import translate
from diagnose.model.view import View
from diagnose.outputs.finding_text import Facts
from diagnose.outputs.terminal import Page, cell_len


class _OpenFacts(Facts):
    """Every fact is there, and none is known."""

    def get(self, key: str, default: object = None) -> object:
        return self[key]


def render(check_id: str, view: View) -> str:
    """The page of a check, its facts left open."""
    check, texts = registry.load_check(check_id), check_text(check_id, view.lang)
    meaning_heading, remedy_heading, verify_heading, steps_heading = HEADINGS[view.lang]
    page = Page(min(view.width, 100), view.color, view.ascii)
    label = translate("warn" if check.severity == "warning" else str(check.severity), view.lang)
    page.add((str(check.severity), f"{label}[{check_id}]"))
    page.prose(_with_open_facts(texts.title, view.lang), "", 0, "bold")
    _add_section(page, "", texts.summary, view.lang)
    _add_section(page, meaning_heading, texts.meaning, view.lang)
    remedy_text = texts.remedy.replace("{{fix}}", f"\n\n{translate('steps-here', view.lang)}\n\n")
    _add_section(page, remedy_heading, remedy_text, view.lang)
    _add_section(page, verify_heading, texts.verify, view.lang)
    if texts.steps:
        step_list = "\n\n".join(f"- {text}" for text in texts.steps.values())
        _add_section(page, steps_heading, step_list, view.lang)
    return page.text()


def render_list(view: View) -> str:
    """All checks, by layer: id, severity, title."""
    page = Page(view.width, view.color, view.ascii)
    names = registry.check_ids()
    widest = max(map(cell_len, names), default=0)
    for layer in dict.fromkeys(name.partition(".")[0] for name in names):
        page.blank()
        page.add(("bold", translate(f"layer.{layer}", view.lang)))
        for check in registry.layer_checks(layer):
            severity = str(check.severity)
            label = translate("warn" if severity == "warning" else severity, view.lang)
            gap = " " * (7 - cell_len(label))
            title = _with_open_facts(check_text(check.id, view.lang).title, view.lang)
            page.add(f"  {check.id:{widest}}  ", (severity, label), f"{gap}  {title}")
    return page.text()


def _add_section(page: Page, heading: str, text: str, lang: str) -> None:
    page.blank()
    if heading:
        page.add(("bold", heading))
    page.markdown(_with_open_facts(text, lang), 2 if heading else 0)


def _with_open_facts(text: str, lang: str) -> str:
    return fill(text, _OpenFacts(), lang)
