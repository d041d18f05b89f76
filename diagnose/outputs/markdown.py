"""The report as a ticket takes it: GitHub's Markdown, to be pasted as it is.

What machines said stands in code, where nothing is a link, an image, HTML or a person's name;
everything else is escaped. Commands are fenced, so that they can be copied.
"""

import re

from diagnose._version import VERSION
from diagnose.checking.root_cause import verdict
from diagnose.i18n.html import say
from diagnose.i18n.reports import known
from diagnose.i18n.reports import say as word
from diagnose.model import Command, Edit, Finding, Location, Manual, Observation, Report, Step
from diagnose.model.view import View
from diagnose.outputs import document, finding_text
from diagnose.outputs.digest import digest
from diagnose.outputs.json import SCHEMA_VERSION
from diagnose.outputs.layers import Layer
from diagnose.outputs.terminal import blocks, cells

_SIGNS = {
    "ok": "✅",
    "warning": "⚠️",
    "error": "❌",
    "critical": "❌",
    "unknown": "❔",
    "skipped": "–",
}

#: What GitHub makes a link of by itself: addresses of the web and of mail, people, tickets.
_LINKED = re.compile(r"(?i)://|@|www\.|#")
_WORD = re.compile(r"[^\s，。、；（）「」《》“”]+")
_AROUND = "\"'([{<>}])!?,.;:"
#: GitHub Flavored Markdown 6.1, as far as a character can mean something within a line.
_SPECIAL = re.compile(r"[\\`*\[\]<>|~$]|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])|&(?=[#A-Za-z])")
#: What makes a line the beginning of a list, a quotation or a heading.
_FIRST = re.compile(r"-(?=[\s-]|$)|\+(?=\s|$)|\d+(?=[.)](?:\s|$))")


def render(report: Report, view: View) -> str:
    parts = [*_head(report, view)]
    if view.verbosity >= 0:
        for found in report.causes:
            parts += _cause(report, found, view)
        parts += [*_notes(report, view), *_unseen(report, view)]
        parts += _timeline(report, view.lang) if view.verbosity >= 2 else []
        parts += _foot(report, view)
    return "\n\n".join(part for part in parts if part) + "\n"


def _head(report: Report, view: View) -> list[str]:
    status, lang = verdict(report).status, view.lang
    sentence = inline(document.sentence(report, lang))
    read_as = document.read_as(report, lang)
    facts = [
        code(report.evidence.target.url) + (f" ({inline(read_as)})" if read_as else ""),
        document.moment(report.evidence.started_at),
        document.duration(report.duration),
    ]
    return [
        f"## {_SIGNS[status]} {word(status, lang)}: {sentence}",
        " · ".join(facts),
        f"**{word('interrupted', lang)}**" if report.interrupted else "",
        _layers(report, lang) if view.verbosity >= 0 else "",
    ]


def _layers(report: Report, lang: str) -> str:
    heads = (say(key, lang) for key in ("layer", "state", "took", "reason"))
    rows = [_row(layer, lang) for layer in document.layers(report, lang)]
    return "\n".join([f"| {' | '.join(heads)} |", "|---|---|--:|---|", *rows])


def _row(layer: Layer, lang: str) -> str:
    took = document.duration(layer.took) if layer.took else ""
    state = f"{_SIGNS[layer.status]} {say(f'state.{layer.status}', lang)}"
    name = word(f"layer.{layer.name}", lang)
    return f"| {name} | {state} | {took} | {cell(layer.reason or '')} |"


def _cause(report: Report, found: Finding, view: View) -> list[str]:
    place = found.claim.location
    return [
        f"### {inline(finding_text.title(found, view.lang))}",
        _marks(found, view.lang),
        *(_excerpt(place) if place else ()),
        *_prose(finding_text.summary(found, view.lang)),
        *_evidence(found, view.lang),
        *_symptoms(report, found, view.lang),
        *_remedy(report, found, view),
    ]


def _marks(found: Finding, lang: str) -> str:
    about = str(found.claim.about)
    sure = f"{say('confidence', lang)}: {word(str(found.claim.confidence), lang)}"
    told = [f"**{document.severity(found, lang)}**", code(found.check.id), sure]
    return " · ".join([*told, *([f"{say('about', lang)}: {code(about)}"] if about else [])])


def _excerpt(place: Location) -> list[str]:
    """The lines around a fault, their numbers before them, and a caret under the span."""
    rows = list(document.excerpt(place))
    margin = len(str(rows[-1].number)) if rows else 0
    shown = []
    for row in rows:
        whole = (row.before + row.marked + row.after).rstrip(" ")
        shown.append(f"{row.number:{margin}} | {document.line_of(whole)}")
        if row.marked:
            indent = " " * cells(document.line_of(row.before))
            shown.append(f"{' ' * margin} | {indent}{'^' * max(cells(row.marked), 1)}")
    return [code(document.place(place)), *([fence("\n".join(shown), "text")] if shown else [])]


def _remedy(report: Report, found: Finding, view: View) -> list[str]:
    lang = view.lang
    how = word("how", lang, how=word(finding_text.applicability(found), lang))
    risk = f"{word('risk', lang)}: {finding_text.risk(found, lang)}"
    parts = [f"#### {say('fix', lang)}{how}", risk, *_prose(finding_text.remedy(found, lang))]
    for where, steps in document.groups(found, lang):
        parts.append(where)
        for step in steps:
            parts += _step(found, step, lang)
    verify = fence(finding_text.verify(report, found, view))
    return [
        *parts,
        f"#### {say('verify', lang)}",
        *_prose(document.how_to_check(found, lang)),
        verify,
    ]


def _step(found: Finding, step: Step, lang: str) -> list[str]:
    if isinstance(step, Manual):
        typed = [part for one in step.commands for part in _step(found, one, lang)]
        link = [_link(step.url)] if step.url else []
        return [*_prose(finding_text.manual(found, step, lang)), *link, *typed]
    if isinstance(step, Edit) or not step.undo:
        return [fence(finding_text.shell(step))]
    undo = finding_text.shell(Command(step.undo))
    return [fence(finding_text.shell(step)), f"{word('undo', lang)}: {code(undo)}"]


def _link(url: str) -> str:
    return f"<{url}>" if document.link(url) else code(url)


def _evidence(found: Finding, lang: str) -> list[str]:
    pieces = "\n".join(_piece(seen, lang) for seen in found.claim.because)
    out = ", ".join(map(code, found.claim.ruled_out))
    if not pieces and not out:
        return []
    excluded = f"{say('excluded', lang)}: {out}" if out else ""
    return [f"#### {say('evidence', lang)}", pieces, excluded]


def _piece(seen: Observation, lang: str) -> str:
    where = say("on-server" if seen.vantage == "server" else "here", lang)
    command = f"\n  - {code(seen.equivalent)}" if seen.equivalent else ""
    return f"- {code(digest(seen))} ({where}){command}"


def _symptoms(report: Report, found: Finding, lang: str) -> list[str]:
    items = [
        f"- {code(one.check.id)}: {inline(finding_text.title(one, lang))}"
        for one in finding_text.symptoms(report, found)
    ]
    return [f"#### {say('follows', lang)}", "\n".join(items)] if items else []


def _notes(report: Report, view: View) -> list[str]:
    items = [
        f"- {code(one.check.id)}: {inline(finding_text.title(one, view.lang))}"
        for one in document.notes(report)
    ]
    return [f"### {say('notes', view.lang)}", "\n".join(items)] if items else []


def _unseen(report: Report, view: View) -> list[str]:
    lang = view.lang
    items = []
    for one in finding_text.unseen(report, view):
        if finding_text.is_crash(one, report):
            continue
        command = f"\n  - {code(one.enable)}" if one.enable else ""
        items.append(f"- {inline(known(one.what, lang))}: {inline(known(one.why, lang))}{command}")
    for crash in report.crashes:
        items.append(f"- {word('our-fault', lang)}: {code(f'{crash.where}: {crash.message}')}")
    return [f"### {say('unseen', lang)}", "\n".join(items)] if items else []


def _timeline(report: Report, lang: str) -> list[str]:
    rows = [
        " ".join(
            (
                f"{document.duration(seen.at):>8}",
                f"{document.duration(seen.took):>8}",
                f" {document.line(digest(seen))}",
            )
        )
        for seen in document.timeline(report)
    ]
    return [f"### {say('timeline', lang)}", fence("\n".join(rows), "text")] if rows else []


def _foot(report: Report, view: View) -> list[str]:
    lang = view.lang
    told = [f"{name}: {inline(text)}" for name, text in document.vantages(report, view)]
    told.append(say("versions", lang, version=VERSION, schema=SCHEMA_VERSION))
    first = report.causes[:1]
    explain = [code(finding_text.explain(found)) for found in first]
    return ["---", document.counts(report, lang), " · ".join([*told, *explain])]


# What makes a text harmless, by where it stands


def inline(prose: str) -> str:
    """Prose on one line: what stood in backticks is code, all else means nothing."""
    made = ""
    for is_code, text in document.spans(document.line(prose)):
        for piece in [code(text)] if is_code else _pieces(text):
            # Backticks that touch would count as one longer run.
            made += f" {piece}" if made.endswith("`") and piece.startswith("`") else piece
    first = _FIRST.match(made)
    if first is None:
        return made
    # A number's full stop is escaped, not the number.
    mark = f"{first[0]}\\" if first[0].isdigit() else f"\\{first[0]}"
    return mark + made[first.end() :]


def _pieces(text: str) -> list[str]:
    """Text escaped, and in code what would become a link."""
    made, end = [], 0
    for match in _WORD.finditer(text):
        bare = match[0].strip(_AROUND) if _LINKED.search(match[0]) else ""
        if bare:
            begin = match.start() + match[0].index(bare)
            made += [_escaped(text[end:begin]), code(bare)]
            end = begin + len(bare)
    return [*made, _escaped(text[end:])]


def _escaped(text: str) -> str:
    return _SPECIAL.sub(r"\\\g<0>", text)


def cell(prose: str) -> str:
    """Prose in a cell of a table. How a bar within code is escaped, renderers do not agree on."""
    return inline(prose.replace("|", "¦"))


def code(text: str) -> str:
    """A span of code (GitHub Flavored Markdown 6.3) that no backtick within it ends."""
    # Of nothing there is no code, and with nothing behind it a list's hyphen makes a heading.
    text = document.line(text) or "–"
    ticks = "`" * (_longest(text) + 1)
    blank = " " if text[0] == "`" or text[-1] == "`" else ""
    return f"{ticks}{blank}{text}{blank}{ticks}"


def fence(text: str, language: str = "sh") -> str:
    """Lines as they stand, in a fence that none of them ends."""
    ticks = "`" * max(_longest(text) + 1, 3)
    return f"{ticks}{language}\n{document.clean(text)}\n{ticks}"


def _longest(text: str) -> int:
    return max(map(len, re.findall("`+", text)), default=0)


def _prose(markdown: str) -> list[str]:
    """Paragraphs, lists and code, as far as the checks use them."""
    made: list[str] = []
    previous = ""
    for kind, block in blocks(markdown):
        if kind == "code":
            made.append(fence(block, "text"))
        elif kind == "item" and previous == "item":
            made[-1] += f"\n- {inline(block)}"
        else:
            made.append(f"- {inline(block)}" if kind == "item" else inline(block))
        previous = kind
    return made
