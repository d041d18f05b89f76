"""The edit by which nginx leads what follows a script's name to the script, as PATH_INFO.

`try_files` empties `$fastcgi_path_info` (https://trac.nginx.org/nginx/ticket/321), so it is saved
before. Only scripts that exist are run, and only those that are run without a path too.
"""

from collections.abc import Iterator

from checks.nginx import Nginx
from checks.nginx._edits import Changes, config_edits
from checks.nginx._location_edits import location_fix
from diagnose.model import Fix
from diagnose.model.nginx import Directive
from diagnose.parsers.nginx import edits
from diagnose.parsers.nginx.config import children, walk
from diagnose.parsers.nginx.locations import LocationMatch, location_pattern

_SPLIT = "fastcgi_split_path_info ^(.+?\\.php)(/.*)$;"
_SAVED = "set $path_info $fastcgi_path_info;"
_SCRIPT_ALONE = "try_files $fastcgi_script_name =404;"
_PATH_INFO = "fastcgi_param PATH_INFO $path_info;"
#: Values of SCRIPT_FILENAME that have the script's own name, after it was split.
_OWN_NAMES = {"$document_root$fastcgi_script_name", "$realpath_root$fastcgi_script_name"}
_ENDING = "\\.php$"


def path_info_fix(
    nginx: Nginx, php: LocationMatch, answering: LocationMatch, is_matched: bool
) -> Fix | None:
    """Return the edit of the location of PHP. `answering` is the location that answers now, and
    `is_matched` says that it is that of PHP, whose `try_files` looks for the whole path.

    None if the location has other rules, if another location would answer first, or if anything
    closes a script: `location ~ /uploads/.*\\.php$ { deny all; }` closes it without a path only.
    """
    block, file = php.block, nginx.file(php.block)
    pattern = location_pattern(block) if block.name == "location" else None
    own = block.block or ()
    if file is None or pattern is None or any(each.block is not None for each in own):
        return None
    if len(php.blocks) != 3 or any(map(_names_scripts, _other_directives(php))):
        return None
    if not is_matched and not (
        pattern.text.endswith(_ENDING) and pattern.modifier in {"~", "~*"} and _is_last(answering)
    ):
        return None
    lines = _lines(php)
    if lines is None:
        return None
    tries = [each for each in own if each.name == "try_files"]
    infos = _path_infos(block)
    if any(each.file != file.path for each in (*tries, *infos)):
        return None
    changes: Changes = {file.path: []}
    if not is_matched:
        head = f"location {pattern.modifier} {pattern.text.removesuffix('$')}(/|$) {{"
        changes[file.path].append(edits.TextEdit(block.start, block.opened, head, file.path))
    changes[file.path] += [_removal(file.text, each) for each in (*tries, *infos)]
    first = next(each for each in own if each.name == "fastcgi_pass")
    if first.file != file.path:
        return None
    changes[file.path].append(edits.insert_before(file.text, first, lines))
    file_edits = config_edits(nginx, changes)
    return location_fix(nginx, php, file_edits, sure=False) if file_edits else None


def _removal(text: str, directive: Directive) -> edits.TextEdit:
    return edits.remove_directive(text, directive)


def _lines(php: LocationMatch) -> list[str] | None:
    """Return the lines that split the path; None if the location has a name of the script that does
    not follow, a `try_files` for more, or parameters from outside that a line would wipe."""
    block = php.block
    parameters = [child for child in children(block, "fastcgi_param") if len(child.args) > 1]
    names = [
        parameter.args[1] for parameter in parameters if parameter.args[0] == "SCRIPT_FILENAME"
    ]
    tries = children(block, "try_files")
    if not names or not set(names) <= _OWN_NAMES or children(block, "alias"):
        return None
    if not children(block, "fastcgi_pass"):
        return None
    usual = {"$uri", "$fastcgi_script_name", "=404"}
    if len(tries) > 1 or any(not set(each.args) <= usual for each in tries):
        return None
    split = [] if children(block, "fastcgi_split_path_info") else [_SPLIT]
    return [*split, _SAVED, _SCRIPT_ALONE, _PATH_INFO]


def _path_infos(block: Directive) -> list[Directive]:
    return [child for child in children(block, "fastcgi_param") if child.args[:1] == ("PATH_INFO",)]


def _other_directives(php: LocationMatch) -> Iterator[Directive]:
    """Yield what else the server block has."""
    for directive in php.blocks[1].block or ():
        if directive is not php.block:
            yield from walk((directive,))


def _names_scripts(directive: Directive) -> bool:
    """Return whether a condition, a rewrite or a location is about scripts."""
    is_rule = directive.name in {"location", "if", "rewrite"}
    words = directive.args[:1] if directive.name == "rewrite" else directive.args
    return is_rule and any("php" in word for word in words)


def _is_last(answering: LocationMatch) -> bool:
    """Return whether an expression comes before what answers now: a prefix without a mark."""
    pattern = location_pattern(answering.block) if answering.block.name == "location" else None
    return answering.block.name == "server" or (
        pattern is not None and pattern.modifier == "" and len(answering.blocks) == 3
    )
