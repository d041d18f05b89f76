"""All observations as HTML: as a timeline and as a table."""

from math import isfinite

from diagnose.i18n.html import translate
from diagnose.i18n.reports import translate as label
from diagnose.model import Observation
from diagnose.outputs import document
from diagnose.outputs.digest import digest
from diagnose.outputs.document import ReportContext
from diagnose.outputs.markup import Markup, table, tag


def timeline_section(context: ReportContext) -> Markup | None:
    """Render the timeline: a bar for each observation, on the time axis of the whole run."""
    observations, lang = document.chronological(context.report), context.lang
    if not observations:
        return None
    ends = [
        observation.at + observation.took
        for observation in observations
        if isfinite(observation.at + observation.took)
    ]
    total = max([*ends, 0.001])
    rows = [
        tag(
            "tr",
            tag("td", document.format_duration(observation.at), class_="time"),
            tag("td", document.format_duration(observation.took), class_="time"),
            tag(
                "td",
                tag("span", digest(observation, context.lang), class_="digest"),
                _bar(observation, total),
            ),
        )
        for observation in observations
    ]
    heads = (translate("start", lang), translate("took", lang), translate("seen", lang))
    return _folded_section(
        context, "timeline", table(translate("timeline-caption", lang), heads, rows)
    )


def _bar(observation: Observation, total: float) -> Markup:
    begin, width = _percent(observation.at, total), _percent(observation.took, total)
    style = f"margin-left:{begin:.2f}%;width:{width:.2f}%"
    bar = tag("span", class_="bar failed" if observation.failure else "bar", style=style)
    return tag("span", bar, class_="track")


def _percent(part: float, total: float) -> float:
    share = 100 * part / total
    return min(max(share, 0.0), 100.0) if isfinite(share) else 0.0


def observations_section(context: ReportContext) -> Markup | None:
    observations, lang = context.report.evidence.observations, context.lang
    if not observations:
        return None
    rows = [
        _row(context, number, observation) for number, observation in enumerate(observations, 1)
    ]
    heads = tuple(translate(key, lang) for key in ("number", "layer", "seen"))
    return _folded_section(
        context, "observations", table(translate("observations-caption", lang), heads, rows)
    )


def _row(context: ReportContext, number: int, observation: Observation) -> Markup:
    layer = type(observation).layer
    vantage = document.vantage_name(observation, context.lang)
    return tag(
        "tr",
        tag("th", f"o{number}", scope="row", id=f"{context.prefix}o{number}"),
        tag("td", label(f"layer.{layer}", context.lang) if layer else "–"),
        tag(
            "td",
            tag("small", f"{type(observation).__name__}, {vantage}", class_="kind"),
            tag("span", digest(observation, context.lang), class_="digest"),
            tag("code", observation.equivalent, class_="same") if observation.equivalent else None,
        ),
    )


def _folded_section(context: ReportContext, name: str, content: Markup) -> Markup:
    count = len(context.report.evidence.observations)
    summary = tag("summary", tag("h2", translate(name, context.lang)), f" ({count})")
    return tag("details", summary, content, class_=name)
