"""Groups of a regular expression that a line names and that the expression does not have: they are
empty, in mod_rewrite ("$1"), in HAProxy ("\\1") and in Caddy ("{re.name.1}"). No I/O."""

import re

from diagnose.model.frozen import frozen
from diagnose.parsers.nginx.pcre import is_supported_pcre, pcre_groups, pcre_search

#: Maximum number of characters of an expression.
MAX_PATTERN = 500

_REST = re.compile(r"(?<![\\)\]])\.[*+]")


@frozen
class EmptyGroup:
    """A group that is always empty: its number, the expression and how many groups that has.
    `corrected` is the expression with brackets around what is meant, "" if nobody can know."""

    number: int
    pattern: str
    groups: int
    corrected: str = ""


def empty_group(pattern: str, numbers: list[int], path: str) -> EmptyGroup | None:
    """Return the group that is empty although the expression takes a path; None if there is none,
    or if the expression is not understood."""
    if len(pattern) > MAX_PATTERN or not is_supported_pcre(pattern):
        return None
    groups = pcre_groups(pattern)
    beyond = [number for number in numbers if number > groups]
    if not beyond or pcre_search(pattern, path, False) is None:
        return None
    corrected = _with_group(pattern) if groups == 0 and set(beyond) == {1} else ""
    return EmptyGroup(beyond[0], pattern, groups, corrected)


def _with_group(pattern: str) -> str:
    """Return an expression without groups with one: around its only ".*", or around what comes
    behind its last slash."""
    if len(_REST.findall(pattern)) == 1:
        return _REST.sub(lambda match: f"({match[0]})", pattern)
    return f"{pattern}(.*)$" if pattern.endswith("/") and not _REST.search(pattern) else ""
