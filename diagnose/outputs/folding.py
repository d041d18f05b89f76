"""Commands that are longer than a line of the screen, continued as a shell would read them."""

from collections.abc import Iterator

from diagnose.outputs.terminal import Page, cell_len

#: The indent of the lines after the first, in cells.
_HANGING = 4


class FoldingPage(Page):
    """A page on which a command that is too long is continued on the next line."""

    def code(self, text: str, indent: int = 0, role: str = "command") -> None:
        lines = fold_command(text, self.width - indent) if text.startswith("$ ") else [text]
        super().code("\n".join(lines), indent, role)


def fold_command(command: str, width: int) -> list[str]:
    """Return a command as lines of at most `width` cells, each but the last with a backslash at its
    end: pasted into a shell, it is the same command. A word is never cut, nor is a command of
    several lines (an edit, a here-document) touched.

    Source: POSIX.1-2017, Shell Command Language, 2.2.1 and 2.3 (a backslash before a newline)
    """
    if cell_len(command) <= width or "\n" in command:
        return command.split("\n")
    lines, line = [], ""
    for word in _with_values(_words(command), width - _HANGING - 2):
        if line.strip() not in {"", "$"} and cell_len(line + word) + 2 > width:
            lines.append(f"{line.rstrip(' ')} \\")
            line = " " * _HANGING
        line += word
    return [*lines, line]


def _with_values(words: Iterator[str], width: int) -> Iterator[str]:
    """Yield an option together with its value, where both fit into one line."""
    option = ""
    for word in words:
        if option and (word.startswith("-") or cell_len(option + word) > width):
            yield option
            option = ""
        if not option and word.startswith("-"):
            option = word
            continue
        yield option + word
        option = ""
    if option:
        yield option


def _words(command: str) -> Iterator[str]:
    """Yield the words with the blanks after them. A comment is the rest of its last word: there a
    backslash continues nothing."""
    begin, quote, escaped = 0, "", False
    for place, character in enumerate(command):
        if escaped:
            escaped = False
        elif character == "\\" and quote != "'":
            escaped = True
        elif quote:
            quote = "" if character == quote else quote
        elif character in "'\"":
            quote = character
        elif character == " " and command[place + 1 : place + 2] == "#":
            break
        elif character == " " and command[place + 1 : place + 2] not in {" ", ""}:
            yield command[begin : place + 1]
            begin = place + 1
    yield command[begin:]
