"""The report in GitHub's Markdown, ready to paste into a ticket.

Text from machines is formatted as code, in which nothing becomes a link, an image, HTML or a
mention; all other text is escaped. Commands are in fenced blocks so that they can be copied.
"""

import re

from diagnose._version import VERSION
from diagnose.checking.verdicts import verdict
from diagnose.i18n.gaps import text as gap_text
from diagnose.i18n.html import translate
from diagnose.i18n.reports import translate as label
from diagnose.model import Edit, Finding, Location, Manual, Observation, Report, Step
from diagnose.model.view import View
from diagnose.outputs import document, finding_text, ignore_text
from diagnose.outputs.digest import digest, evidence, evidence_commands
from diagnose.outputs.evidence_gaps import evidence_gaps, is_reported_crash
from diagnose.outputs.json import SCHEMA_VERSION
from diagnose.outputs.layers import Layer
from diagnose.outputs.outlook_text import outlook_label, outlook_sentence
from diagnose.outputs.raw_answers import RAW, raw_lines
from diagnose.outputs.symptom_text import symptom_markdown
from diagnose.outputs.terminal import cell_len, markdown_blocks
from diagnose.outputs.verdict_text import verdict_sentences

_SIGNS = {
    "ok": "✅",
    "warning": "⚠️",
    "error": "❌",
    "critical": "❌",
    "unknown": "❔",
    "skipped": "–",
}

#: What GitHub turns into links by itself: web and mail addresses, mentions, tickets.
_AUTOLINKED = re.compile(r"(?i)://|@|www\.|#")
_WORD = re.compile(r"[^\s，。、；（）「」《》“”]+")
_WORD_PUNCTUATION = "\"'([{<>}])!?,.;:"
#: Characters with a meaning inside a line (GitHub Flavored Markdown 6.1).
_SPECIAL = re.compile(r"[\\`*\[\]<>|~$]|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])|&(?=[#A-Za-z])")
#: What would start a list, a quotation or a heading at the beginning of a line.
_BLOCK_MARKER = re.compile(r"-(?=[\s-]|$)|\+(?=\s|$)|\d+(?=[.)](?:\s|$))")


def render(report: Report, view: View) -> str:
    parts = [*_head(report, view)]
    if view.verbosity >= 0:
        for finding in report.causes:
            parts += _cause(report, finding, view)
        parts += _outlook(report, view.lang)
        parts += [*_notes(report, view), *_ignores(report, view.lang), *_gaps(report, view)]
        parts += _timeline(report, view) if view.verbosity >= 2 else []
        parts += _foot(report, view)
    return "\n\n".join(part for part in parts if part) + "\n"


def _head(report: Report, view: View) -> list[str]:
    status, lang = verdict(report).status, view.lang
    sentence = inline(verdict_sentences(report, lang))
    read_as = document.target_note(report, lang)
    facts = [
        code(report.evidence.target.url) + (f" ({inline(read_as)})" if read_as else ""),
        document.format_time(report.evidence.started_at),
        document.format_duration(report.duration),
    ]
    return [
        f"## {_SIGNS[status]} {label(status, lang)}: {sentence}",
        *_prose(symptom_markdown(report, lang)),
        " · ".join(facts),
        f"**{label('interrupted', lang)}**" if report.interrupted else "",
        _layers(report, lang) if view.verbosity >= 0 else "",
    ]


def _layers(report: Report, lang: str) -> str:
    heads = (translate(key, lang) for key in ("layer", "state", "took", "reason"))
    rows = [_row(layer, lang) for layer in document.reported_layers(report, lang)]
    return "\n".join([f"| {' | '.join(heads)} |", "|---|---|--:|---|", *rows])


def _row(layer: Layer, lang: str) -> str:
    duration = document.format_duration(layer.took) if layer.took else ""
    state = f"{_SIGNS[layer.status]} {translate(f'state.{layer.status}', lang)}"
    name = label(f"layer.{layer.name}", lang)
    return f"| {name} | {state} | {duration} | {cell(layer.reason or '')} |"


def _cause(report: Report, finding: Finding, view: View) -> list[str]:
    return [
        f"### {inline(finding_text.title(finding, view.lang))}",
        _marks(finding, view.lang),
        *_prose(finding_text.summary(finding, view.lang)),
        *_remedy(report, finding, view),
        *_evidence(finding, view.lang),
        *_symptoms(report, finding, view.lang),
    ]


def _marks(finding: Finding, lang: str) -> str:
    subject = str(finding.claim.about)
    confidence = f"{translate('confidence', lang)}: {label(str(finding.claim.confidence), lang)}"
    marks = [
        f"**{finding_text.severity_label(finding.severity, lang)}**",
        code(finding.check.id),
        confidence,
    ]
    return " · ".join(
        [*marks, *([f"{translate('about', lang)}: {code(subject)}"] if subject else [])]
    )


def _excerpt(location: Location) -> list[str]:
    """Render the lines around a fault, with line numbers and a caret under the span."""
    rows = list(document.excerpt_lines(location))
    margin = len(str(rows[-1].number)) if rows else 0
    lines = []
    for row in rows:
        text = (row.before + row.marked + row.after).rstrip(" ")
        lines.append(f"{row.number:{margin}} | {document.code_line(text)}")
        if row.marked:
            indent = " " * cell_len(document.code_line(row.before))
            lines.append(f"{' ' * margin} | {indent}{'^' * max(cell_len(row.marked), 1)}")
    return [
        code(document.location_text(location)),
        *([fence("\n".join(lines), "text")] if lines else []),
    ]


def _remedy(report: Report, finding: Finding, view: View) -> list[str]:
    lang = view.lang
    applicability = label(
        "join.remark", lang, remark=label(finding_text.applicability(finding), lang)
    )
    risk = f"{label('risk', lang)}: {finding_text.risk_text(finding, lang)}"
    before, after = finding_text.remedy_parts(finding, lang)
    parts = [
        f"#### {translate('fix', lang)}{applicability}",
        *([risk] if finding_text.has_known_risk(finding) else []),
        *_prose(before),
    ]
    for heading, steps in document.step_groups(finding, lang):
        parts.append(heading)
        for step in steps:
            parts += _step(finding, step, lang)
    verify = fence(finding_text.verify_command(report, finding, view))
    return [
        *parts,
        *_prose(after),
        f"#### {translate('verify', lang)}",
        *_prose(document.verification(finding, lang)),
        verify,
    ]


def _step(finding: Finding, step: Step, lang: str) -> list[str]:
    if isinstance(step, Manual):
        commands = [part for command in step.commands for part in _step(finding, command, lang)]
        link = [_link(step.url)] if step.url else []
        return [*_prose(finding_text.manual_text(finding, step, lang)), *link, *commands]
    if isinstance(step, Edit) or not step.undo:
        return [fence(finding_text.shell_command(step))]
    undo = finding_text.undo_command(step)
    return [fence(finding_text.shell_command(step)), f"{label('undo', lang)}: {code(undo)}"]


def _link(url: str) -> str:
    return f"<{url}>" if document.safe_link(url) else code(url)


def _evidence(finding: Finding, lang: str) -> list[str]:
    claim = finding.claim
    items = "\n".join(
        _evidence_item(observation, command, lang)
        for observation, command in evidence_commands(evidence(finding, lang))
    )
    ruled_out = ", ".join(map(code, claim.ruled_out))
    excerpt = _excerpt(claim.location) if claim.location else []
    if not (items or ruled_out or excerpt):
        return []
    excluded = f"{translate('excluded', lang)}: {ruled_out}" if ruled_out else ""
    return [f"#### {translate('evidence', lang)}", *excerpt, items, excluded]


def _evidence_item(observation: Observation, command: str, lang: str) -> str:
    vantage = document.vantage_name(observation, lang)
    item = f"- {code(digest(observation, lang))} ({vantage})"
    return f"{item}\n  - {code(command)}" if command else item


def _symptoms(report: Report, finding: Finding, lang: str) -> list[str]:
    items = [
        f"- {code(symptom.check.id)}: {inline(finding_text.title(symptom, lang))}"
        for symptom in finding_text.symptoms(report, finding)
    ]
    return [f"#### {translate('follows', lang)}", "\n".join(items)] if items else []


def _outlook(report: Report, lang: str) -> list[str]:
    sentence = outlook_sentence(report, lang)
    head = document.capitalized(outlook_label(report, lang))
    return [f"**{head}**: {inline(sentence)}"] if sentence else []


def _notes(report: Report, view: View) -> list[str]:
    items = [
        f"- {code(note.check.id)}: {inline(finding_text.title(note, view.lang))}"
        for note in document.notes(report)
    ]
    return [f"### {translate('notes', view.lang)}", "\n".join(items)] if items else []


def _ignores(report: Report, lang: str) -> list[str]:
    items = [
        f"- {code(finding.check.id)} ({inline(ignore_text.suppression(finding, lang))}):"
        f" {inline(finding_text.title(finding, lang))}"
        for finding in report.suppressed
    ]
    items += [f"- {inline(sentence)}" for sentence in ignore_text.expired_ignores(report, lang)]
    return [f"### {translate('ignored', lang)}", "\n".join(items)] if items else []


def _gaps(report: Report, view: View) -> list[str]:
    lang = view.lang
    items = []
    for gap in evidence_gaps(report, view):
        if is_reported_crash(gap, report):
            continue
        command = f"\n  - {code(gap.enable)}" if gap.enable else ""
        items.append(
            f"- {inline(gap_text(gap.what, lang))}: {inline(gap_text(gap.why, lang))}{command}"
        )
    for crash in report.crashes:
        items.append(f"- {label('our-fault', lang)}: {code(f'{crash.where}: {crash.message}')}")
    return [f"### {translate('unseen', lang)}", "\n".join(items)] if items else []


def _timeline(report: Report, view: View) -> list[str]:
    rows = []
    for observation in document.chronological(report):
        moment, took = map(document.format_duration, (observation.at, observation.took))
        text = document.single_line(digest(observation, view.lang))
        rows.append(f"{moment:>8} {took:>8}  {text}")
        if view.verbosity >= RAW:
            rows += [f"    < {line}" for line in raw_lines(observation)]
    return (
        [f"### {translate('timeline', view.lang)}", fence("\n".join(rows), "text")] if rows else []
    )


def _foot(report: Report, view: View) -> list[str]:
    lang = view.lang
    facts = [f"{name}: {inline(text)}" for name, text in document.vantages(report, view)]
    facts.append(translate("versions", lang, version=VERSION, schema=SCHEMA_VERSION))
    first = report.causes[:1]
    explain = [code(finding_text.explain_command(cause)) for cause in first]
    return ["---", document.count_line(report, lang), " · ".join([*facts, *explain])]


# Escaping, by where a text is inserted


def inline(prose: str) -> str:
    """Format prose on one line: text in backticks becomes code, all other text is escaped."""
    markdown = ""
    for is_code, text in document.code_spans(document.single_line(prose)):
        for piece in [code(text)] if is_code else _escaped_pieces(text):
            # Adjacent backticks would count as one longer run.
            markdown += f" {piece}" if markdown.endswith("`") and piece.startswith("`") else piece
    block_marker = _BLOCK_MARKER.match(markdown)
    if block_marker is None:
        return markdown
    # For a number, the full stop is escaped, not the digits.
    mark = f"{block_marker[0]}\\" if block_marker[0].isdigit() else f"\\{block_marker[0]}"
    return mark + markdown[block_marker.end() :]


def _escaped_pieces(text: str) -> list[str]:
    """Escape text, and format as code what GitHub would turn into a link."""
    pieces, end = [], 0
    for match in _WORD.finditer(text):
        word = match[0].strip(_WORD_PUNCTUATION) if _AUTOLINKED.search(match[0]) else ""
        if word:
            begin = match.start() + match[0].index(word)
            pieces += [_escaped(text[end:begin]), code(word)]
            end = begin + len(word)
    return [*pieces, _escaped(text[end:])]


def _escaped(text: str) -> str:
    return _SPECIAL.sub(r"\\\g<0>", text)


def cell(prose: str) -> str:
    """Format prose for a table cell. Renderers disagree on how to escape "|" in code."""
    return inline(prose.replace("|", "¦"))


def code(text: str) -> str:
    """Format as a code span (GitHub Flavored Markdown 6.3) with more backticks than the text
    has."""
    # There is no empty code span, and "-" followed by nothing could make a heading.
    text = document.single_line(text) or "–"
    ticks = "`" * (_longest(text) + 1)
    blank = " " if text[0] == "`" or text[-1] == "`" else ""
    return f"{ticks}{blank}{text}{blank}{ticks}"


def fence(text: str, language: str = "sh") -> str:
    """Format as a fenced block whose fence is longer than any in the text."""
    ticks = "`" * max(_longest(text) + 1, 3)
    return f"{ticks}{language}\n{document.sanitize_lines(text)}\n{ticks}"


def _longest(text: str) -> int:
    return max(map(len, re.findall("`+", text)), default=0)


def _prose(markdown: str) -> list[str]:
    """Format paragraphs, lists and code, as far as the checks use them."""
    paragraphs: list[str] = []
    previous = ""
    for kind, block in markdown_blocks(markdown):
        if kind == "code":
            paragraphs.append(fence(block, "text"))
        elif kind == "item" and previous == "item":
            paragraphs[-1] += f"\n- {inline(block)}"
        else:
            paragraphs.append(f"- {inline(block)}" if kind == "item" else inline(block))
        previous = kind
    return paragraphs
