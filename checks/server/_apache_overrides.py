"""Where a virtual host says what an .htaccess may hold, and the edit that lets it hold everything
(core, "AllowOverride"); and edits of the folders that a virtual host names."""

import re
from collections.abc import Iterator, Sequence

from checks.server import ServerView, indentation, line_edit, line_text
from diagnose.model import Edit
from diagnose.model.web_servers import WebSite
from diagnose.parsers.apache.config import Directive, parse

#: Maximum number of lines of a virtual host that are looked at.
_MAX_LINES = 2000

_LINE = re.compile(r"(?i)(\s*)AllowOverride(?:List)?\s")


def allow_overrides(view: ServerView, site: WebSite, folder: str) -> Edit | None:
    """Return the edit with `AllowOverride All` for a folder: in its section in the virtual host, or
    in a new section there, so that no other site is touched. None if a section with a pattern may
    decide."""
    parts = _parts(view, site)
    if not parts or any(_has_pattern(section) for section in _sections(parts)):
        return None
    own = {_path(section): section for section in _sections(parts)}
    section = own.get(folder.rstrip("/"))
    lines = [line for line in (section.block or () if section else ()) if _is_override(line)]
    if section is not None and lines:
        text = line_text(view, site.file, lines[-1].line)
        indent = indentation(text)
        new = (f"{indent}AllowOverride All",)
        return line_edit(view, site.file, {lines[-1].line: new}) if _LINE.match(text) else None
    return section_edit(view, site, folder, "AllowOverride All")


def permits_all(view: ServerView, site: WebSite, folder: str) -> bool:
    """Return whether the section of a folder in the virtual host has `AllowOverride All`: what its
    .htaccess may not have then, none may have."""
    own = [
        section for section in _sections(_parts(view, site)) if _path(section) == folder.rstrip("/")
    ]
    lines = [line for section in own for line in section.block or () if _is_override(line)]
    return bool(lines) and [word.lower() for word in lines[-1].args] == ["all"]


def switch_lines(
    view: ServerView, site: WebSite, folder: str, switch: tuple[str, str]
) -> list[int]:
    """Return the lines of the virtual host, and of its sections for a folder or one above, that
    give a directive this value (both in small letters)."""
    parts = _parts(view, site)
    above = [
        section
        for section in _sections(parts)
        if section.name == "directory" and f"{folder}/".startswith(f"{_path(section)}/")
    ]
    lines = [*parts, *(line for section in above for line in section.block or ())]
    name, value = switch
    return [
        line.line
        for line in lines
        if line.name == name and [word.lower() for word in line.args] == [value]
    ]


def section_edit(view: ServerView, site: WebSite, folder: str, line: str) -> Edit | None:
    """Return the edit that adds a section for a folder with one line to the virtual host."""
    if '"' in folder or not folder.isprintable():
        return None
    head = f'<Directory "{folder.rstrip("/")}">'
    return added_lines(view, site, (head, f"    {line}", "</Directory>"))


def added_lines(view: ServerView, site: WebSite, lines: Sequence[str]) -> Edit | None:
    """Return the edit that adds lines at the end of the virtual host."""
    end = line_text(view, site.file, site.end)
    if not re.match(r"(?i)\s*</VirtualHost>", end):
        return None
    margin = indentation(end)
    added = (f"{margin}    {line}" for line in lines)
    return line_edit(view, site.file, {site.end: (*added, end)})


def _parts(view: ServerView, site: WebSite) -> list[Directive]:
    """Return the directives of the virtual host itself."""
    file = view.config.file(site.file) if view.config else None
    return [
        part
        for directive in (parse(file.text, site.file) if file else ())
        if directive.name == "virtualhost" and directive.line == site.line
        for part in directive.block or ()
    ]


def folder_edit(
    view: ServerView, file: str, lines: tuple[int, int], old: str, new: str
) -> Edit | None:
    """Return the edit of the lines, from the first to the last, that name a folder: another one in
    its place, or with "/" a slash at its end. Sections for the folder are moved along."""
    name = re.escape(old.rstrip("/"))
    named = re.compile(
        rf"(?i)(\s*(?:DocumentRoot|Alias\s+\S+|<Directory)\s+[\"']?){name}(?:/?)(?=[\"'\s>]|$)"
    )
    written = f"{old}/" if new == "/" else new
    if not old.strip("/") or not written.isprintable() or set(written) & set(" \t\"'"):
        return None
    changes: dict[int, tuple[str, ...]] = {}
    for number in range(lines[0], min(lines[1], lines[0] + _MAX_LINES) + 1):
        text = line_text(view, file, number)
        if match := named.match(text):
            changes[number] = (f"{match[1]}{written}{text[match.end() :]}",)
    return line_edit(view, file, changes) if changes else None


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
