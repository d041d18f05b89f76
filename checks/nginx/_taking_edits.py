"""The change of a line that takes every path from the locations which pass some on: `location ~ /`,
or a `rewrite` of the server block."""

import re

from checks.nginx import Nginx
from checks.nginx._edits import Changes
from diagnose.model.nginx import Directive
from diagnose.parsers.nginx.bypasses import Bypass
from diagnose.parsers.nginx.config import children, walk
from diagnose.parsers.nginx.edits import TextEdit, replace_directive
from diagnose.parsers.nginx.locations import PASS_DIRECTIVES, location_pattern

#: Regular expressions that match every path.
_EVERY = frozenset({
    "/", "^/", ".", ".*", "^.*", "^.*$", "(.*)", "^(.*)$", "/.*", "^/.*", "^/.*$", "/(.*)",
    "^/(.*)", "^/(.*)$", "^",
})  # fmt: skip
_GROUP = re.compile(r"\$[1-9]")
_WORD = re.compile(r"[^\s{};\"'\\]+")


def taking_changes(nginx: Nginx, bypass: Bypass) -> Changes:
    """Return the change after which the line takes no path that a location passes on; {} if none is
    known."""
    file = nginx.file(bypass.directive)
    change = None
    if bypass.by == "regex":
        change = _plain_location(bypass)
    elif bypass.by == "rewrite":
        change = _sparing_rewrite(bypass)
    return {file.path: [change]} if file is not None and change is not None else {}


def _plain_location(bypass: Bypass) -> TextEdit | None:
    """Return the change of a regular expression for every path into `location /`: a prefix, so that
    longer ones come before it."""
    taking, server = bypass.directive, bypass.match.blocks[1]
    pattern = location_pattern(taking)
    others = [location_pattern(block) for block in children(server, "location")]
    is_own = any(block is taking for block in children(server, "location"))
    has_root = any(each and each.modifier in {"", "^~"} and each.text == "/" for each in others)
    uses_group = any(
        line.name == "alias" or any(map(_GROUP.search, line.args))
        for line in walk(taking.block or ())
    )
    if pattern is None or pattern.text not in _EVERY or has_root or uses_group or not is_own:
        return None
    return TextEdit(taking.start, taking.opened, "location / {")


def _sparing_rewrite(bypass: Bypass) -> TextEdit | None:
    """Return the change of a rewrite that leaves out what the locations pass on: the expression
    begins with "not one of these" (pcrepattern(3), "Lookahead assertions")."""
    rewrite = bypass.directive
    pattern, *rest = rewrite.args
    prefixes = [
        own.text
        for block in children(bypass.match.blocks[1], "location")
        if (own := location_pattern(block)) and own.modifier in {"", "^~", "="} and own.text != "/"
        if any(children(block, name) for name in PASS_DIRECTIVES)
    ]
    words = "|".join(re.escape(prefix).replace("\\-", "-") for prefix in dict.fromkeys(prefixes))
    is_plain = all(map(_WORD.fullmatch, (*rest, *prefixes))) and not set(pattern) & set("\"'{};\\ ")
    if not pattern.startswith("^") or pattern.startswith("^(?!") or not prefixes or not is_plain:
        return None
    line = f"rewrite ^(?!{words}){pattern[1:]} {' '.join(rest)};"
    return replace_directive(rewrite, line)


def taking_line(changes: Changes) -> str:
    """Return the new line, "" without a change."""
    return next((change.text.rstrip(" {") for some in changes.values() for change in some), "")


def is_of_a_part(block: Directive) -> bool:
    """Return whether a location is for a folder or a path, not for the whole site."""
    pattern = location_pattern(block)
    return pattern is not None and pattern.text != "/"
