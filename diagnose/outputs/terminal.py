"""Lines for a terminal: measured in cells, wrapped, coloured and sanitized.

Texts are spans (role, text). Control characters are removed on output, whatever their source:
nothing that a remote server sent can move the cursor or colour the screen.
"""

import codecs
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from diagnose.i18n import LANGUAGES, SOURCE_LANGUAGE
from diagnose.parsers.lazy_pattern import lazy_pattern

Span = tuple[str, str]

#: SGR parameters (ECMA-48 section 8.3.117) of each role.
_COLORS = {
    "error": "1;31",
    "critical": "1;31",
    "warning": "1;33",
    "note": "1;36",
    "unknown": "1;35",
    "ok": "1;32",
    "skipped": "2",
    "running": "2",
    "dim": "2",
    "bold": "1",
    "place": "36",  # blue is too dark on black
    "command": "36",
    "added": "32",
    "removed": "31",
}

#: What Python sets LC_CTYPE to (PEP 538).
_COERCED = {"C.UTF-8", "C.utf8", "UTF-8"}

#: Always used together with a word: nothing is expressed by a sign or a colour alone.
_SIGNS = {
    "ok": ("✓", "+"),
    "error": ("✗", "x"),
    "critical": ("✗", "x"),
    "warning": ("!", "!"),
    "unknown": ("?", "?"),
    "skipped": ("-", "-"),
    "running": ("…", "~"),
}

# Control characters except tab, bidirectional overrides and invisible characters (UAX 9).
_UNSAFE = lazy_pattern(
    "[\x00-\x08\x0a-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff]"
)

# Chinese and Japanese, which have no spaces between words.
_UNSPACED = (
    "\u2e80-\u303f\u3041-\u33ff\u3400-\u4dbf\u4e00-\u9fff"
    "\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6"
)
# Chinese, Japanese and Korean: a line may break after nearly every character.
_CJK = f"{_UNSPACED}\u1100-\u115f\uac00-\ud7a3"
# A line break that stands for no space; quotation marks belong to the text beside them.
_UNSPACED_BREAK = (
    rf"(?<=[{_UNSPACED}])\s*\n\s*(?=[{_UNSPACED}“‘])|(?<=[”’…])\s*\n\s*(?=[{_UNSPACED}])"
)
# A pattern as text: it is compiled when a line is first wrapped, which --json never does.
_WRAP_PIECES = rf"\s+|[{_CJK}]|(?:`[^`]*`|[^\s`{_CJK}]|`)+"
_NO_LINE_START = set("、。，．；：？！）》」』】〉”’…")
_NO_LINE_END = set("（《「『【〈“‘")


def sanitize(text: str) -> str:
    """Replace all characters that could control the terminal."""
    return _UNSAFE.sub("�", text)


def cell_len(text: str) -> int:
    """Return the width of a text in terminal cells."""
    if text.isascii():
        return len(text)
    from wcwidth import wcswidth

    return max(int(wcswidth(text)), 0)


def wrap(text: str, width: int) -> list[str]:
    """Wrap a paragraph into lines of at most `width` cells. Text in backticks is never split."""
    lines, line, width_used = [], "", 0
    for piece in _unbreakable(text):
        size = cell_len(piece)
        if piece.isspace():
            piece, size = (" ", 1) if line else ("", 0)
        elif line and width_used + size > width:
            lines.append(line.rstrip())
            line, width_used = "", 0
        line, width_used = line + piece, width_used + size
    return [*lines, line.rstrip()] if line.strip() or not lines else lines


def _unbreakable(text: str) -> Iterator[str]:
    """Yield the pieces between which a line may break."""
    pending = ""
    pieces = re.findall(_WRAP_PIECES, text)
    for piece, following in zip(pieces, [*pieces, ""][1:], strict=True):
        pending += piece
        no_break = piece[-1:] in _NO_LINE_END or following[:1] in _NO_LINE_START
        if not no_break:
            yield pending
            pending = ""
    if pending:
        yield pending


@dataclass(slots=True)
class Page:
    """A page of lines, built one after another."""

    width: int
    color: bool = False
    ascii: bool = False
    lines: list[str] = field(default_factory=list)

    def add(self, *spans: Span | str) -> None:
        """Add one line without wrapping."""
        parts = [("", span) if isinstance(span, str) else span for span in spans]
        self.lines.append("".join(self.paint(role, text) for role, text in parts).rstrip(" "))

    def flow(self, *spans: Span | str, indent: int = 0) -> None:
        """Add one line; if it is too long, wrapped."""
        parts = [("", span) if isinstance(span, str) else span for span in spans]
        text = "".join(sanitize(part) for _, part in parts)
        if indent + cell_len(text) <= self.width:
            self.add(" " * indent, *spans)
            return
        # Wrapping only replaces blanks: the other characters keep their order, and so their roles.
        roles = iter([role for role, part in parts for _ in "".join(sanitize(part).split())])
        for line in wrap(text, max(self.width - indent, 10)):
            words = [(next(roles) if not c.isspace() else None, c) for c in line]
            self.add(" " * indent, *_joined(words))

    def blank(self) -> None:
        if self.lines and self.lines[-1]:
            self.lines.append("")

    def prose(self, text: str, head: str = "", indent: int = 0, role: str = "") -> None:
        """Add wrapped text. `head` comes before the first line; the other lines are indented to the
        text after it, or by four cells if `head` is long."""
        hanging_indent = indent + cell_len(head)
        if hanging_indent - indent > self.width // 4:
            head, text, hanging_indent = "", head + text, indent + 4
        text_width = max(min(self.width, 100) - hanging_indent, 20)
        for number, line in enumerate(wrap(sanitize(text), text_width)):
            self.add((role, (" " * indent + head if number == 0 else " " * hanging_indent) + line))

    def markdown(self, text: str, indent: int = 0, role: str = "") -> None:
        """Add paragraphs and lists, wrapped, and code as it is."""
        for kind, block in markdown_blocks(text):
            if kind == "code":
                self.code(block, indent + 2)
            elif kind == "item":
                self.prose(block, "- ", indent, role)
            elif number := re.match(r"\d{1,3}\. ", block):
                self.prose(block[number.end() :], number[0], indent, role)
            else:
                self.prose(block, "", indent, role)

    def code(self, text: str, indent: int = 0, role: str = "command") -> None:
        """Add lines that are never wrapped or cut."""
        for line in text.split("\n"):
            self.add((role, " " * indent + line))

    def paint(self, role: str, text: str) -> str:
        text = sanitize(text)
        if not (self.color and role in _COLORS and text.strip()):
            return text
        return f"\x1b[{_COLORS[role]}m{text}\x1b[0m"

    def sign(self, status: str) -> str:
        return _SIGNS[status][self.ascii]

    def text(self) -> str:
        return "\n".join(self.lines).strip("\n") + "\n"


def _joined(characters: Iterable[tuple[str | None, str]]) -> Iterator[Span]:
    """Yield spans of characters with the same role; a blank has that of what is before it."""
    role, text = "", ""
    for new_role, character in characters:
        if new_role is not None and new_role != role:
            if text:
                yield role, text
            role, text = new_role, ""
        text += character
    yield role, text


def markdown_blocks(text: str) -> Iterator[tuple[str, str]]:
    """Split Markdown into paragraphs, list items and code, as far as the checks use it. Code is
    fenced or indented by four spaces."""
    parts = re.split(r"^```[^\n]*\n(.*?)^```[ \t]*$", text, flags=re.MULTILINE | re.DOTALL)
    for number, part in enumerate(parts):
        if number % 2:
            yield "code", part.rstrip("\n")
            continue
        for paragraph in re.split(r"\n[ \t]*\n|\n(?=[-*] |\d+\. )", part):
            flat_text = " ".join(re.sub(_UNSPACED_BREAK, "", paragraph).split())
            if paragraph.startswith("    ") and flat_text:
                lines = paragraph.rstrip().split("\n")
                yield "code", "\n".join(line.removeprefix("    ") for line in lines)
            elif flat_text.startswith(("- ", "* ")):
                yield "item", flat_text[2:]
            elif flat_text:
                yield "paragraph", flat_text


def terminal_columns(environment: Mapping[str, str] = os.environ) -> int:
    """Return COLUMNS, or the terminal's own width, or 80. (The function in shutil imports
    compression modules.)"""
    columns = environment.get("COLUMNS", "")
    if columns.isdecimal() and len(columns) < 7 and int(columns):
        return int(columns)
    try:
        return os.get_terminal_size(1).columns or 80
    except OSError:
        return 80


def wants_color(
    choice: str, is_terminal: bool, environment: Mapping[str, str] = os.environ
) -> bool:
    """Decide by --color, then NO_COLOR (no-color.org: if not empty), then FORCE_COLOR, then the
    terminal."""
    if choice != "auto":
        return choice == "always"
    if environment.get("NO_COLOR"):
        return False
    if environment.get("FORCE_COLOR") or environment.get("CLICOLOR_FORCE", "0") not in {"", "0"}:
        return True
    return is_terminal and environment.get("TERM", "") not in {"", "dumb"}


def wants_ascii(choice: str, environment: Mapping[str, str] = os.environ) -> bool:
    """Decide by --glyphs, then DIAGNOSE_GLYPHS, then by what the terminal and the locale
    support."""
    if choice == "auto":
        choice = environment.get("DIAGNOSE_GLYPHS", "auto")
    if choice in {"ascii", "unicode"}:
        return choice == "ascii"
    if environment.get("TERM", "") in {"dumb", "linux", "vt100"}:
        return True
    return "utf8" not in _character_locale(environment).lower().replace("-", "")


def terminal_charset(environment: Mapping[str, str] = os.environ) -> str:
    """Return the character set that the locale names ("GBK" of zh_CN.GBK); "" if it names none, or
    one that Python does not know. The locale need not be installed: a person who names it over SSH
    has a terminal that uses it."""
    charset = _character_locale(environment).partition(".")[2].partition("@")[0]
    try:
        return codecs.lookup(charset).name if charset else ""
    except LookupError:
        return ""


def _character_locale(environment: Mapping[str, str]) -> str:
    """Return the locale of characters (locale(7)). Where the one of LANG is not installed, Python
    sets LC_CTYPE itself (PEP 538): then LANG counts, if it names a character set."""
    language = environment.get("LANG", "")
    coerced = environment.get("LC_CTYPE") in _COERCED and not environment.get("LC_ALL")
    if "." in language and coerced and not _was_given("LC_CTYPE", environment):
        return language
    names = ("LC_ALL", "LC_CTYPE", "LANG")
    return next((environment[name] for name in names if environment.get(name)), "")


def _was_given(name: str, environment: Mapping[str, str]) -> bool:
    """Return whether the variable was there when the program started (proc_pid_environ(5))."""
    if environment is not os.environ:
        return True
    try:
        start_environment = Path("/proc/self/environ").read_bytes()
    except OSError:
        return True
    return f"\0{name}=".encode() in b"\0" + start_environment


def choose_language(choice: str | None, environment: Mapping[str, str] = os.environ) -> str:
    """Choose by --lang, then the first of DIAGNOSE_LANG, LC_ALL, LC_MESSAGES and LANG that is
    set."""
    names = ("DIAGNOSE_LANG", "LC_ALL", "LC_MESSAGES", "LANG")
    locale = choice or next((environment[name] for name in names if environment.get(name)), "en")
    code = re.match("[a-z]*", locale.lower())
    return code[0] if code and code[0] in LANGUAGES else SOURCE_LANGUAGE
