"""The edits with which Apache lets challenges of ACME through a rule that refuses them. What else
the rule closes stays closed."""

import re
from collections.abc import Iterator

from checks.server import ServerView, file_rows, indentation, line_edit, place_text
from checks.server._apache_overrides import added_lines
from diagnose.model import Edit
from diagnose.model.renewal import CHALLENGES
from diagnose.parsers.web_sites import answering_sites

#: Maximum number of conditions in front of a rule that are looked at.
_MOST_CONDITIONS = 50
_CONDITION = re.compile(r"(?i)\s*RewriteCond\s")
_SECTION = re.compile(r"(?i)\s*<(/?)(VirtualHost|(?:Directory|Location|Files)(?:Match)?|If)\b")
#: Rules that count the rules behind them, or go on in the next.
_COUNTS = re.compile(r"(?i)\[(?:[^\[\]]{0,200},)?\s*(?:(?:S|skip)=|(?:C|chain)\s*[,\]])")


def passed_over(view: ServerView, file: str, number: int) -> Edit | None:
    """Return the edit with a rule in front of a RewriteRule and its conditions, which ends the
    rules for challenges."""
    first = _first_condition(view, file, number)
    if first is None:
        return None
    text = _rows(view, file)[first - 1]
    # In an .htaccess and a <Directory> the path has no slash in front.
    slash = "/" if _is_of_host(view, file, number) else ""
    path = CHALLENGES.strip("/").replace(".", "\\.")
    rule = f"{indentation(text)}RewriteRule ^{slash}{path}/ - [L]"
    return line_edit(view, file, {first: (rule, text)})


def opened(view: ServerView, port: int, refusal: str) -> Edit | None:
    """Return the edit that lets everybody see challenges in the virtual host of a port: a section
    of an address counts after those of folders and files."""
    sites = answering_sites(view.config, port, view.evidence.target.host) if view.config else ()
    if len({place_text(site.file, site.line) for site in sites}) != 1:
        return None
    lines = ["Require all granted"]
    if re.match(r"(?i)(?:Order|Deny|Allow)\s", refusal):
        lines = ["Order allow,deny", "Allow from all"]
    section = (f"<Location {CHALLENGES}>", *(f"    {line}" for line in lines), "</Location>")
    return added_lines(view, sites[0], section)


def _rows(view: ServerView, path: str) -> tuple[str, ...]:
    file = view.config.file(path) if view.config else None
    return file_rows(view, file) if file else ()


def _first_condition(view: ServerView, file: str, number: int) -> int | None:
    """Return the line of the first condition of a rule, or the rule's own."""
    rows = _rows(view, file)
    if not 0 < number <= len(rows) or "rewriterule" not in rows[number - 1].lower():
        return None
    if any(_COUNTS.search(row) for row in rows[: number - 1]):
        return None
    first = number
    for line in range(number - 1, max(number - _MOST_CONDITIONS, 0), -1):
        if _CONDITION.match(rows[line - 1]):
            first = line
        elif rows[line - 1].strip() and not rows[line - 1].lstrip().startswith("#"):
            break
    return first


def _is_of_host(view: ServerView, file: str, number: int) -> bool:
    """Return whether a line stands in a virtual host itself."""
    return [*_sections(view, file, number)] == ["virtualhost"]


def _sections(view: ServerView, file: str, number: int) -> Iterator[str]:
    """Yield the names of the sections around a line."""
    open_sections: list[str] = []
    for row in _rows(view, file)[: number - 1]:
        if match := _SECTION.match(row):
            if not match[1]:
                open_sections.append(match[2].lower())
            elif open_sections:
                open_sections.pop()
    yield from open_sections
