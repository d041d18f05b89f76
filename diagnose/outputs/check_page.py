"""The pages of the catalogue: what every check asks and says, without a run."""

from diagnose.checking import registry
from diagnose.checking.texts import HEADINGS, fill, words
from diagnose.i18n.reports import say
from diagnose.model.view import View
from diagnose.outputs.finding_text import Facts
from diagnose.outputs.terminal import Page, cells


class _Blanks(Facts):
    """Every fact is there, and none is known."""

    def get(self, key: str, default: object = None) -> object:
        return self[key]


def page(check_id: str, view: View) -> str:
    """The page of a check, its facts left open."""
    check, said = registry.one(check_id), words(check_id, view.lang)
    means, remedy, verify, steps = HEADINGS[view.lang]
    sheet = Page(min(view.width, 100), view.color, view.ascii)
    word = say("warn" if check.severity == "warning" else str(check.severity), view.lang)
    sheet.add((str(check.severity), f"{word}[{check_id}]"))
    sheet.prose(_open(said.title, view.lang), "", 0, "bold")
    _chapter(sheet, "", said.summary, view.lang)
    _chapter(sheet, means, said.meaning, view.lang)
    todo = said.remedy.replace("{{fix}}", f"\n\n{say('steps-here', view.lang)}\n\n")
    _chapter(sheet, remedy, todo, view.lang)
    _chapter(sheet, verify, said.verify, view.lang)
    if said.steps:
        listed = "\n\n".join(f"- {text}" for text in said.steps.values())
        _chapter(sheet, steps, listed, view.lang)
    return sheet.text()


def listing(view: View) -> str:
    """All checks, by layer: id, severity, title."""
    sheet = Page(view.width, view.color, view.ascii)
    names = registry.names()
    widest = max(map(cells, names), default=0)
    for layer in dict.fromkeys(name.partition(".")[0] for name in names):
        sheet.blank()
        sheet.add(("bold", say(f"layer.{layer}", view.lang)))
        for check in registry.layer(layer):
            severity = str(check.severity)
            word = say("warn" if severity == "warning" else severity, view.lang)
            gap = " " * (7 - cells(word))
            title = _open(words(check.id, view.lang).title, view.lang)
            sheet.add(f"  {check.id:{widest}}  ", (severity, word), f"{gap}  {title}")
    return sheet.text()


def _chapter(sheet: Page, heading: str, text: str, lang: str) -> None:
    sheet.blank()
    if heading:
        sheet.add(("bold", heading))
    sheet.markdown(_open(text, lang), 2 if heading else 0)


def _open(text: str, lang: str) -> str:
    return fill(text, _Blanks(), lang)
