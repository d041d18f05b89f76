"""The change of a line that takes every path from the locations which pass some on: `location ~ /`,
or a `rewrite` of the server block."""

import re

from checks.nginx import Nginx
from checks.nginx._edits import Changes
from diagnose.model.nginx import Directive
from diagnose.parsers.nginx.bypasses import Bypass
from diagnose.parsers.nginx.config import children, walk
from diagnose.parsers.nginx.edits import TextEdit, insert_first, one_line, replace_directive
from diagnose.parsers.nginx.locations import PASS_DIRECTIVES, location_pattern

#: Regular expressions that match every path.
_EVERY = frozenset({
    "/", "^/", ".", ".*", "^.*", "^.*$", "(.*)", "^(.*)$", "/.*", "^/.*", "^/.*$", "/(.*)",
    "^/(.*)", "^/(.*)$", "^",
})  # fmt: skip
#: Lines of a location that ask who a visitor is, and those that a location of its own cannot have
#: as they are.
_CLOSING = frozenset({
    "allow", "deny", "satisfy", "auth_basic", "auth_basic_user_file", "auth_request",
})  # fmt: skip
_CLOSING_OTHERWISE = frozenset({"internal", "limit_except", "auth_jwt", "auth_request_set"})
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


def marked_prefix(nginx: Nginx, bypass: Bypass) -> Changes:
    """Return the change after which no regular expression comes before the location ("^~"), with
    the lines about logins and addresses of the one that comes before it now, so that what it closes
    stays closed; {} if a person has to write that, or if the location has no plain prefix."""
    taking, block = bypass.directive, bypass.match.block
    pattern, file, taking_file = location_pattern(block), nginx.file(block), nginx.file(taking)
    if pattern is None or pattern.modifier or file is None or taking_file is None:
        return {}
    own_names = {line.name for line in block.block or ()}
    closing = [line for line in _closing_lines(taking) if line.name not in own_names]
    if any(line.name not in _CLOSING or nginx.file(line) is not taking_file for line in closing):
        return {}
    changes = [TextEdit(block.start, block.opened, f"location ^~ {block.args[-1]} {{")]
    if closing:
        lines = [one_line(taking_file.text, line) for line in closing]
        changes.append(insert_first(file.text, block, lines))
    return {file.path: changes}


def _closing_lines(location: Directive) -> list[Directive]:
    return [line for line in location.block or () if line.name in _CLOSING | _CLOSING_OTHERWISE]


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
    # Every other location would lie open that it closes now.
    if _closing_lines(taking):
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
    # An alternative has a beginning of its own.
    whole = f"(?:{pattern})" if "|" in pattern else pattern[1:]
    line = f"rewrite ^(?!{words}){whole} {' '.join(rest)};"
    return replace_directive(rewrite, line)


def taking_line(changes: Changes) -> str:
    """Return the new line, "" without a change."""
    return next((some[0].text.rstrip(" {") for some in changes.values()), "")


def is_of_a_part(block: Directive) -> bool:
    """Return whether a location is for a folder or a path, not for the whole site."""
    pattern = location_pattern(block)
    return pattern is not None and pattern.text != "/"
