"""The line by which a server other than nginx sends a field of its responses, and edits of it. Each
product has a reader of its own lines (`_apache_fields`, `_caddy_fields`, `_haproxy_fields`)."""

from collections.abc import Callable, Iterable, Iterator, Mapping

from checks.server import ServerView, line_edit
from checks.server._field_lines import FieldLine
from diagnose.model import Edit
from diagnose.model.frozen import frozen
from diagnose.model.web_servers import Product


@frozen
class FieldSyntax:
    """How a product writes its lines: those that may send a field of the target's response, and a
    value with its quotes, "" if it cannot be written."""

    lines: Callable[[ServerView, str], Iterator[FieldLine]]
    quoted: Callable[[str], str]


def naming_line(view: ServerView, name: str) -> FieldLine | None:
    """Return the line that sends a field, whatever its value is; None if there is none or more."""
    syntax = _syntax(view)
    lines = list(syntax.lines(view, name)) if syntax else []
    return lines[0] if len(lines) == 1 else None


def sending_line(view: ServerView, name: str, values: Iterable[str]) -> FieldLine | None:
    """Return the line that sends a field whose values visitors get; None if there is none or more.
    That it has their value is the proof: a line of another folder or site may have the name."""
    syntax = _syntax(view)
    wanted = {_normal(value) for value in values}
    lines = [
        line
        for line in (syntax.lines(view, name) if syntax else ())
        if line.is_comparable and _normal(line.value) in wanted
    ]
    return lines[0] if len(lines) == 1 else None


def changed_value(view: ServerView, line: FieldLine, value: str) -> Edit | None:
    """Return the edit that sends another value by the same line."""
    syntax = _syntax(view)
    words = [word.strip() for word in value.split(",")] if line.is_list else [value]
    quoted = [syntax.quoted(word) for word in words] if syntax else []
    if not all(quoted):
        return None
    written = f"[{', '.join(quoted)}]" if line.is_list else "".join(quoted)
    changed = f"{line.text[: line.start]}{line.option}{written}{line.text[line.stop :]}"
    others: dict[int, tuple[str, ...]] = dict.fromkeys(line.following, ())
    return line_edit(view, line.file, {line.number: (changed,), **others})


def removed_line(view: ServerView, line: FieldLine) -> Edit | None:
    """Return the edit that turns the line into a comment, or a switch off."""
    if line.option:
        text = f"{line.text[: line.stop].removesuffix('true')}false{line.text[line.stop :]}"
        is_switch = line.text[: line.stop].endswith("true")
        return line_edit(view, line.file, {line.number: (text,)}) if is_switch else None
    return removed_lines(view, (line,))


def removed_lines(view: ServerView, lines: Iterable[FieldLine]) -> Edit | None:
    """Return the edit that turns lines of one file into comments; None if they are of several, or
    if one does more than to send the field, or goes on below."""
    removed = tuple(lines)
    if len({line.file for line in removed}) != 1:
        return None
    if any(line.following or not line.is_alone for line in removed):
        return None
    changes = {line.number: (_as_comment(line),) for line in removed}
    return line_edit(view, removed[0].file, changes)


def _as_comment(line: FieldLine) -> str:
    indent = line.text[: len(line.text) - len(line.text.lstrip())]
    return f"{indent}# {line.text.lstrip()}"


def _syntax(view: ServerView) -> FieldSyntax | None:
    load = _SYNTAXES.get(view.server.product)
    return load() if load and view.config else None


def _apache() -> FieldSyntax:
    from checks.server import _apache_fields

    return FieldSyntax(_apache_fields.field_lines, _apache_fields.quoted)


def _caddy() -> FieldSyntax:
    from checks.server import _caddy_fields

    return FieldSyntax(_caddy_fields.field_lines, _caddy_fields.quoted)


def _haproxy() -> FieldSyntax:
    from checks.server import _haproxy_fields

    return FieldSyntax(_haproxy_fields.field_lines, _haproxy_fields.quoted)


def _traefik() -> FieldSyntax:
    from checks.server import _traefik_fields

    return FieldSyntax(_traefik_fields.field_lines, _traefik_fields.quoted)


#: Imported late: only a finding needs them.
_SYNTAXES: Mapping[Product, Callable[[], FieldSyntax]] = {
    "apache": _apache,
    "caddy": _caddy,
    "haproxy": _haproxy,
    "traefik": _traefik,
}


def _normal(value: str) -> str:
    """Return a value without the blanks that make no difference (RFC 9110 sections 5.5, 5.6.1)."""
    return ",".join(" ".join(word.split()) for word in value.split(","))
