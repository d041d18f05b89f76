"""All that was seen, as HTML: on the time axis of the run, and one by one."""

from math import isfinite

from diagnose.i18n.html import say
from diagnose.i18n.reports import say as word
from diagnose.model import Observation
from diagnose.outputs import document
from diagnose.outputs.digest import digest
from diagnose.outputs.document import Told
from diagnose.outputs.markup import Markup, table, tag


def timeline(told: Told) -> Markup | None:
    """Who waited for what: a bar for each look, on the time axis of the whole run."""
    order, lang = document.timeline(told.report), told.lang
    if not order:
        return None
    ends = [one.at + one.took for one in order if isfinite(one.at + one.took)]
    whole = max([*ends, 0.001])
    rows = [
        tag(
            "tr",
            tag("td", document.duration(one.at), class_="time"),
            tag("td", document.duration(one.took), class_="time"),
            tag("td", tag("span", digest(one), class_="digest"), _bar(one, whole)),
        )
        for one in order
    ]
    heads = (say("start", lang), say("took", lang), say("seen", lang))
    return _folded(told, "timeline", table(say("timeline-caption", lang), heads, rows))


def _bar(seen: Observation, whole: float) -> Markup:
    begin, width = _percent(seen.at, whole), _percent(seen.took, whole)
    style = f"margin-left:{begin:.2f}%;width:{width:.2f}%"
    bar = tag("span", class_="bar failed" if seen.failure else "bar", style=style)
    return tag("span", bar, class_="track")


def _percent(part: float, whole: float) -> float:
    share = 100 * part / whole
    return min(max(share, 0.0), 100.0) if isfinite(share) else 0.0


def observations(told: Told) -> Markup | None:
    every, lang = told.report.evidence.observations, told.lang
    if not every:
        return None
    rows = [_row(told, number, one) for number, one in enumerate(every, 1)]
    heads = tuple(say(key, lang) for key in ("number", "layer", "seen"))
    return _folded(told, "observations", table(say("observations-caption", lang), heads, rows))


def _row(told: Told, number: int, seen: Observation) -> Markup:
    layer = type(seen).layer
    where = say("on-server" if seen.vantage == "server" else "here", told.lang)
    return tag(
        "tr",
        tag("th", f"o{number}", scope="row", id=f"{told.prefix}o{number}"),
        tag("td", word(f"layer.{layer}", told.lang) if layer else "–"),
        tag(
            "td",
            tag("small", f"{type(seen).__name__}, {where}", class_="kind"),
            tag("span", digest(seen), class_="digest"),
            tag("code", seen.equivalent, class_="same") if seen.equivalent else None,
        ),
    )


def _folded(told: Told, name: str, inside: Markup) -> Markup:
    count = len(told.report.evidence.observations)
    summary = tag("summary", tag("h2", say(name, told.lang)), f" ({count})")
    return tag("details", summary, inside, class_=name)
