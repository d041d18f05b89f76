"""The lines of an Apache site's file that count for a path, and in which order ("Configuration
Sections", "How the sections are merged"). No I/O."""

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from diagnose.model.web_servers import WebServerConfig, WebSite
from diagnose.parsers.apache.config import Directive, parse
from diagnose.parsers.continued_lines import joined_rows
from diagnose.parsers.web_sites import takes

_OPENS = re.compile(r"\s*<(\w+)\s*([^>]*)>")
_CLOSES = re.compile(r"\s*</(\w+)")

#: Sections by their order: what comes later counts.
_ORDER = {"virtualhost": 0, "directory": 1, "location": 2}
#: Sections whose lines count for every request (core, "IfModule", "IfDefine").
_TRANSPARENT = {"ifmodule", "ifdefine", "ifversion"}


class SiteLine(NamedTuple):
    """A line of a site's file. `order` says which of two lines counts, with `number`: 0 in the
    virtual host itself, 1 in a <Directory>, 2 in a <Location>. A line that a backslash continues
    is whole, and the rows behind its first are empty."""

    order: int
    number: int
    text: str


def section_lines(config: WebServerConfig, site: WebSite, path: str) -> Iterator[SiteLine]:
    """Yield the lines of a virtual host that count for a path. A section with a pattern is not
    evaluated: its lines are left out."""
    file = config.file(site.file)
    lines = joined_rows(file.text)[: max(site.end - 1, 0)] if file else ()
    sections: list[tuple[str, str]] = []
    for number, text in enumerate(lines[site.line :], site.line + 1):
        if match := _OPENS.match(text):
            sections.append((match[1].lower(), match[2].strip("\"' ")))
        elif _CLOSES.match(text):
            sections = sections[:-1]
        else:
            own = [section for section in sections if section[0] not in _TRANSPARENT]
            if all(_covers(name, prefix, site, path) for name, prefix in own):
                order = max((_ORDER.get(name, 0) for name, _ in own), default=0)
                yield SiteLine(order, number, text)


def _covers(name: str, prefix: str, site: WebSite, path: str) -> bool:
    if name == "location":
        return takes(prefix, path)
    folder = f"{site.root.rstrip('/')}/"
    return name == "directory" and bool(site.root) and takes(prefix, folder + path.lstrip("/"))


def undefined_section(text: str, line_number: int) -> tuple[int, str] | None:
    """Return the line and the parameter of the <IfDefine> in which a line of a file stands, None if
    it stands in none, or in an <IfModule> or the like as well: more than one may be missing."""
    around = list(_sections_around(parse(text, ""), line_number))
    if [section.name for section in around] != ["ifdefine"]:
        return None
    name = "".join(around[0].args[:1])
    return (around[0].line, name) if re.fullmatch(r"\w{1,100}", name) else None


def _sections_around(directives: Sequence[Directive], line: int) -> Iterator[Directive]:
    """Yield the conditional sections around a line, the outer ones first."""
    for directive in directives:
        if directive.block is None or not directive.line < line <= directive.stop:
            continue
        if directive.name.startswith("if"):
            yield directive
        yield from _sections_around(directive.block, line)
