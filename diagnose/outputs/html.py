"""The report as one page for a browser, a phone, a printer or a screen reader.

The page is whole: it refers to nothing outside it, holds no script, and forbids both
(Content-Security-Policy). What is long is folded away, and open when printed. Nothing is told
by a colour or a sign alone.
"""

from collections.abc import Sequence
from pathlib import Path

from diagnose._version import VERSION
from diagnose.checking.root_cause import verdict
from diagnose.i18n.html import say
from diagnose.i18n.reports import known
from diagnose.i18n.reports import say as word
from diagnose.model import Report
from diagnose.model.view import View
from diagnose.outputs import document, finding_text
from diagnose.outputs.document import Told
from diagnose.outputs.html_finding import cause, marks
from diagnose.outputs.html_observations import observations, timeline
from diagnose.outputs.json import SCHEMA_VERSION
from diagnose.outputs.layers import Layer
from diagnose.outputs.markup import Markup, inline, joined, lines, pre, prose, tag, terms

_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
_SIGNS = {"ok": "✓", "warning": "!", "error": "✗", "critical": "✗", "unknown": "?", "skipped": "–"}


def render(report: Report, view: View) -> str:
    """The page of one report."""
    told = Told(report, view)
    status = word(verdict(report).status, view.lang)
    title = f"{status}: {report.evidence.target.url}"
    return _page(title, view.lang, _head(told), tag("main", _body(told)), _foot(told))


def together(reports: Sequence[tuple[Report, View]]) -> str:
    """One page for several reports, each with what it was seen by."""
    if len(reports) == 1:
        return render(*reports[0])
    every = [Told(report, view, f"t{number}-") for number, (report, view) in enumerate(reports, 1)]
    articles = [tag("article", _head(told), _body(told), _foot(told)) for told in every]
    lang = reports[0][1].lang
    return _page(say("several", lang, count=len(every)), lang, tag("main", lines(*articles)))


def _page(title: str, lang: str, *parts: Markup) -> str:
    style = Path(__file__).with_name("html.css").read_text("utf-8")
    head = lines(
        tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content=_POLICY),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="color-scheme", content="light dark"),
        tag("meta", name="referrer", content="no-referrer"),
        tag("meta", name="robots", content="noindex"),
        # Telephones would make calls of addresses.
        tag("meta", name="format-detection", content="telephone=no"),
        tag("meta", name="generator", content=f"diagnose {VERSION}"),
        tag("title", document.line(title)),
        tag("style", Markup(f"\n{style}")),
    )
    language = "zh-Hans" if lang == "zh" else "en"
    whole = tag("html", "\n", tag("head", head), "\n", tag("body", lines(*parts)), "\n",
                lang=language)  # fmt: skip
    return f"<!DOCTYPE html>\n{whole}\n"


# The head: the verdict, what it is about, and the layers


def _head(told: Told) -> Markup:
    report, lang = told.report, told.lang
    status = verdict(report).status
    mark = tag("span", _sign(status), " ", word(status, lang), class_="status")
    title = tag("h1", mark, " ", tag("span", inline(document.sentence(report, lang))))
    started = report.evidence.started_at
    time = tag("time", document.moment(started), datetime=document.stamp(started))
    about = terms(
        (say("target", lang), joined(tag("code", report.evidence.target.url), _read_as(told))),
        (say("started", lang), time),
        (say("took", lang), document.duration(report.duration)),
    )
    stopped = tag("p", word("interrupted", lang), class_="stopped") if report.interrupted else None
    strip = None if told.view.verbosity < 0 else _strip(told)
    return tag("header", lines(title, about, stopped, strip), class_=f"verdict {status}")


def _read_as(told: Told) -> str | None:
    text = document.read_as(told.report, told.lang)
    return f" ({text})" if text else None


def _sign(status: str) -> Markup:
    return tag("span", _SIGNS[status], class_="sign", aria_hidden="true")


def _strip(told: Told) -> Markup:
    items = [_layer(layer, told.lang) for layer in document.layers(told.report, told.lang)]
    return tag("ul", lines(*items), class_="layers", aria_label=say("layers", told.lang))


def _layer(layer: Layer, lang: str) -> Markup:
    took = layer.status == "ok" and layer.took
    return tag(
        "li",
        tag("b", word(f"layer.{layer.name}", lang)),
        " ",
        tag("span", _sign(layer.status), " ", say(f"state.{layer.status}", lang), class_="state"),
        tag("span", f" {document.duration(took)}", class_="took") if took else None,
        tag("span", f" ({layer.reason})", class_="reason") if layer.reason else None,
        class_=layer.status,
    )


# The body: causes, notes, what was not seen, and all that was


def _body(told: Told) -> Markup:
    if told.view.verbosity < 0:
        return Markup("")
    causes = [cause(told, found) for found in told.report.causes]
    parts = (
        _contents(told),
        *causes,
        _notes(told),
        _unseen(told),
        timeline(told),
        observations(told),
    )
    return lines(*parts)


def _contents(told: Told) -> Markup | None:
    """Where there are several causes: how many of what, and the way to each."""
    causes, lang = told.report.causes, told.lang
    if len(causes) < 2:
        return None
    links = [
        tag("li", tag("a", inline(finding_text.title(one, lang)), href=f"#{told.prefix}{one.id}"))
        for one in causes
    ]
    head = tag("p", document.counts(told.report, lang))
    return tag("nav", head, tag("ol", lines(*links)), aria_label=say("causes", lang))


def _notes(told: Told) -> Markup | None:
    notes, lang = document.notes(told.report), told.lang
    if not notes:
        return None
    items = [
        lines(
            tag("h3", inline(finding_text.title(one, lang)), id=f"{told.prefix}{one.id}"),
            marks(one, lang),
            prose(finding_text.summary(one, lang)),
        )
        for one in notes
    ]
    return tag("section", tag("h2", say("notes", lang)), *items, class_="notes")


def _unseen(told: Told) -> Markup | None:
    """What could not be looked at, and our own faults: neither may pass for all being well."""
    lang = told.lang
    items = [
        tag(
            "li",
            f"{known(one.what, lang)}: {known(one.why, lang)}",
            pre(one.enable, "command") if one.enable else None,
        )
        for one in finding_text.unseen(told.report, told.view)
        if not finding_text.is_crash(one, told.report)
    ]
    items += [
        tag("li", f"{word('our-fault', lang)}: ", tag("code", f"{one.where}: {one.message}"))
        for one in told.report.crashes
    ]
    if not items:
        return None
    head = tag("h2", say("unseen", lang))
    return tag("section", head, tag("ul", lines(*items)), class_="unseen")


def _foot(told: Told) -> Markup:
    versions = say("versions", told.lang, version=VERSION, schema=SCHEMA_VERSION)
    again = tag("code", finding_text.again(told.report, told.view))
    return tag(
        "footer",
        terms(
            (say("again", told.lang), again),
            *document.vantages(told.report, told.view),
            (say("version", told.lang), versions),
        ),
    )
