"""A location for endings of files permits other sites, and its list lacks the ending of the file
that is refused: `location ~* \\.(eot|ttf|woff)$` beside a file that ends in ".woff2"."""

import re

from checks.http._cors_edits import ALLOW_ORIGIN
from checks.nginx import Nginx
from checks.nginx._commands import reload_steps
from checks.nginx._edits import config_edit
from diagnose.model import Applicability, Fix
from diagnose.model.nginx import Directive
from diagnose.parsers.nginx.config import children
from diagnose.parsers.nginx.edits import TextEdit
from diagnose.parsers.nginx.locations import proxy_pass_of

#: The endings of a location's pattern: "\\.(eot|ttf|woff)$", and an ending of a path.
_LIST = re.compile(r"[^()]{0,100}\\\.\((?:\?:)?([\w|]{1,300})\)\$")
_ENDING = re.compile(r"\.([a-z0-9]{1,8})", re.IGNORECASE)
#: What answers from elsewhere than the location of the refused file does.
_OTHER = frozenset({"root", "alias", "try_files", "return", "rewrite", "auth_basic", "deny", "if"})


def listing_fix(nginx: Nginx, path: str) -> Fix | None:
    """Return the edit that writes the ending of a path into the list of the one location that
    permits every site; None if there is no such location, or if an application has the path."""
    matches = tuple(nginx.location_matches(path))
    ending = _ENDING.fullmatch("." + path.rpartition("/")[2].rpartition(".")[2])
    if not ending or len(matches) != 1 or proxy_pass_of(matches[0]) is not None:
        return None
    locations = [
        location
        for block in matches[0].blocks
        if block.name == "server"
        for location in children(block, "location")
        if _permits_kind(location, ending[1].lower())
    ]
    file = nginx.file(locations[0]) if len(locations) == 1 else None
    if file is None:
        return None
    location = locations[0]
    listed = _LIST.fullmatch(location.args[-1])
    head = file.text[location.start : location.opened]
    if listed is None or head.count(f"{listed[1]})") != 1:
        return None
    written = head.replace(f"{listed[1]})", f"{listed[1]}|{ending[1].lower()})")
    change = TextEdit(location.start, location.opened, written, location.file)
    edit = config_edit(nginx, file.path, change)
    return Fix((edit, *reload_steps(nginx)), Applicability.REVIEW) if edit else None


def _permits_kind(location: Directive, ending: str) -> bool:
    """Return whether a location permits every site to read files of its list, one of which is of
    the kind of `ending`: fonts, pictures."""
    listed = _LIST.fullmatch(location.args[-1]) if location.args[:1] in (("~",), ("~*",)) else None
    endings = listed[1].lower().split("|") if listed else []
    inner = location.block or ()
    permits = any(
        line.name == "add_header"
        and line.args[:1]
        and line.args[0].lower() == ALLOW_ORIGIN
        and line.args[1:2] == ("*",)
        for line in inner
    )
    is_plain = not any(line.name in _OTHER or line.name.endswith("_pass") for line in inner)
    return permits and is_plain and ending not in endings and _is_same_kind(ending, endings)


_KINDS = (
    frozenset({"woff", "woff2", "ttf", "ttc", "otf", "eot"}),
    frozenset({"png", "jpg", "jpeg", "gif", "svg", "svgz", "webp", "avif", "ico"}),
    frozenset({"mp4", "webm", "m4v", "m4s", "m3u8", "ts", "mpd", "mp3", "ogg"}),
)


def _is_same_kind(ending: str, endings: list[str]) -> bool:
    return any(ending in kind and kind & set(endings) for kind in _KINDS)
