"""A location inside that of an application, which names the type of its files of one ending."""

import re

from checks.nginx import Nginx
from checks.nginx._edits import config_edits
from checks.nginx._location_edits import location_fix
from diagnose.model import Fix
from diagnose.model.nginx import Directive
from diagnose.parsers.browser_types import TYPES_BY_ENDING
from diagnose.parsers.nginx import edits
from diagnose.parsers.nginx.config import children
from diagnose.parsers.nginx.locations import LocationMatch
from diagnose.parsers.nginx.upstreams import pass_directive_of

#: Lines of the outer location that an inner one inherits ("proxy_…" as well).
_INHERITED = {
    "add_header", "expires", "access_log", "error_log", "client_max_body_size", "gzip",
    "gzip_types", "auth_basic", "auth_basic_user_file", "allow", "deny", "charset", "etag",
}  # fmt: skip
#: An address without a path: one with a path cannot stand in a location with a pattern.
_ADDRESS = re.compile(r"https?://[\w.\[\]:-]{1,255}", re.ASCII)


def typed_location_fix(nginx: Nginx, path: str) -> Fix | None:
    """Return the fix with which nginx names the type of an application's files of this ending;
    None where that takes a person. nginx sends the type of `add_header`, as soon as that of the
    application is hidden ("proxy_hide_header", nginx.org)."""
    ending = path.rpartition("/")[2].rpartition(".")[2].lower()
    matches, media_type = list(nginx.location_matches(path)), TYPES_BY_ENDING.get(ending)
    if len(matches) != 1 or media_type is None:
        return None
    match = matches[0]
    passing, file = pass_directive_of(match), nginx.file(match.block)
    if passing is None or file is None or not _may_have_one(match, passing):
        return None
    pattern = re.compile(r"\\?\." + ending)
    if any(pattern.search(arg) for arg in match.block.args):
        return None
    lines = _kept_lines(nginx, match, "proxy_hide_header", "content-type")
    lines += ["proxy_hide_header Content-Type;"]
    lines += _kept_lines(nginx, match, "add_header", "content-type")
    lines += [f"add_header Content-Type {media_type};", edits.one_line(file.text, passing)]
    change = edits.insert_last(
        file.text,
        match.block,
        [f"location ~ \\.{ending}$ {{", *(f"    {line}" for line in lines), "}"],
    )
    file_edits = config_edits(nginx, {match.block.file: [change]})
    return location_fix(nginx, match, file_edits, sure=False) if file_edits else None


def _may_have_one(match: LocationMatch, passing: Directive) -> bool:
    """Return whether a location inside it would do the same but for the type."""
    block = match.block
    is_plain = passing.name == "proxy_pass" and passing.file == block.file
    is_address = len(passing.args) == 1 and _ADDRESS.fullmatch(passing.args[0]) is not None
    is_inherited = all(
        line.block is None and (line.name in _INHERITED or line.name.startswith("proxy_"))
        for line in block.block or ()
    )
    is_open = block.name == "location" and block.args[:1] != ("=",)
    return (
        not _takes_from_others(match)
        and is_plain
        and is_address
        and is_inherited
        and is_open
        and passing in children(block, "proxy_pass")
    )


def _takes_from_others(match: LocationMatch) -> bool:
    """Return whether an expression inside the location would win over those beside it, which may
    close what lies there: nginx looks at the inner ones first (ngx_http_core_find_location)."""
    if not match.block.args[0].startswith("/"):
        return False  # "^~" leaves out those beside it, and an expression was the first that fits
    beside = (child for block in match.blocks[:-1] for child in children(block, "location"))
    return any(each.args[:1] in {("~",), ("~*",)} for each in beside)


def _kept_lines(nginx: Nginx, match: LocationMatch, name: str, besides: str) -> list[str]:
    """Return the lines in force of this name: a block inherits them only where it has none."""
    lines = []
    for line in match.directives(name):
        file = nginx.file(line)
        if file and line.args[:1] and line.args[0].lower() != besides:
            lines.append(edits.one_line(file.text, line))
    return lines
