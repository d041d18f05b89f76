"""Edits that let a rule of HAProxy or Caddy against paths spare /.well-known/, whose files are
meant for everybody (RFC 8615): mostly a rule against names that begin with a dot."""

from collections.abc import Sequence

from checks.server import ServerView, file_rows, indentation, line_edit
from diagnose.model import Edit
from diagnose.parsers.haproxy.config import Line, Proxy
from diagnose.parsers.haproxy.criteria import criterion_of

WELL_KNOWN = "/.well-known/"


def spared_line(frontend: Proxy, line: Line) -> str:
    """Return a rule of HAProxy with an exception; "" if its condition is not about paths, or has
    alternatives."""
    words = line.words
    start = next((n for n, word in enumerate(words) if word in {"if", "unless"}), 0)
    condition = words[start + 1 :]
    if not start or {"or", "||"} & set(condition) or any('"' in word for word in condition):
        return ""
    if not _is_about_path(frontend, condition):
        return ""
    own = f"{{ path_beg {WELL_KNOWN} }}"
    return f"{' '.join(words)} {f'!{own}' if words[start] == 'if' else f'|| {own}'}"


def _is_about_path(frontend: Proxy, condition: Sequence[str]) -> bool:
    names = {word.lstrip("!") for word in condition}
    written = [
        acl.words[2:] for acl in frontend.own("acl") if acl.words[1:2] and acl.words[1] in names
    ]
    inner: list[str] = []
    for word in condition:
        if word.lstrip("!") == "{":
            inner = []
        elif word == "}":
            written.append(tuple(inner))
        else:
            inner.append(word)
    return any(criterion_of(words).subject == "path" for words in written)


def spared_edit(view: ServerView, path: str, number: int) -> Edit | None:
    """Return the edit by which the matcher of a rule of Caddy spares these paths: a named one of
    paths alone, of the line itself or of the `handle` around it. None if it is written in another
    way."""
    file = view.config.file(path) if view.config and view.server.product == "caddy" else None
    rows = file_rows(view, file) if file else ()
    name = _matcher_name(rows, number)
    places = [place for place, row in enumerate(rows, 1) if row.split()[:1] == [name]]
    if not name or len(places) != 1:
        return None
    row = rows[places[0] - 1]
    words, indent = row.split(), indentation(row)
    step = "\t" if "\t" in indent or not indent else "    "
    spared = f"{indent}{step}not path {WELL_KNOWN}*"
    if words[1:2] == ["path"] and len(words) > 2 and "#" not in row:
        block = (
            f"{indent}{name} {{",
            f"{indent}{step}{' '.join(words[1:])}",
            spared,
            f"{indent}}}",
        )
        return line_edit(view, path, {places[0]: block})
    is_of_path = any(
        line.split()[:1] in (["path"], ["path_regexp"]) for line in _inner(rows, places[0])
    )
    if words[1:] == ["{"] and is_of_path:
        return line_edit(view, path, {places[0]: (row, spared)})
    return None


def _inner(rows: Sequence[str], number: int) -> list[str]:
    """Return the lines of a matcher's block, which has no block in it."""
    end = number
    while end < len(rows) and rows[end].split() != ["}"]:
        end += 1
    return list(rows[number:end])


def _matcher_name(rows: Sequence[str], number: int) -> str:
    """Return the named matcher of a line, or of the block in which it stands; "" if it has none."""
    depth = 0
    for place in range(min(number, len(rows)), 0, -1):
        words = rows[place - 1].split()
        if depth == 0 and (place == number or words[-1:] == ["{"]):
            name = words[1] if len(words) > 1 and words[1].startswith("@") else ""
            if name or place < number:
                return name
        depth += (words == ["}"]) - (words[-1:] == ["{"] and place < number)
    return ""
