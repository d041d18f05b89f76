"""Changes to a text, as a unified diff that patch(1) applies. Pure."""

import difflib
import re
from collections.abc import Iterator

from diagnose.model.frozen import frozen
from diagnose.model.nginx import Directive


@frozen
class Change:
    """Put `text` in place of what lies between two offsets; the same offset twice inserts."""

    start: int
    stop: int
    text: str


def changed(text: str, *changes: Change) -> str:
    """The text with all changes made; they must not overlap."""
    for change in sorted(changes, key=lambda one: (one.start, one.stop), reverse=True):
        text = text[: change.start] + change.text + text[change.stop :]
    return text


def diff(path: str, before: str, after: str) -> str:
    """The unified diff from one text to the other; "" if they are the same.

    Only a line feed ends a line: what else Python takes for an end, patch(1) does not.
    """
    lines = difflib.unified_diff(_lines(before), _lines(after), path, path)
    return "".join(
        line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines
    )


def after(text: str, directive: Directive, lines: list[str]) -> Change:
    """New lines behind a directive, indented as it is, in the file's own line ends."""
    end = _end(text)
    indent = indentation(text, directive)
    rest = re.compile(r"[ \t]*(?:#[^\n]*)?(?:\r?\n|$)").match(text, directive.stop)
    if rest:
        lead = "" if rest[0].endswith("\n") else end
        block = "".join(f"{indent}{line}{end}" for line in lines)
        return Change(rest.end(), rest.end(), lead + (block if not lead else block.rstrip("\r\n")))
    # Something else follows on the same line: it goes to a line of its own.
    skipped = re.compile(r"[ \t]*").match(text, directive.stop)
    outer = _line_indentation(text, directive.stop)
    added = "".join(f"{end}{indent}{line}" for line in lines)
    stop = skipped.end() if skipped else directive.stop
    return Change(directive.stop, stop, f"{added}{end}{outer}")


def before(text: str, directive: Directive, lines: list[str]) -> Change:
    """New lines in front of a directive."""
    end = _end(text)
    indent = indentation(text, directive)
    block = "".join(f"{indent}{line}{end}" if line else end for line in lines)
    return Change(directive.start, directive.start, block.removeprefix(indent) + indent)


def first(text: str, block: Directive, lines: list[str]) -> Change:
    """New lines at the beginning of a block."""
    end, outer = _end(text), indentation(text, block)
    inner = outer + ("\t" if outer.startswith("\t") else "    ")
    within = (block.block or ())[:1]
    if within and within[0].file == block.file:
        inner = indentation(text, within[0])
    added = "".join(f"{end}{inner}{line}" for line in lines)
    # What follows the brace on its line goes to the next.
    rest = re.compile(r"[ \t]*(?=[^\s#])").match(text, block.opened)
    stop = rest.end() if rest else block.opened
    return Change(block.opened, stop, added + (f"{end}{inner}" if rest else ""))


def instead(directive: Directive, text: str) -> Change:
    """Other words in place of a directive."""
    return Change(directive.start, directive.stop, text)


def gone(text: str, directive: Directive) -> Change:
    """A directive taken out, with its line where nothing else stands on it."""
    start = text.rfind("\n", 0, directive.start) + 1
    rest = re.compile(r"[ \t]*\r?(?:\n|$)").match(text, directive.stop)
    if rest and not text[start : directive.start].strip():
        return Change(start, rest.end(), "")
    rest = re.compile(r"[ \t]*").match(text, directive.stop)
    return Change(directive.start, rest.end() if rest else directive.stop, "")


def indentation(text: str, directive: Directive) -> str:
    """The blanks before a directive; where it is not the first on its line, a step more than
    that line has."""
    lead = text[text.rfind("\n", 0, directive.start) + 1 : directive.start]
    if not lead.strip():
        return lead
    outer = _line_indentation(text, directive.start)
    return outer + ("\t" if outer.startswith("\t") else "    ")


def _line_indentation(text: str, at: int) -> str:
    line = text[text.rfind("\n", 0, at) + 1 :]
    return line[: len(line) - len(line.lstrip(" \t"))]


def _end(text: str) -> str:
    return "\r\n" if "\r\n" in text else "\n"


def _lines(text: str) -> list[str]:
    return re.findall(r"[^\n]*\n|[^\n]+", text)


_HUNK = re.compile(r"@@ -(\d+)(?:,(\d+))? \+\d+(?:,\d+)? @@")


def patched(text: str, difference: str) -> str | None:
    """The text with a unified diff applied, exactly where it says; None where it does not fit,
    since the text is another than the diff was made for."""
    had, made, at = _lines(text), [], 0
    for start, lines in _hunks(difference):
        gone = [line[1:] for line in lines if line[0] in " -"]
        if start < at or had[start : start + len(gone)] != gone:
            return None
        made += had[at:start]
        made += [line[1:] for line in lines if line[0] in " +"]
        at = start + len(gone)
    return "".join(made + had[at:])


def lines_made(difference: str) -> Iterator[int]:
    """The lines (from 1) that a unified diff puts into the text, as they are counted afterwards."""
    shift = 0
    for start, lines in _hunks(difference):
        at = start + shift
        for line in lines:
            at += line[0] in " +"
            if line[0] == "+":
                yield at
        shift += sum((line[0] == "+") - (line[0] == "-") for line in lines)


def _hunks(difference: str) -> list[tuple[int, list[str]]]:
    """Where each hunk begins (from 0), and its lines, their ends as in the text."""
    found: list[tuple[int, list[str]]] = []
    for line in _lines(difference):
        if head := _HUNK.match(line):
            # A hunk that takes nothing away names the line before it.
            found.append((int(head[1]) - (head[2] != "0"), []))
        elif line.startswith("\\") and found:
            found[-1][1][-1] = found[-1][1][-1].removesuffix("\n")
        elif found and line[0] in " +-":
            found[-1][1].append(line)
    return found
