"""Global options of a Caddyfile by which no site is on a usual port ("Global options")."""

from collections.abc import Callable

from checks.server import ServerView, file_rows, line_edit
from diagnose.model import Edit
from diagnose.model.frozen import frozen

#: What leaves a port without a socket, by the port.
_OPTIONS = {443: ("https_port",), 80: ("http_port", "auto_https")}


@frozen
class PortOption:
    """The option as it is written, its place, and the edit that takes it away."""

    text: str
    file: str
    line: int
    edit: Edit | None


def port_option(view: ServerView, port: int) -> PortOption | None:
    """Return the one option that leaves a port without a socket; None if there is not one."""
    names = _OPTIONS.get(port, ())
    return _only_option(view, lambda words: words[0] in names and _closes(words, port))


def automatic_off(view: ServerView) -> PortOption | None:
    """Return the one option by which Caddy gets no certificate; None if there is not one."""
    return _only_option(view, lambda words: words == ["auto_https", "off"])


def _only_option(view: ServerView, is_meant: Callable[[list[str]], bool]) -> PortOption | None:
    file = view.config.file(view.server.config) if view.config else None
    if view.server.product != "caddy" or file is None:
        return None
    option_lines: list[tuple[int, list[str]]] = []
    depth = 0
    for number, row in enumerate(file_rows(view, file), 1):
        words = row[:400].partition(" #")[0].split()
        if not words or words[0].startswith("#"):
            continue
        if depth == 0 and words != ["{"]:
            break  # the block of options comes before all others
        if depth == 1 and is_meant(words):
            option_lines.append((number, words))
        depth += (words[-1] == "{") - (words == ["}"])
    if len(option_lines) != 1:
        return None
    number, words = option_lines[0]
    edit = line_edit(view, file.path, {number: ()})
    return PortOption(" ".join(words[:2]), file.path, number, edit)


def _closes(words: list[str], port: int) -> bool:
    value = words[1] if len(words) > 1 else ""
    if words[0] == "auto_https":
        return value == "disable_redirects"
    return value.isdigit() and value != str(port)


def added_option(view: ServerView, name: str, lines: tuple[str, ...]) -> Edit | None:
    """Return the edit that adds an option to the block of global options, or the block at the
    beginning; None if the option is there already, or the file is not known."""
    file = view.config.file(view.server.config) if view.config else None
    if view.server.product != "caddy" or file is None:
        return None
    rows = file_rows(view, file)
    written = [(number, row.split()) for number, row in enumerate(rows, 1) if row.split()]
    bare = [(number, words) for number, words in written if not words[0].startswith("#")]
    if not bare:
        return None
    first, words = bare[0]
    own = tuple(f"\t{line}" for line in lines)
    if words != ["{"]:
        return line_edit(view, file.path, {first: ("{", *own, "}", rows[first - 1])})
    end = next((number for number, each in bare if each == ["}"] and rows[number - 1][0] == "}"), 0)
    is_there = any(first < number < end and each[0] == name for number, each in bare)
    return None if is_there or not end else line_edit(view, file.path, {first: ("{", *own)})
