"""Edits that stay usable although the text around them is masked.

A diff shows up to three lines around a change. Where one of them is a comment or holds a name, its
masked form fits no file. Such a line is left out, and the diff applies with the lines that remain.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import takewhile

from diagnose.model import Edit, Finding, Report, Step
from diagnose.model.frozen import frozen
from diagnose.outputs import finding_text

_HUNK = re.compile(r"@@ -(\d{1,9})(?:,(\d{1,9}))? \+(\d{1,9})(?:,(\d{1,9}))? @@")
_CONTEXT, _REMOVED, _ADDED = " ", "-", "+"


@frozen
class _Line:
    """A line of a hunk, and the numbers that it has, or the next line has, in the old and in the
    new file. `is_masked` is whether the masking changed it."""

    text: str
    old: int
    new: int
    is_masked: bool

    @property
    def is_context(self) -> bool:
        return self.text.startswith(_CONTEXT)


def with_usable_edits(original: Report, masked: Report) -> tuple[Report, Report]:
    """Return both reports. They have the same edit, which can be applied, where the masking changed
    no more than lines around its changes."""
    findings = {finding.id: finding for finding in original.findings}
    pairs = {
        finding.id: _with_usable_edits(findings[finding.id], finding)
        for finding in masked.findings
        if finding.id in findings
    }
    return (_with_findings(original, pairs, 0), _with_findings(masked, pairs, 1))


def _with_findings(
    report: Report, pairs: Mapping[str, tuple[Finding, Finding]], side: int
) -> Report:
    findings = (
        pairs[finding.id][side] if finding.id in pairs else finding for finding in report.findings
    )
    return replace(report, findings=tuple(findings))


def _with_usable_edits(original: Finding, masked: Finding) -> tuple[Finding, Finding]:
    before, after = finding_text.steps(original), finding_text.steps(masked)
    if before == after or len(before) != len(after):
        return original, masked
    steps = [_usable_steps(*pair) for pair in zip(before, after, strict=True)]
    return (
        _with_steps(original, tuple(pair[0] for pair in steps)),
        _with_steps(masked, tuple(pair[1] for pair in steps)),
    )


def _with_steps(finding: Finding, steps: tuple[Step, ...]) -> Finding:
    fix = finding.claim.fix
    assert fix is not None
    return replace(finding, claim=replace(finding.claim, fix=replace(fix, steps=steps)))


def _usable_steps(original: Step, masked: Step) -> tuple[Step, Step]:
    if isinstance(original, Edit) and isinstance(masked, Edit) and original.path == masked.path:
        usable = usable_diff(original.diff, masked.diff)
        if usable is not None:
            return replace(original, diff=usable), replace(masked, diff=usable)
    return original, masked


def usable_diff(original: str, masked: str) -> str | None:
    """Return the masked diff without the lines around its changes that differ from the original's,
    or None where it would still fit no file, or where no line would say its place."""
    before, after = _lines(original), _lines(masked)
    if before == after:
        return masked
    if len(before) != len(after):
        return None
    head = list(takewhile(lambda line: not _HUNK.match(line), after))
    if before[: len(head)] != head:
        return None
    pieces = head
    for hunk in _hunks(before[len(head) :], after[len(head) :]):
        if any(line.is_masked and not line.is_context for line in hunk) or _is_unended(hunk):
            return None
        for part in _parts(hunk):
            shown = _placed(part, is_cut=len(part) < len(hunk))
            if not any(line.is_context or line.text.startswith(_REMOVED) for line in shown):
                return None
            pieces += [_header(shown), *(line.text for line in shown)]
    return "".join(pieces)


def _lines(text: str) -> list[str]:
    """Return the lines with their ends. Only a line feed ends one, as for patch(1)."""
    return re.findall(r"[^\n]*\n|[^\n]+", text)


def _hunks(before: list[str], after: list[str]) -> Iterator[list[_Line]]:
    """Yield the lines of each hunk. A header that the masking changed counts as a change."""
    hunk: list[_Line] = []
    old = new = 0
    for original, text in zip(before, after, strict=True):
        if header := _HUNK.match(text):
            if hunk:
                yield hunk
            hunk = []
            old, new = (int(header[n]) + (header[n + 1] == "0") for n in (1, 3))
            if original != text:
                hunk.append(_Line(_ADDED, old, new, is_masked=True))
            continue
        hunk.append(_Line(text, old, new, is_masked=original != text))
        old += text[0] in {_CONTEXT, _REMOVED}
        new += text[0] in {_CONTEXT, _ADDED}
    if hunk:
        yield hunk


def _parts(hunk: list[_Line]) -> Iterator[list[_Line]]:
    """Yield what lies between masked lines and holds a change."""
    part: list[_Line] = []
    for line in [*hunk, None]:
        if line is not None and not line.is_masked:
            part.append(line)
            continue
        if not all(kept.is_context for kept in part):
            yield part
        part = []


def _is_unended(hunk: list[_Line]) -> bool:
    """Return whether the file's last line, which has no line end, is beside a masked one."""
    return any(line.is_masked for line in hunk) and hunk[-1].text.startswith("\\")


def _placed(part: list[_Line], is_cut: bool) -> list[_Line]:
    """Return a part with as many lines before its changes as after them: patch(1) takes a shorter
    side for the beginning or the end of the file."""
    if not is_cut:
        return part
    before = len(list(takewhile(lambda line: line.is_context, part)))
    after = len(list(takewhile(lambda line: line.is_context, reversed(part))))
    around = min(before, after)
    placed = part[before - around : len(part) - after + around]
    if any(line.is_context or line.text.startswith(_REMOVED) for line in placed):
        return placed
    # Nothing but added lines: the line beside them is written anew, so that it says their place.
    if before:
        return [*_rewritten(part[before - 1]), *placed]
    return [*placed, *_rewritten(part[len(part) - after])] if after else placed


def _rewritten(line: _Line) -> tuple[_Line, _Line]:
    text = line.text[1:]
    return replace(line, text=_REMOVED + text), replace(line, text=_ADDED + text)


def _header(part: list[_Line]) -> str:
    old = sum(line.text[0] in {_CONTEXT, _REMOVED} for line in part)
    new = sum(line.text[0] in {_CONTEXT, _ADDED} for line in part)
    first = part[0]
    # A side without a line has the number of the line before it.
    return f"@@ -{first.old - (not old)},{old} +{first.new - (not new)},{new} @@\n"
