"""The page is a folder without an index file, and nginx does not list folders: it responds 403
(ngx_http_index_module, ngx_http_autoindex_module: "directory index of … is forbidden").

It is a warning: an address of an interface may be meant to have no page. A folder of WebDAV has
none: its programs ask with PROPFIND (RFC 4918). Of a folder whose files pages load one by one, such
as /uploads/, it is a note, unless a person asks why. It is an error where
`root` names a project and the index file is in its public folder (Laravel and Symfony: public,
builds: dist, build), where `root` names an empty folder and one beside it has the site, or where
the front page has its file and `index` does not name it, such as
index.php of an application that .php files are passed on to. Where
`try_files $uri $uri/ /index.php` has found a folder, the application does not get its own route of
that name: a location for that path alone leads there. Where the site has exactly one program one
folder below, the finding names its address.
"""

import posixpath
import re
from collections.abc import Iterator
from dataclasses import replace

from checks.nginx import Nginx
from checks.nginx._commands import reload_steps
from checks.nginx._edits import config_edit
from checks.nginx._location_edits import closes_nothing
from checks.nginx._page_errors import page_claim, page_directive, page_error
from diagnose.checking.registry import check
from diagnose.model import Applicability, Claim, Evidence, Fix, Severity
from diagnose.model.files import PageFileAccess
from diagnose.model.http import Exchange
from diagnose.model.logs import LogLine
from diagnose.model.nginx import Directive
from diagnose.parsers.nginx import edits
from diagnose.parsers.nginx.config import children
from diagnose.parsers.nginx.locations import all_locations, location_pattern
from diagnose.parsers.nginx.upstreams import pass_directive_of
from diagnose.parsers.redirects import end_path
from diagnose.parsers.usual_paths import is_folder_of_files

#: Why the index file that is there was not used.
_MISTAKES = ("below", "beside", "index", "inside")
#: Parts of a site that are no page of it: interfaces, WebSockets, proofs for certificates.
_PARTS = frozenset(
    {"", "api", "ws", "wss", "socket.io", "graphql", "rpc", ".well-known", "healthz"}
)
#: A path that needs no quotes in nginx's configuration.
_PLAIN = re.compile(r"/[\w/.~-]{1,200}", re.ASCII)
_NO_INDEX = r'directory index of "([^"]*)" is forbidden'


@check(severity=Severity.WARNING, needs=[LogLine, Exchange])
def index_missing(evidence: Evidence) -> Iterator[Claim]:
    error = page_error(evidence, _NO_INDEX, {403})
    if error is None:
        return
    nginx = Nginx.of(evidence)
    dav = page_directive(nginx, "dav_methods")
    if dav is not None and dav.args[:1] != ("off",):
        return
    root, index = page_directive(nginx, "root"), page_directive(nginx, "index")
    folder = posixpath.normpath(error.match[1])
    access = next(
        (
            access
            for access in evidence.good(PageFileAccess)
            if access.mistake in _MISTAKES and posixpath.normpath(access.path) == folder
        ),
        None,
    )
    below = access.elsewhere if access and access.mistake == "below" else ""
    is_inside = access is not None and access.mistake == "inside"
    beside = access.elsewhere if access and access.mistake == "beside" else ""
    is_named = bool(below or beside or is_inside)
    unnamed = posixpath.basename(access.elsewhere) if access and not is_named else ""
    is_source = unnamed.endswith(".php") and not _runs_php(nginx, unnamed)
    facts = {
        "folder": folder,
        "names": index.args if index else ("index.html",),
        "below": below,
        "beside": beside,
        "public": posixpath.dirname(below or beside),
        "unnamed": unnamed,
        "source": is_source,
        "route": "" if access else _route(nginx),
        "here": end_path(evidence).partition("?")[0],
        "program": _program(nginx, access) if is_inside or access is None else "",
        "application": "",
    }
    claim = page_claim(nginx, error, facts, "add-index", root)
    if access is None or is_inside:
        is_meant = evidence.target.symptom is None and is_folder_of_files(end_path(evidence))
        route = "" if is_meant else str(facts["route"])
        fix = (_route_fix(nginx, route) if route else None) or claim.fix
        # Imported late: few sites have no page.
        from checks.nginx._empty_folders import passed_to_program

        is_open = not (route or facts["program"] or access)
        application, fix = passed_to_program(nginx, fix, end_path(evidence) if is_open else "")
        claim = replace(claim, facts={**claim.facts, "application": application})
        seen = (access,) if access is not None else ()
        severity = Severity.NOTE if is_meant else claim.severity
        yield replace(claim, because=(*claim.because, *seen), severity=severity, fix=fix)
        return
    is_source |= beside.endswith(".php") and not _runs_php(nginx, posixpath.basename(beside))
    fix = None if is_source else _fix(nginx, root, access)
    is_seen = evidence.target.path == "/" and not (is_source or beside)
    is_front = bool(below) or is_seen
    yield replace(
        claim,
        severity=Severity.ERROR if is_front else Severity.WARNING,
        because=(*claim.because, access),
        fix=fix or claim.fix,
    )


def _program(nginx: Nginx, access: PageFileAccess | None) -> str:
    """Return the path of the only program one folder below the path: of a location that passes
    requests on, or of a folder with an index file. "" if there is none, or more."""
    path = end_path(nginx.evidence).partition("?")[0]
    own = {f"{_folder(access)}/"} if access is not None else set()
    for selected in nginx.answering_servers():
        for match in all_locations(selected.server):
            pattern = location_pattern(match.block)
            is_prefix = pattern is not None and pattern.modifier in {"", "^~"}
            if pattern is None or not is_prefix or pass_directive_of(match) is None:
                continue
            name = pattern.text.removeprefix(path).strip("/")
            if pattern.text.startswith(path) and "/" not in name and name.lower() not in _PARTS:
                own.add(f"{name}/")
    paths = {f"{path}{name}" for name in own}
    program = paths.pop() if len(paths) == 1 else ""
    is_page = _PLAIN.fullmatch(program) and not is_folder_of_files(program)
    return program if path.endswith("/") and is_page else ""


def _folder(access: PageFileAccess) -> str:
    return posixpath.basename(posixpath.dirname(access.elsewhere))


def _runs_php(nginx: Nginx, name: str) -> bool:
    """Return whether nginx passes the script of the folder on. Visitors would get its source
    otherwise."""
    path = end_path(nginx.evidence).partition("?")[0]
    return any(
        pass_directive_of(match) is not None
        for match in nginx.location_matches(f"{path.rstrip('/')}/{name}")
    )


def _route(nginx: Nginx) -> str:
    """Return where try_files would lead the path if the folder were not there: the page or the
    front controller of an application, "" if there is none. The front page is no such path."""
    try_files = page_directive(nginx, "try_files")
    arguments = list(try_files.args) if try_files else []
    if "$uri/" not in arguments[:-1] or nginx.evidence.target.path == "/":
        return ""
    later = (
        re.split(r"[?$]", argument)[0] for argument in arguments[arguments.index("$uri/") + 1 :]
    )
    return next((each for each in later if each.startswith("/")), "")


def _route_fix(nginx: Nginx, route: str) -> Fix | None:
    """Let the application answer this one path. Without `$uri/` in try_files it would answer every
    folder, those with an index file too."""
    path = end_path(nginx.evidence).partition("?")[0]
    match = next(iter(nginx.location_matches(path)), None)
    if match is None or not _PLAIN.fullmatch(path) or not _PLAIN.fullmatch(route):
        return None
    file = nginx.file(match.block)
    is_exact = match.block.args[:1] == ("=",)
    is_nested = len(match.blocks) > 3
    is_open = match.block.name == "location" and closes_nothing(match.block)
    if file is None or is_exact or is_nested or not is_open:
        return None
    # Without its slash, the path would be redirected to the folder.
    names = (path.rstrip("/"), f"{path.rstrip('/')}/")
    exact = [child.args[1:] for child in children(match.blocks[1], "location") if "=" in child.args]
    if any((name,) in exact for name in names):
        return None
    lines = [
        line
        for name in names
        for line in (f"location = {name} {{", f"    rewrite ^ {route} last;", "}", "")
    ]
    return _edit_fix(nginx, file.path, edits.insert_before(file.text, match.block, lines))


def _fix(nginx: Nginx, root: Directive | None, access: PageFileAccess) -> Fix | None:
    """Let `root` name the folder of the site, or `index` the file. What is meant, its owner
    knows."""
    if access.mistake == "index":
        return _index_fix(nginx, posixpath.basename(access.elsewhere))
    if root is None or posixpath.normpath(root.args[0]) != posixpath.normpath(access.path):
        return None
    change = edits.replace_directive(root, f"root {posixpath.dirname(access.elsewhere)};")
    return _edit_fix(nginx, root.file, change)


def _index_fix(nginx: Nginx, name: str) -> Fix | None:
    """Name the file in `index` of this site: a line of all sites stays as it is."""
    match = next(iter(nginx.location_matches(end_path(nginx.evidence))), None)
    if match is None:
        return None
    index = match.directive("index")
    names = " ".join((name, *(index.args if index else ("index.html",))))
    is_own = any(index in children(block, "index") for block in match.blocks[1:])
    folder = match.directive("alias") or match.directive("root")
    if index is not None and is_own:
        return _edit_fix(nginx, index.file, edits.replace_directive(index, f"index {names};"))
    file = nginx.file(folder) if folder else None
    if folder is None or file is None or folder in children(match.blocks[0], "root"):
        return None
    return _edit_fix(nginx, file.path, edits.insert_after(file.text, folder, [f"index {names};"]))


def _edit_fix(nginx: Nginx, path: str, change: edits.TextEdit) -> Fix | None:
    edit = config_edit(nginx, path, change)
    return Fix((edit, *reload_steps(nginx)), Applicability.REVIEW) if edit else None
