"""The script that nginx names to PHP-FPM for a path, by SCRIPT_FILENAME, and where it may be if a
setting is wrong. No I/O.

`$document_root` is the folder of `root` or `alias`, `$fastcgi_script_name` the whole path, and
`$request_filename` the path that nginx itself would open (ngx_http_core_module, "Embedded
Variables"). Below an `alias` only the last names the script.
"""

import posixpath
import re
from collections.abc import Iterator
from typing import Literal

from diagnose.model.frozen import frozen
from diagnose.model.nginx import Directive
from diagnose.parsers.nginx.config import children
from diagnose.parsers.nginx.file_paths import PUBLIC_FOLDERS
from diagnose.parsers.nginx.final_requests import final_request
from diagnose.parsers.nginx.locations import LocationMatch, location_pattern, outdone_location
from diagnose.parsers.nginx.server_blocks import Server
from diagnose.parsers.nginx.upstreams import pass_directive_of
from diagnose.parsers.nginx.variables import expand_variables

#: What fastcgi.conf says, and most guides.
USUAL_NAME = "$document_root$fastcgi_script_name"

#: Which setting is wrong: the parameter, the folder of the location, or that of the site, which is
#: the project's ("below"). "nested": the location of the prefix has the folder, and none for PHP.
#: "front": the address ends with ".php" and is one of a program, whose index.php answers them all.
ScriptMistake = Literal["name", "nested", "folder", "below", "front"]

#: The last argument of `try_files` that leads to a script: "/git/index.php?$query_string".
_FRONT = re.compile(
    r"(/(?:[\w.-]{1,100}/){0,8}[\w-]{1,100}\.php)"
    r"(?:\?.{0,200}|\$is_args\$(?:args|query_string).{0,100})?"
)


@frozen
class Script:
    """The path that PHP gets, and the folder of nginx's `root` or `alias`."""

    path: str
    folder: str


@frozen
class ScriptRequest:
    """The location that passes a path on to FastCGI, and the path of the script as it has it.
    `requested` is what nginx itself would open; `is_alias` is whether `alias` decides that."""

    match: LocationMatch
    uri: str
    script: Script
    requested: str
    is_alias: bool


def script_of(server: Server, path: str, start: str = "") -> Script | None:
    """Return the script for a path; None where the location passes nothing to FastCGI, or the
    path depends on what is not known."""
    request = script_request(server, path, start)
    return request.script if request else None


def script_request(server: Server, path: str, start: str = "") -> ScriptRequest | None:
    """Return how a path leads to a script; `start` is the folder at which relative paths begin
    (nginx(8), -p), "" if it is not known."""
    location, uri = final_request(server, path.partition("?")[0])
    passing = pass_directive_of(location)
    folder = _folder(location, start)
    if passing is None or passing.name != "fastcgi_pass" or folder is None:
        return None
    root, prefix = folder
    uri = _without_info(location, uri)
    name = uri if not uri.endswith("/") else f"{uri}index.php"
    requested = f"{root}/{name.removeprefix(prefix)}" if prefix else root.rstrip("/") + name
    values = [
        parameter.args[1]
        for parameter in location.directives("fastcgi_param")
        if parameter.args[:1] == ("SCRIPT_FILENAME",) and len(parameter.args) > 1
    ]
    variables = {
        "document_root": root.rstrip("/"), "realpath_root": root.rstrip("/"),
        "fastcgi_script_name": name, "uri": name, "request_filename": requested,
    }  # fmt: skip
    written = expand_variables(location, values[-1] if values else USUAL_NAME, variables)
    if not written or not written.startswith("/") or "$" in written:
        return None
    script = Script(posixpath.normpath(written), root.rstrip("/"))
    return ScriptRequest(location, name, script, posixpath.normpath(requested), bool(prefix))


def _without_info(location: LocationMatch, uri: str) -> str:
    """Return a path without what follows the script's name, where the usual expression of
    `fastcgi_split_path_info` parts them (ngx_http_fastcgi_module)."""
    split = location.directive("fastcgi_split_path_info")
    pattern = split.args[0] if split and split.args else ""
    if r"\.php)(/" not in pattern:
        return uri
    at = uri.find(".php/") if "+?" in pattern else uri.rfind(".php/")
    return uri if at < 0 else uri[: at + 4]


def other_scripts(
    server: Server, request: ScriptRequest, start: str = ""
) -> Iterator[tuple[ScriptMistake, str, str]]:
    """Yield where the script may be in place of where nginx says, with the setting that is wrong
    then, and the folder that it should have."""
    if request.requested != request.script.path:
        yield "name", request.requested, request.script.folder
    outdone = outdone_location(server, request.uri)
    own = _folder(outdone, start) if outdone and _has_folder(outdone.block) else None
    if outdone and own and outdone.block.args != ("/",):
        folder, prefix = own
        rest = request.uri.removeprefix(prefix) if prefix else request.uri
        yield "nested", posixpath.normpath(f"{folder}/{rest}"), folder.rstrip("/")
    whole = (block for block in children(server.block, "location") if block.args == ("/",))
    for block in (server.block, *whole):
        for directive in children(block, "root"):
            folder = _plain(directive, start)
            file = posixpath.normpath(f"{folder}{request.uri}")
            if folder and file not in {request.script.path, request.requested}:
                yield "folder", file, folder.rstrip("/")
    for public in PUBLIC_FOLDERS if not request.is_alias else ():
        below = f"{request.script.folder}/{public}"
        yield "below", posixpath.normpath(below + request.uri), below
    if front := front_script(server, request):
        yield "front", posixpath.normpath(request.script.folder + front), request.script.folder


def program_location(server: Server, request: ScriptRequest) -> Directive | None:
    """Return the location of the longest prefix for a path that a location for PHP takes from it,
    or the location around that one; None if there is none."""
    if outdone := outdone_location(server, request.uri):
        return outdone.block
    around = request.match.blocks[-2]
    return around if around.name == "location" else None


def front_script(server: Server, request: ScriptRequest) -> str:
    """Return the path of the script to which the location of the longest prefix leads what is no
    file, "/git/index.php", while a location for PHP takes this path from it; "" if there is none,
    or if it would not be passed on by the same location, or in another folder."""
    location = program_location(server, request)
    lines = children(location, "try_files") if location else ()
    last = lines[-1].args[-1] if lines and lines[-1].args else ""
    script = _FRONT.fullmatch(last)
    if location is None or script is None or request.is_alias or script[1] == request.uri:
        return ""
    front = script_request(server, script[1])
    is_same = front is not None and front.match.block is request.match.block
    has_folder = _has_folder(location) and location not in request.match.blocks
    return script[1] if is_same and not has_folder else ""


def _has_folder(block: Directive) -> bool:
    return bool(children(block, "alias") or children(block, "root"))


def _folder(location: LocationMatch, start: str) -> tuple[str, str] | None:
    """Return the folder in force, and the prefix that an `alias` replaces, "" for a `root`. Without
    either it is the folder html of nginx (ngx_http_core_module, "root")."""
    for block in reversed(location.blocks):
        directives = [*children(block, "alias"), *children(block, "root")]
        if not directives:
            continue
        pattern = location_pattern(block) if block.name == "location" else None
        is_prefix = pattern is not None and pattern.modifier in {"", "=", "^~"}
        folder = _plain(directives[0], start)
        if directives[0].name == "root":
            return (folder, "") if folder else None
        return (folder, pattern.text) if folder and pattern and is_prefix else None
    return (posixpath.join(start, "html"), "") if start else None


def _plain(directive: Directive, start: str) -> str:
    """Return the absolute folder that a directive names, "" if it has variables."""
    path = posixpath.join(start, directive.args[0]) if directive.args else ""
    return path if path.startswith("/") and "$" not in path else ""
