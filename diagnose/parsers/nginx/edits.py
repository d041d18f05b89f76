"""Edits of a text, as a unified diff that patch(1) applies. No I/O."""

import re
from collections.abc import Iterator, Sequence

from diagnose.model.frozen import frozen
from diagnose.model.nginx import Directive
from diagnose.parsers.lazy_pattern import lazy_pattern


@frozen
class TextEdit:
    """Replace the text between two offsets by `text`; equal offsets insert. `file` is the file of
    the directive that gave the offsets, "" if no directive did: they mean nothing in another."""

    start: int
    stop: int
    text: str
    file: str = ""


def apply_edits(text: str, *edits: TextEdit) -> str:
    """Return the text with all edits applied, with its line ends; they must not overlap."""
    newline = _newline(text)
    for edit in sorted(edits, key=lambda edit: (edit.start, edit.stop), reverse=True):
        added = re.sub(r"\r?\n", newline, edit.text)
        text = text[: edit.start] + added + text[edit.stop :]
    return text


def diff(path: str, before: str, after: str, context: int = 3) -> str:
    """Return the unified diff between two texts, or "" if they are equal.

    Only a line feed ends a line: patch(1) does not accept the other line ends that Python does.
    """
    import difflib  # most runs edit nothing

    lines = difflib.unified_diff(_lines(before), _lines(after), path, path, n=context)
    return "".join(
        line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines
    )


def insert_after(text: str, directive: Directive, lines: list[str]) -> TextEdit:
    """Insert lines after a directive, with its indentation and the file's line ends."""
    newline = _newline(text)
    indent = indentation(text, directive)
    line_end = re.compile(r"[ \t]*(?:#[^\n]*)?(?:\r?\n|$)").match(text, directive.stop)
    if line_end:
        lead = "" if line_end[0].endswith("\n") else newline
        block = "".join(f"{indent}{line}{newline}" for line in lines)
        return TextEdit(
            line_end.end(),
            line_end.end(),
            lead + (block if not lead else block.rstrip("\r\n")),
            directive.file,
        )
    # Something else follows on the same line: move it to a line of its own.
    blanks = re.compile(r"[ \t]*").match(text, directive.stop)
    outer = _line_indentation(text, directive.stop)
    added = "".join(f"{newline}{indent}{line}" for line in lines)
    stop = blanks.end() if blanks else directive.stop
    return TextEdit(directive.stop, stop, f"{added}{newline}{outer}", directive.file)


def insert_before(text: str, directive: Directive, lines: list[str]) -> TextEdit:
    """Insert lines before a directive."""
    newline = _newline(text)
    indent = indentation(text, directive)
    block = "".join(f"{indent}{line}{newline}" if line else newline for line in lines)
    added = block.removeprefix(indent) + indent
    return TextEdit(directive.start, directive.start, added, directive.file)


def insert_first(text: str, block: Directive, lines: list[str]) -> TextEdit:
    """Insert lines at the beginning of a block."""
    newline, outer = _newline(text), indentation(text, block)
    inner = outer + ("\t" if outer.startswith("\t") else "    ")
    first_child = (block.block or ())[:1]
    if first_child and first_child[0].file == block.file:
        inner = indentation(text, first_child[0])
    added = "".join(f"{newline}{inner}{line}" for line in lines)
    # Move the text after the brace to the next line.
    trailing = re.compile(r"[ \t]*(?=[^\s#])").match(text, block.opened)
    stop = trailing.end() if trailing else block.opened
    end = f"{newline}{inner}" if trailing else ""
    return TextEdit(block.opened, stop, added + end, block.file)


def insert_last(text: str, block: Directive, lines: list[str]) -> TextEdit:
    """Insert lines at the end of a block, where they come after what it includes."""
    newline, close = _newline(text), block.stop - 1
    if text[close : block.stop] != "}":
        return insert_first(text, block, lines)
    children = [child for child in block.block or () if child.file == block.file]
    inner = indentation(text, children[0]) if children else f"{indentation(text, block)}    "
    line_start = text.rfind("\n", 0, close) + 1
    if text[line_start:close].strip():
        before = len(text[:close].rstrip(" \t"))
        added = "".join(f"{newline}{inner}{line}" for line in lines)
        outer = indentation(text, block)
        return TextEdit(before, close, f"{added}{newline}{outer}", block.file)
    added = "".join(f"{inner}{line}{newline}" for line in lines)
    return TextEdit(line_start, line_start, added, block.file)


def insert_location(text: str, server: Directive, head: str, body: list[str]) -> TextEdit:
    """Insert a location before the first of a server block, or at its end if its own file has
    none: included ones come before it then, which decides between regular expressions alone."""
    own = [
        directive
        for directive in server.block or ()
        if directive.name == "location" and directive.file == server.file
    ]
    step = indent_step(text, server, own[0]) if own else "    "
    lines = [f"{head} {{", *(f"{step}{line}" for line in body), "}"]
    return insert_before(text, own[0], [*lines, ""]) if own else insert_last(text, server, lines)


# ngx_conf_read_token: a quote and a "#" count at the start of a word only; "${" opens no block.
_WORD = lazy_pattern(
    r"""#[^\n]*|"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|(?:\\.|\$\{|[^\s;{\\])+""", re.DOTALL
)


def one_line(text: str, directive: Directive) -> str:
    """Return a directive without a block as it is written, in one line: its words with their
    quotes, without the comments between them."""
    words = _WORD.findall(text, directive.start, directive.stop)
    return f"{' '.join(word for word in words if not word.startswith('#'))};"


def replace_directive(directive: Directive, text: str) -> TextEdit:
    """Replace a directive by other text."""
    return TextEdit(directive.start, directive.stop, text, directive.file)


def enclose_directive(
    text: str, directive: Directive, head: str, lines: Sequence[str] = ()
) -> TextEdit:
    """Put a directive into a block of its own with this head, after these lines."""
    indent = indentation(text, directive)
    all_lines = [*lines, f"{head} {{", f"    {one_line(text, directive)}", "}"]
    added = "\n".join(f"{indent}{line}" if line else "" for line in all_lines).lstrip()
    return replace_directive(directive, added)


def remove_directive(text: str, directive: Directive) -> TextEdit:
    """Remove a directive, and its line if nothing else is on it."""
    start = text.rfind("\n", 0, directive.start) + 1
    line_end = re.compile(r"[ \t]*\r?(?:\n|$)").match(text, directive.stop)
    if line_end and not text[start : directive.start].strip():
        return TextEdit(start, line_end.end(), "", directive.file)
    line_end = re.compile(r"[ \t]*").match(text, directive.stop)
    stop = line_end.end() if line_end else directive.stop
    return TextEdit(directive.start, stop, "", directive.file)


def indentation(text: str, directive: Directive) -> str:
    """Return the whitespace before a directive. If the directive is not the first on its line, one
    step more than the line's indentation."""
    lead = text[text.rfind("\n", 0, directive.start) + 1 : directive.start]
    if not lead.strip():
        return lead
    outer = _line_indentation(text, directive.start)
    return outer + ("\t" if outer.startswith("\t") else "    ")


def indent_step(text: str, block: Directive, inner: Directive) -> str:
    """Return the whitespace of one indentation level, as between a block and a directive in it."""
    inner_indent = indentation(text, inner)
    step = inner_indent.removeprefix(indentation(text, block))
    return step if block.file == inner.file and 0 < len(step) < len(inner_indent) + 1 else "    "


def _line_indentation(text: str, offset: int) -> str:
    line = text[text.rfind("\n", 0, offset) + 1 :]
    return line[: len(line) - len(line.lstrip(" \t"))]


def _newline(text: str) -> str:
    return "\r\n" if "\r\n" in text else "\n"


def _lines(text: str) -> list[str]:
    return re.findall(r"[^\n]*\n|[^\n]+", text)


_HUNK = lazy_pattern(r"@@ -(\d+)(?:,(\d+))? \+\d+(?:,\d+)? @@")


def apply_patch(text: str, patch: str) -> str | None:
    """Return the text with a unified diff applied exactly at its positions, or None if the diff
    does not fit because the text has changed."""
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
    """Yield the numbers (from 1) of the lines that a unified diff adds, as they are afterwards."""
    shift = 0
    for start, lines in _hunks(patch):
        position = start + shift
        for line in lines:
            position += line[0] in " +"
            if line[0] == "+":
                yield position
        shift += sum((line[0] == "+") - (line[0] == "-") for line in lines)


def additions(patch: str) -> list[tuple[int, list[str]]] | None:
    """Return the lines that a unified diff adds, each group with the number of lines of the old
    text before it; None if it takes lines away."""
    added: list[tuple[int, list[str]]] = []
    for start, lines in _hunks(patch):
        position, is_open = start, False
        for line in lines:
            if line[0] == "-":
                return None
            if line[0] == "+" and not is_open:
                added.append((position, []))
            if line[0] == "+":
                added[-1][1].append(line[1:].rstrip("\r\n"))
            is_open = line[0] == "+"
            position += line[0] == " "
    return added


def _hunks(patch: str) -> list[tuple[int, list[str]]]:
    """Return the start (from 0) and the lines of each hunk, with the line ends of the text."""
    hunks: list[tuple[int, list[str]]] = []
    for line in _lines(patch):
        if head := _HUNK.match(line):
            # A hunk that removes nothing gives the number of the line before it.
            hunks.append((int(head[1]) - (head[2] != "0"), []))
        elif line.startswith("\\") and hunks:
            hunks[-1][1][-1] = hunks[-1][1][-1].removesuffix("\n")
        elif hunks and line[0] in " +-":
            hunks[-1][1].append(line)
    return hunks
