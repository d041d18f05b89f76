"""What is still wrong once the root causes are mended, as a sentence, for all writers."""

from diagnose.checking.outlook import Outlook, outlook
from diagnose.i18n.reports import translate
from diagnose.model import Finding, Report
from diagnose.outputs.evidence_gaps import unfinished_texts
from diagnose.outputs.finding_text import join_texts, title


def outlook_sentence(report: Report, lang: str, cause: Finding | None = None) -> str:
    """Return what is wrong once `cause` is mended, or once all root causes are; "" if there is no
    root cause, or the run goes on."""
    if not report.causes or report.running:
        return ""
    view = outlook(report, cause)
    if view.is_clear:
        return translate("after.nothing-inside" if view.from_server else "after.nothing", lang)
    return translate("join.clauses", lang).join([_faults(view, lang), *_gaps(view, lang)])


def outlook_label(report: Report, lang: str, cause: Finding | None = None) -> str:
    """Return what stands before the sentence."""
    return translate("after-fix", lang, count=1 if cause else len(report.causes))


def _faults(view: Outlook, lang: str) -> str:
    """Return what is known to be wrong still."""
    if not view.remaining:
        return translate("after.none-seen", lang)
    text = title(view.remaining[0], lang)
    if len(view.remaining) > 1:
        text = translate("more-causes", lang, title=text, count=len(view.remaining) - 1)
    return translate("after.remaining", lang, title=text)


def _gaps(view: Outlook, lang: str) -> list[str]:
    """Return why nobody knows if there is more."""
    gaps = unfinished_texts(view.unfinished, lang)
    if view.unanswered:
        gaps.append(translate("after.unanswered", lang))
    if view.ignored:
        checks = dict.fromkeys(finding.check.id for finding in view.ignored)
        gaps.append(translate("after.ignored", lang, checks=join_texts(checks, lang)))
    if view.unseen:
        layers = join_texts([translate(f"layer.{layer}", lang) for layer in view.unseen], lang)
        places = join_texts(view.places, lang)
        if places:
            layers = translate("after.at", lang, layers=layers, places=places)
        gaps.append(translate("missing", lang, what=layers))
    return gaps
