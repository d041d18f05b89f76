"""Where a virtual host says what an .htaccess may hold, and the edit that lets it hold everything
(core, "AllowOverride")."""

import re
from collections.abc import Iterator, Sequence

from checks.server import ServerView, line_edit, line_text
from diagnose.model import Edit
from diagnose.model.web_servers import WebSite
from diagnose.parsers.apache.config import Directive, parse

_LINE = re.compile(r"(?i)(\s*)AllowOverride(?:List)?\s")


def allow_overrides(view: ServerView, site: WebSite, folder: str) -> Edit | None:
    """Return the edit with `AllowOverride All` for a folder: in its section in the virtual host, or
    in a new section there, so that no other site is touched. None if a section with a pattern may
    decide."""
    file = view.config.file(site.file) if view.config else None
    parts = [
        part
        for directive in (parse(file.text, site.file) if file else ())
        if directive.name == "virtualhost" and directive.line == site.line
        for part in directive.block or ()
    ]
    if not parts or any(_has_pattern(section) for section in _sections(parts)):
        return None
    own = {_path(section): section for section in _sections(parts)}
    section = own.get(folder.rstrip("/"))
    lines = [line for line in (section.block or () if section else ()) if _is_override(line)]
    if section is not None and lines:
        text = line_text(view, site.file, lines[-1].line)
        indent = text[: len(text) - len(text.lstrip())]
        new = (f"{indent}AllowOverride All",)
        return line_edit(view, site.file, {lines[-1].line: new}) if _LINE.match(text) else None
    end = line_text(view, site.file, site.end)
    if not re.match(r"(?i)\s*</VirtualHost>", end) or '"' in folder or not folder.isprintable():
        return None
    margin = end[: len(end) - len(end.lstrip())]
    added = (
        f'{margin}    <Directory "{folder.rstrip("/")}">',
        f"{margin}        AllowOverride All",
        f"{margin}    </Directory>",
    )
    return line_edit(view, site.file, {site.end: (*added, end)})


def _sections(parts: Sequence[Directive]) -> Iterator[Directive]:
    """Yield the sections of folders, those in <IfModule> and the like too."""
    for part in parts:
        if part.name in {"directory", "directorymatch"}:
            yield part
        elif part.block is not None:
            yield from _sections(part.block)


def _has_pattern(section: Directive) -> bool:
    is_pattern = section.name == "directorymatch" or "~" in section.args
    is_wild = is_pattern or any(mark in _path(section) for mark in "*?[")
    return is_wild and any(map(_is_override, section.block or ()))


def _path(section: Directive) -> str:
    return "".join(section.args[:1]).rstrip("/")


def _is_override(line: Directive) -> bool:
    return line.name in {"allowoverride", "allowoverridelist"}
