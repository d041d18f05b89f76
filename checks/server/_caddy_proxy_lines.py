"""The edit of a `reverse_proxy` of Caddy with the name of the application's certificate."""

from checks.server import ServerView, indentation, line_edit, line_text
from diagnose.model import Edit
from diagnose.model.web_servers import SiteRoute

#: Maximum number of lines of a block that are read.
_MAX_LINES = 200


def server_name_edit(view: ServerView, route: SiteRoute, name: str, with_host: bool) -> Edit | None:
    """Return the edit that writes `tls_server_name` with a name, and the field Host if it is
    wanted; None if the block has a `transport` or is written in another way."""
    text = line_text(view, route.file, route.line)
    words = text.split()
    if words[:1] != ["reverse_proxy"] or not words[-1].startswith(("https://", "{")):
        return None
    indent = indentation(text)
    inner = f"{indent}\t" if "\t" in indent or not indent else f"{indent}    "
    step = inner.removeprefix(indent)
    lines = [
        *([f"{inner}header_up Host {name}"] if with_host else []),
        f"{inner}transport http {{",
        f"{inner}{step}tls_server_name {name}",
        f"{inner}}}",
    ]
    if words[-1] != "{":
        changes = (f"{text.rstrip()} {{", *lines, f"{indent}}}")
        return line_edit(view, route.file, {route.line: changes})
    block = _block(view, route)
    if block is None or any(line.split()[:1] == ["transport"] for line in block):
        return None
    if any(line.split()[:2] == ["header_up", "Host"] for line in block):
        lines = lines[1:] if with_host else lines
    return line_edit(view, route.file, {route.line: (text, *lines)})


def _block(view: ServerView, route: SiteRoute) -> list[str] | None:
    """Return the lines of the block that begins on a route's line; None if its end is not found."""
    depth, lines = 1, list[str]()
    for number in range(route.line + 1, route.line + _MAX_LINES):
        words = line_text(view, route.file, number).partition("#")[0].split()
        depth += words.count("{") - words.count("}")
        if depth <= 0:
            return lines
        lines.append(" ".join(words))
    return None
