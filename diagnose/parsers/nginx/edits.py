"""Changes to a text, as a unified diff that patch(1) applies. Pure."""

import difflib
import re
from collections.abc import Iterator

from diagnose.model.frozen import frozen
from diagnose.model.nginx import Directive


@frozen
class TextEdit:
    """Put `text` in place of what lies between two offsets; the same offset twice inserts."""

    start: int
    stop: int
    text: str


def apply_edits(text: str, *edits: TextEdit) -> str:
    """The text with all changes made; they must not overlap."""
    for edit in sorted(edits, key=lambda edit: (edit.start, edit.stop), reverse=True):
        text = text[: edit.start] + edit.text + text[edit.stop :]
    return text


def diff(path: str, before: str, after: str) -> str:
    """The unified diff from one text to the other; "" if they are the same.

    Only a line feed ends a line: what else Python takes for an end, patch(1) does not.
    """
    lines = difflib.unified_diff(_lines(before), _lines(after), path, path)
    return "".join(
        line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines
    )


def insert_after(text: str, directive: Directive, lines: list[str]) -> TextEdit:
    """New lines behind a directive, indented as it is, in the file's own line ends."""
    newline = _newline(text)
    indent = indentation(text, directive)
    line_end = re.compile(r"[ \t]*(?:#[^\n]*)?(?:\r?\n|$)").match(text, directive.stop)
    if line_end:
        lead = "" if line_end[0].endswith("\n") else newline
        block = "".join(f"{indent}{line}{newline}" for line in lines)
        return TextEdit(
            line_end.end(), line_end.end(), lead + (block if not lead else block.rstrip("\r\n"))
        )
    # Something else follows on the same line: it goes to a line of its own.
    blanks = re.compile(r"[ \t]*").match(text, directive.stop)
    outer = _line_indentation(text, directive.stop)
    added = "".join(f"{newline}{indent}{line}" for line in lines)
    stop = blanks.end() if blanks else directive.stop
    return TextEdit(directive.stop, stop, f"{added}{newline}{outer}")


def insert_before(text: str, directive: Directive, lines: list[str]) -> TextEdit:
    """New lines in front of a directive."""
    newline = _newline(text)
    indent = indentation(text, directive)
    block = "".join(f"{indent}{line}{newline}" if line else newline for line in lines)
    return TextEdit(directive.start, directive.start, block.removeprefix(indent) + indent)


def insert_first(text: str, block: Directive, lines: list[str]) -> TextEdit:
    """New lines at the beginning of a block."""
    newline, outer = _newline(text), indentation(text, block)
    inner = outer + ("\t" if outer.startswith("\t") else "    ")
    first_child = (block.block or ())[:1]
    if first_child and first_child[0].file == block.file:
        inner = indentation(text, first_child[0])
    added = "".join(f"{newline}{inner}{line}" for line in lines)
    # What follows the brace on its line goes to the next.
    trailing = re.compile(r"[ \t]*(?=[^\s#])").match(text, block.opened)
    stop = trailing.end() if trailing else block.opened
    return TextEdit(block.opened, stop, added + (f"{newline}{inner}" if trailing else ""))


def replace_directive(directive: Directive, text: str) -> TextEdit:
    """Other words in place of a directive."""
    return TextEdit(directive.start, directive.stop, text)


def remove_directive(text: str, directive: Directive) -> TextEdit:
    """A directive taken out, with its line where nothing else stands on it."""
    start = text.rfind("\n", 0, directive.start) + 1
    line_end = re.compile(r"[ \t]*\r?(?:\n|$)").match(text, directive.stop)
    if line_end and not text[start : directive.start].strip():
        return TextEdit(start, line_end.end(), "")
    line_end = re.compile(r"[ \t]*").match(text, directive.stop)
    return TextEdit(directive.start, line_end.end() if line_end else directive.stop, "")


def indentation(text: str, directive: Directive) -> str:
    """The blanks before a directive; where it is not the first on its line, a step more than
    that line has."""
    lead = text[text.rfind("\n", 0, directive.start) + 1 : directive.start]
    if not lead.strip():
        return lead
    outer = _line_indentation(text, directive.start)
    return outer + ("\t" if outer.startswith("\t") else "    ")


def _line_indentation(text: str, offset: int) -> str:
    line = text[text.rfind("\n", 0, offset) + 1 :]
    return line[: len(line) - len(line.lstrip(" \t"))]


def _newline(text: str) -> str:
    return "\r\n" if "\r\n" in text else "\n"


def _lines(text: str) -> list[str]:
    return re.findall(r"[^\n]*\n|[^\n]+", text)


_HUNK = re.compile(r"@@ -(\d+)(?:,(\d+))? \+\d+(?:,\d+)? @@")


def apply_patch(text: str, patch: str) -> str | None:
    """The text with a unified diff applied, exactly where it says; None where it does not fit,
    since the text is another than the diff was made for."""
    source_lines, patched_lines, position = _lines(text), [], 0
    for start, lines in _hunks(patch):
        removed = [line[1:] for line in lines if line[0] in " -"]
        if start < position or source_lines[start : start + len(removed)] != removed:
            return None
        patched_lines += source_lines[position:start]
        patched_lines += [line[1:] for line in lines if line[0] in " +"]
        position = start + len(removed)
    return "".join(patched_lines + source_lines[position:])


def added_line_numbers(patch: str) -> Iterator[int]:
    """The lines (from 1) that a unified diff puts into the text, as they are counted afterwards."""
    shift = 0
    for start, lines in _hunks(patch):
        position = start + shift
        for line in lines:
            position += line[0] in " +"
            if line[0] == "+":
                yield position
        shift += sum((line[0] == "+") - (line[0] == "-") for line in lines)


def _hunks(patch: str) -> list[tuple[int, list[str]]]:
    """Where each hunk begins (from 0), and its lines, their ends as in the text."""
    hunks: list[tuple[int, list[str]]] = []
    for line in _lines(patch):
        if head := _HUNK.match(line):
            # A hunk that takes nothing away names the line before it.
            hunks.append((int(head[1]) - (head[2] != "0"), []))
        elif line.startswith("\\") and hunks:
            hunks[-1][1][-1] = hunks[-1][1][-1].removesuffix("\n")
        elif hunks and line[0] in " +-":
            hunks[-1][1].append(line)
    return hunks
