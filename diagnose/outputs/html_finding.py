"""A root cause as HTML: what it is, what proves it, what follows from it and what mends it."""

from diagnose.i18n.html import say
from diagnose.i18n.reports import say as word
from diagnose.model import Command, Edit, Finding, Location, Manual, Observation, Step
from diagnose.outputs import document, finding_text
from diagnose.outputs.digest import digest
from diagnose.outputs.document import Told
from diagnose.outputs.markup import Markup, inline, joined, lines, pre, prose, tag
from diagnose.outputs.terminal import safe

#: So many pieces of evidence are shown of a cause; the others are folded away.
_EVIDENCE = 3


def cause(told: Told, found: Finding) -> Markup:
    title = f"{told.prefix}{found.id}"
    place = found.claim.location
    return tag(
        "section",
        lines(
            tag("h2", inline(finding_text.title(found, told.lang)), id=title),
            marks(found, told.lang),
            _excerpt(place, told.lang) if place else None,
            prose(finding_text.summary(found, told.lang)),
            _evidence(told, found),
            _symptoms(told, found),
            _remedy(told, found),
            _meaning(found, told.lang),
        ),
        class_=f"cause {found.severity}",
        aria_labelledby=title,
    )


def marks(found: Finding, lang: str) -> Markup:
    """Severity, check, confidence and subject."""
    about = str(found.claim.about)
    return tag(
        "ul",
        tag("li", document.severity(found, lang), class_="severity"),
        tag("li", tag("code", found.check.id)),
        tag("li", f"{say('confidence', lang)}: {word(str(found.claim.confidence), lang)}"),
        tag("li", f"{say('about', lang)}: ", tag("code", about)) if about else None,
        class_="marks",
    )


def _excerpt(place: Location, lang: str) -> Markup:
    rows = list(document.excerpt(place))
    margin = len(str(rows[-1].number)) if rows else 0
    shown = []
    for row in rows:
        number = tag("span", f"{row.number:{margin}} ", class_="number")
        if row.marked:
            marked = tag("mark", safe(row.marked))
            code = joined(safe(row.before), marked, safe(row.after))
            shown.append(tag("strong", number, code, class_="hit"))
        else:
            shown.append(joined(number, safe(row.before)))
    caption = tag("figcaption", tag("code", document.place(place)))
    file = pre(Markup("\n".join(shown)), "file") if rows else None
    return tag("figure", caption, file, class_="excerpt", aria_label=say("marked-line", lang))


def _evidence(told: Told, found: Finding) -> Markup | None:
    numbers = {id(one): n for n, one in enumerate(told.report.evidence.observations, 1)}
    pieces = [_piece(told, one, numbers.get(id(one))) for one in found.claim.because]
    shown, folded = pieces[:_EVIDENCE], pieces[_EVIDENCE:]
    out = ", ".join(found.claim.ruled_out)
    if not pieces and not out:
        return None
    more = tag("summary", say("more", told.lang, count=len(folded)))
    return lines(
        tag("h3", say("evidence", told.lang)),
        tag("ul", lines(*shown), class_="evidence") if shown else None,
        tag("details", more, tag("ul", lines(*folded), class_="evidence")) if folded else None,
        tag("p", f"{say('excluded', told.lang)}: ", tag("code", out)) if out else None,
    )


def _piece(told: Told, seen: Observation, number: int | None) -> Markup:
    link = tag("a", f"o{number}", href=f"#{told.prefix}o{number}") if number else None
    where = say("on-server" if seen.vantage == "server" else "here", told.lang)
    return tag(
        "li",
        tag("span", digest(seen), class_="digest"),
        tag("small", " ", where, " " if link else None, link),
        pre(seen.equivalent, "command") if seen.equivalent else None,
    )


def _symptoms(told: Told, found: Finding) -> Markup | None:
    lang = told.lang
    items = [
        tag("li", tag("code", one.check.id), " ", inline(finding_text.title(one, lang)),
            id=f"{told.prefix}{one.id}")
        for one in finding_text.symptoms(told.report, found)
    ]  # fmt: skip
    return joined(tag("h3", say("follows", lang)), tag("ul", lines(*items))) if items else None


def _remedy(told: Told, found: Finding) -> Markup:
    lang = told.lang
    how = finding_text.applicability(found)
    groups = []
    for where, steps in document.groups(found, lang):
        items = [tag("li", _step(found, step, lang)) for step in steps]
        groups.append(joined(tag("p", where, class_="where"), tag("ol", lines(*items))))
    mark = tag("span", word(how, lang), class_=f"how {how}")
    return tag(
        "div",
        lines(
            tag("h3", say("fix", lang), " ", mark),
            tag("p", f"{word('risk', lang)}: {finding_text.risk(found, lang)}", class_="risk"),
            prose(finding_text.remedy(found, lang)),
            *groups,
            tag("h3", say("verify", lang)),
            prose(document.how_to_check(found, lang)),
            pre(finding_text.verify(told.report, found, told.view), "command whole"),
        ),
        class_="remedy",
    )


def _step(found: Finding, step: Step, lang: str) -> Markup:
    if isinstance(step, Manual):
        typed = [_step(found, one, lang) for one in step.commands]
        return joined(prose(finding_text.manual(found, step, lang)), _link(step.url), *typed)
    if isinstance(step, Edit):
        return pre(_diff(finding_text.shell(step)), "command whole")
    undo = finding_text.shell(Command(step.undo)) if step.undo else None
    taken_back = (
        tag("p", f"{word('undo', lang)}: ", tag("code", undo), class_="undo") if undo else None
    )
    return joined(pre(finding_text.shell(step), "command whole"), taken_back)


def _link(url: str) -> Markup | None:
    if not url:
        return None
    known_as = document.link(url)
    shown = (
        tag("a", url, href=known_as, rel="noreferrer noopener") if known_as else tag("code", url)
    )
    return tag("p", shown)


def _diff(shell: str) -> Markup:
    """As it is typed, character by character; what goes and what comes is coloured."""
    first, *others = shell.split("\n")
    colours = {"+": "added", "-": "removed", "@": "dim"}
    rows = [
        tag("span", row, class_=colours[row[:1]]) if row[:1] in colours else joined(row)
        for row in others
    ]
    return Markup("\n".join([joined(first), *rows]))


def _meaning(found: Finding, lang: str) -> Markup:
    return tag(
        "details",
        tag("summary", tag("h3", say("meaning", lang))),
        prose(document.meaning(found, lang)),
        pre(finding_text.explain(found), "command"),
    )
