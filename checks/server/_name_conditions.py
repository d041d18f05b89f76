"""Conditions on the visitor's name in Apache's rules (mod_rewrite) that miss the name by a typing
error."""

import re

from checks.server import ServerView, line_edit, line_text, place_text
from diagnose.model import Edit
from diagnose.model.frozen import frozen
from diagnose.model.web_servers import WebSite
from diagnose.parsers.misspellings import closest_misspelling

#: `RewriteCond %{HTTP_HOST} ^name$`, `=name`: the part before the name, the name, what is behind.
_CONDITION = re.compile(
    r"(?i)(\s*RewriteCond\s+\"?%\{(?:HTTP_HOST|SERVER_NAME)\}\"?\s+\"?(?:=|\^)?)"
    r"([a-z0-9-]{1,63}(?:\\?\.[a-z0-9-]{1,63}){1,8})(\$?\"?(?:\s+\[[^\]\s]{1,20}\])?\s*)"
)
_MAX_LINES = 2000


@frozen
class NameCondition:
    """A condition that has another name than visitors ask for: the line, and what stands there."""

    name: str
    place: str
    edit: Edit | None


def misspelt_condition(view: ServerView, site: WebSite) -> NameCondition | None:
    """Return the condition of a site with a name that is almost the target's; None if another
    condition of it has the name itself."""
    host = view.evidence.target.host
    numbers = range(site.line + 1, min(site.end, site.line + _MAX_LINES))
    conditions = {
        number: match
        for number in numbers
        if (match := _CONDITION.fullmatch(line_text(view, site.file, number)))
    }
    names = {number: match[2].replace("\\", "").lower() for number, match in conditions.items()}
    closest = "" if host in names.values() else closest_misspelling(names.values(), host)
    number = next((number for number, name in names.items() if name == closest), 0)
    if not closest or not number:
        return None
    match = conditions[number]
    written = host.replace(".", "\\.") if "\\" in match[2] else host
    changed = (f"{match[1]}{written}{match[3]}",)
    edit = line_edit(view, site.file, {number: changed})
    return NameCondition(closest, place_text(site.file, number), edit)
