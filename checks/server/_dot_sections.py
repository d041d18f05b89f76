"""Sections of Apache against hidden files that refuse what is below /.well-known/ as well: these
addresses are meant for everybody (RFC 8615)."""

import re

from checks.server import ServerView, line_edit, line_text
from checks.server._well_known_edits import WELL_KNOWN
from diagnose.model import Edit
from diagnose.model.server_rules import AnsweringRule

_SECTION = re.compile(r"(?i)\s*<(?:Directory|Location)Match\s[^>]{0,400}\\\.[^>]{0,400}>")
#: Maximum number of lines between the beginning of a section and its rule.
_MAX_LINES = 20


def is_against_dots(rule: AnsweringRule) -> bool:
    """Return whether a section about names with a dot refuses a path below /.well-known/."""
    is_denied = re.match(r"(?i)require all denied|deny from all|order", rule.rule) is not None
    return (
        is_denied
        and rule.path.startswith(WELL_KNOWN)
        and _SECTION.match(f"{rule.condition.rstrip('>')}>") is not None
    )


def dot_section_edit(view: ServerView, rule: AnsweringRule) -> Edit | None:
    """Return the edit that takes /.well-known/ out of the expression of the section; None for
    another rule, or where the section does not begin right above it."""
    if not is_against_dots(rule):
        return None
    for number in range(rule.line, max(rule.line - _MAX_LINES, 0), -1):
        text = line_text(view, rule.file, number)
        if _SECTION.match(text):
            spared = text.replace("\\.", "\\.(?!well-known(?:/|$))")
            return line_edit(view, rule.file, {number: (spared,)})
    return None
