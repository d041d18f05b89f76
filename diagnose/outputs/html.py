"""The report as one HTML page for a browser, a phone, a printer or a screen reader.

The page is self-contained: it has no external resources and no scripts, and forbids both
(Content-Security-Policy). Long parts are folded, and open when printed. Nothing is expressed by a
colour or a sign alone.
"""

from collections.abc import Sequence
from pathlib import Path

from diagnose._version import VERSION
from diagnose.checking.verdicts import verdict
from diagnose.i18n import LANGUAGES
from diagnose.i18n.gaps import text as gap_text
from diagnose.i18n.html import translate
from diagnose.i18n.reports import translate as label
from diagnose.model import Report
from diagnose.model.view import View
from diagnose.outputs import document, finding_text, ignore_text
from diagnose.outputs.document import ReportContext
from diagnose.outputs.evidence_gaps import evidence_gaps, is_reported_crash
from diagnose.outputs.html_finding import cause_section, finding_marks
from diagnose.outputs.html_observations import observations_section, timeline_section
from diagnose.outputs.json import SCHEMA_VERSION
from diagnose.outputs.layers import Layer
from diagnose.outputs.markup import (
    Markup,
    definition_list,
    inline,
    join,
    join_lines,
    pre,
    prose,
    tag,
)
from diagnose.outputs.outlook_text import outlook_label, outlook_sentence
from diagnose.outputs.symptom_text import symptom_markdown
from diagnose.outputs.verdict_text import verdict_sentences

_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
_SIGNS = {"ok": "✓", "warning": "!", "error": "✗", "critical": "✗", "unknown": "?", "skipped": "–"}


def render(report: Report, view: View) -> str:
    """Render a page with one report."""
    context = ReportContext(report, view)
    status = label(verdict(report).status, view.lang)
    title = f"{status}: {report.evidence.target.url}"
    return _page(title, view.lang, _head(context), tag("main", _body(context)), _foot(context))


def render_all(reports: Sequence[tuple[Report, View]]) -> str:
    """Render one page with several reports, each with its own view."""
    if len(reports) == 1:
        return render(*reports[0])
    contexts = [
        ReportContext(report, view, f"t{number}-")
        for number, (report, view) in enumerate(reports, 1)
    ]
    articles = [
        tag("article", _head(context), _body(context), _foot(context)) for context in contexts
    ]
    lang = reports[0][1].lang
    return _page(
        translate("several", lang, count=len(contexts)), lang, tag("main", join_lines(*articles))
    )


def _page(title: str, lang: str, *parts: Markup) -> str:
    style = Path(__file__).with_name("html.css").read_text("utf-8")
    head = join_lines(
        tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content=_POLICY),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="color-scheme", content="light dark"),
        tag("meta", name="referrer", content="no-referrer"),
        tag("meta", name="robots", content="noindex"),
        # Phones would turn addresses into telephone links.
        tag("meta", name="format-detection", content="telephone=no"),
        tag("meta", name="generator", content=f"diagnose {VERSION}"),
        tag("title", document.single_line(title)),
        tag("style", Markup(f"\n{style}")),
    )
    page = tag("html", "\n", tag("head", head), "\n", tag("body", join_lines(*parts)), "\n",
                lang=LANGUAGES[lang].tag)  # fmt: skip
    return f"<!DOCTYPE html>\n{page}\n"


# The head: verdict, target and layers


def _head(context: ReportContext) -> Markup:
    report, lang = context.report, context.lang
    status = verdict(report).status
    mark = tag("span", _sign(status), " ", label(status, lang), class_="status")
    title = tag("h1", mark, " ", tag("span", inline(verdict_sentences(report, lang))))
    started_at = report.evidence.started_at
    started = tag(
        "time", document.format_time(started_at), datetime=document.format_rfc3339(started_at)
    )
    details = definition_list(
        (
            translate("target", lang),
            join(tag("code", report.evidence.target.url), _target_note(context)),
        ),
        (translate("started", lang), started),
        (translate("took", lang), document.format_duration(report.duration)),
    )
    answer = symptom_markdown(report, lang)
    symptom = tag("div", prose(answer), class_="symptom") if answer else None
    interruption = (
        tag("p", label("interrupted", lang), class_="stopped") if report.interrupted else None
    )
    layers = None if context.view.verbosity < 0 else _layer_list(context)
    return tag(
        "header",
        join_lines(title, symptom, details, interruption, layers),
        class_=f"verdict {status}",
    )


def _target_note(context: ReportContext) -> str | None:
    text = document.target_note(context.report, context.lang)
    return f" ({text})" if text else None


def _sign(status: str) -> Markup:
    return tag("span", _SIGNS[status], class_="sign", aria_hidden="true")


def _layer_list(context: ReportContext) -> Markup:
    items = [
        _layer(layer, context.lang)
        for layer in document.reported_layers(context.report, context.lang)
    ]
    return tag(
        "ul",
        join_lines(*items),
        class_="layers",
        aria_label=translate("layer-states", context.lang),
    )


def _layer(layer: Layer, lang: str) -> Markup:
    duration = layer.status == "ok" and layer.took
    return tag(
        "li",
        tag("b", label(f"layer.{layer.name}", lang)),
        " ",
        tag(
            "span",
            _sign(layer.status),
            " ",
            translate(f"state.{layer.status}", lang),
            class_="state",
        ),
        tag("span", f" {document.format_duration(duration)}", class_="took") if duration else None,
        tag("span", f" ({layer.reason})", class_="reason") if layer.reason else None,
        class_=layer.status,
    )


# The body: causes, notes, gaps and all observations


def _body(context: ReportContext) -> Markup:
    if context.view.verbosity < 0:
        return Markup("")
    causes = [cause_section(context, finding) for finding in context.report.causes]
    parts = (
        _contents(context),
        *causes,
        _outlook(context),
        _notes(context),
        _ignores(context),
        _gaps(context),
        timeline_section(context),
        observations_section(context),
    )
    return join_lines(*parts)


def _contents(context: ReportContext) -> Markup | None:
    """If there are several causes: their number, and a link to each."""
    causes, lang = context.report.causes, context.lang
    if len(causes) < 2:
        return None
    links = [
        tag(
            "li",
            tag(
                "a",
                inline(finding_text.title(finding, lang)),
                href=f"#{context.prefix}{finding.id}",
            ),
        )
        for finding in causes
    ]
    head = tag("p", document.count_line(context.report, lang))
    return tag("nav", head, tag("ol", join_lines(*links)), aria_label=translate("causes", lang))


def _outlook(context: ReportContext) -> Markup | None:
    """Say what is still wrong after the fixes."""
    report, lang = context.report, context.lang
    sentence = outlook_sentence(report, lang)
    if not sentence:
        return None
    return tag(
        "p",
        tag("b", document.capitalized(outlook_label(report, lang))),
        ": ",
        inline(document.single_line(sentence)),
        class_="outlook",
    )


def _notes(context: ReportContext) -> Markup | None:
    notes, lang = document.notes(context.report), context.lang
    if not notes:
        return None
    items = [
        join_lines(
            tag("h3", inline(finding_text.title(note, lang)), id=f"{context.prefix}{note.id}"),
            finding_marks(note, lang),
            prose(finding_text.summary(note, lang)),
        )
        for note in notes
    ]
    return tag("section", tag("h2", translate("notes", lang)), *items, class_="notes")


def _ignores(context: ReportContext) -> Markup | None:
    """List what the user ignores, and the ignores that no longer apply."""
    report, lang = context.report, context.lang
    items = [
        tag(
            "li",
            tag("code", finding.check.id),
            f" ({document.single_line(ignore_text.suppression(finding, lang))}): ",
            inline(finding_text.title(finding, lang)),
            id=f"{context.prefix}{finding.id}",
        )
        for finding in report.suppressed
    ]
    items += [tag("li", sentence) for sentence in ignore_text.expired_ignores(report, lang)]
    if not items:
        return None
    head = tag("h2", translate("ignored", lang))
    return tag("section", head, tag("ul", join_lines(*items)), class_="ignored")


def _gaps(context: ReportContext) -> Markup | None:
    """List what could not be observed and our own crashes, so that neither looks like a good
    result."""
    lang = context.lang
    items = [
        tag(
            "li",
            f"{gap_text(gap.what, lang)}: {gap_text(gap.why, lang)}",
            pre(gap.enable, "command") if gap.enable else None,
        )
        for gap in evidence_gaps(context.report, context.view)
        if not is_reported_crash(gap, context.report)
    ]
    items += [
        tag("li", f"{label('our-fault', lang)}: ", tag("code", f"{crash.where}: {crash.message}"))
        for crash in context.report.crashes
    ]
    if not items:
        return None
    head = tag("h2", translate("unseen", lang))
    return tag("section", head, tag("ul", join_lines(*items)), class_="unseen")


def _foot(context: ReportContext) -> Markup:
    versions = translate("versions", context.lang, version=VERSION, schema=SCHEMA_VERSION)
    rerun = tag("code", finding_text.rerun_command(context.report, context.view))
    return tag(
        "footer",
        definition_list(
            (translate("again", context.lang), rerun),
            *document.vantages(context.report, context.view),
            (translate("version", context.lang), versions),
        ),
    )
