"""The setting of nginx that leads PHP to the script."""

import re
from collections.abc import Iterator

from checks.nginx import Nginx
from checks.nginx._commands import reload_steps
from checks.nginx._edits import Changes, config_edits
from diagnose.model import Applicability, Fix
from diagnose.model.containers import NginxContainer, ScriptContainer
from diagnose.model.files import PageFileAccess
from diagnose.model.nginx import Directive
from diagnose.parsers.nginx import edits
from diagnose.parsers.nginx.config import children
from diagnose.parsers.nginx.locations import location_pattern, outdone_location
from diagnose.parsers.nginx.script_paths import (
    USUAL_NAME,
    ScriptMistake,
    ScriptRequest,
    front_script,
    other_scripts,
    program_location,
    script_request,
)
from diagnose.parsers.nginx.server_blocks import Server
from diagnose.parsers.nginx.upstreams import pass_directive_of

_NAME = "fastcgi_param SCRIPT_FILENAME"
#: The variable that has the script's path, with its ending.
_FILE = "$script_file"


def program_script(nginx: Nginx, access: PageFileAccess) -> str:
    """Return the path of the script of the program whose address the target may be, while its own
    script is not there; "" if another setting leads to the file."""
    path, start = nginx.evidence.target.path, nginx.start_folder
    for selected in nginx.answering_servers() if access.elsewhere else ():
        request = script_request(selected.server, path, start)
        others = other_scripts(selected.server, request, start) if request else ()
        swap = next((mistake for mistake, file, _ in others if file == access.elsewhere), "")
        if request and swap == "front":
            return front_script(selected.server, request)
    return ""


def script_fix(nginx: Nginx, access: PageFileAccess) -> Fix | None:
    """Return the edit by which PHP gets the path at which the script is; None if that is not known.
    PHP runs what is in the folder then, so it needs a look."""
    path, start = nginx.evidence.target.path, nginx.start_folder
    for selected in nginx.answering_servers() if access.elsewhere else ():
        request = script_request(selected.server, path, start)
        if request is None or request.script.path != access.path:
            continue
        for mistake, file, folder in other_scripts(selected.server, request, start):
            if file == access.elsewhere:
                if mistake == "front":
                    changes = _to_program(nginx, selected.server, request)
                elif mistake == "nested":
                    changes = _nested(nginx, selected.server, request)
                else:
                    changes = _changes(nginx, request, mistake, folder)
                file_edits = config_edits(nginx, changes)
                if not file_edits:
                    return None
                return Fix((*file_edits, *reload_steps(nginx)), Applicability.REVIEW)
    return None


def requests_for_script(nginx: Nginx, script: str) -> Iterator[ScriptRequest]:
    """Yield how the target's path leads PHP to this script: in the blocks that answer, or in one to
    which they pass the path on."""
    answering = [selected.server for selected in nginx.answering_servers()]
    for server in (*answering, *nginx.servers):
        request = script_request(server, nginx.evidence.target.path, nginx.start_folder)
        if request is not None and request.script.path == script:
            yield request


def ending_fix(nginx: Nginx, access: PageFileAccess) -> Fix | None:
    """Return the edit by which PHP gets the file with ".php" where there is one, for addresses
    without the ending; other addresses keep their script."""
    request = next(requests_for_script(nginx, access.path), None)
    file = nginx.file(request.match.block) if request else None
    if request is None or file is None or access.elsewhere != f"{access.path}.php":
        return None
    name = next((each.args[1] for each in _names(request)[-1:] if len(each.args) > 1), USUAL_NAME)
    if not re.fullmatch(r"[\w./$-]{1,200}", name):
        return None
    lines = [
        f"set {_FILE} {name};",
        f"if (-f {_FILE}.php) {{",
        f"    set {_FILE} {_FILE}.php;",
        "}",
    ]
    changes = [
        edits.insert_first(file.text, request.match.block, lines),
        _named(request, file.text, _FILE),
    ]
    file_edits = config_edits(nginx, {file.path: changes})
    return Fix((*file_edits, *reload_steps(nginx)), Applicability.REVIEW) if file_edits else None


def inner_script_fix(nginx: Nginx, container: ScriptContainer) -> Fix | None:
    """Return the edit by which PHP in a container gets the path at which that sees the folder of
    the site; None if it sees none, or the location has the path from elsewhere."""
    path, start, seen = nginx.evidence.target.path, nginx.start_folder, container.seen_at
    if container.within:
        seen = container.within
    elif seen == container.folder:
        # Both see the folder at the same path, and the script is not in it.
        return None
    if not re.fullmatch(r"/[\w./-]{0,200}", seen):
        return None
    for selected in nginx.answering_servers():
        request = script_request(selected.server, path, start)
        wanted = (container.path, container.folder)
        if request is None or (request.script.path, request.script.folder) != wanted:
            continue
        file = nginx.file(request.match.block)
        if file is None or request.is_alias:
            return None
        root = request.match.directive("root")
        has_usual = any(name.args[1:] == (USUAL_NAME,) for name in _names(request)[-1:])
        if root is not None and has_usual and _is_seen(nginx, container):
            # nginx looks for the site's files there too.
            changes = {root.file: [edits.replace_directive(root, f"root {seen};")]}
        else:
            edit = _named(request, file.text, f"{seen.rstrip('/')}$fastcgi_script_name")
            changes = {file.path: [edit]}
        file_edits = config_edits(nginx, changes)
        return Fix((*file_edits, *reload_steps(nginx)), Applicability.REVIEW)
    return None


def _is_seen(nginx: Nginx, container: ScriptContainer) -> bool:
    """Return whether nginx sees the folder that has the script at the same path as PHP."""
    source = container.source_of(container.within) if container.within else ""
    own = next(iter(nginx.evidence.good(NginxContainer)), None)
    return bool(source) and source == (own.source_of(container.within) if own else container.within)


def _to_program(nginx: Nginx, server: Server, request: ScriptRequest) -> Changes:
    """Lead what is no file below the program's folder to its script. Of an `if`, `rewrite` is safe
    (ngx_http_rewrite_module); other paths keep their answer, and scripts that are there run."""
    location, block = program_location(server, request), request.match.block
    file, script = nginx.file(block), front_script(server, request)
    pattern = location_pattern(location) if location else None
    if file is None or pattern is None or not re.fullmatch(r"/[\w./-]*", pattern.text):
        return {}
    rule = f"rewrite ^{re.escape(pattern.text)} {script} last;"
    lines = ["if (!-f $request_filename) {", f"    {rule}", "}"]
    return {file.path: [edits.insert_first(file.text, block, lines)]}


def _nested(nginx: Nginx, server: Server, request: ScriptRequest) -> Changes:
    """Give the location of the prefix one of its own for PHP: it comes before those of the server
    block (ngx_http_core_module, "location")."""
    outdone, passing = outdone_location(server, request.uri), pass_directive_of(request.match)
    file = nginx.file(outdone.block) if outdone else None
    if outdone is None or file is None or passing is None or passing.name != "fastcgi_pass":
        return {}
    lines = ["include fastcgi_params;", f"{_NAME} $request_filename;"]
    lines.append(f"fastcgi_pass {' '.join(passing.args)};")
    block = ["location ~ \\.php$ {", *(f"    {line}" for line in lines), "}"]
    return {file.path: [edits.insert_last(file.text, outdone.block, block)]}


def _changes(nginx: Nginx, request: ScriptRequest, mistake: ScriptMistake, folder: str) -> Changes:
    block, changes = request.match.block, Changes()
    root = request.match.directive("root")
    if mistake == "below" and root is not None:
        return {root.file: [edits.replace_directive(root, f"root {folder};")]}
    file = nginx.file(block)
    if file is None or mistake == "below":
        return changes
    if mistake == "folder":
        roots = [root for root in children(block, "root") if root.file == block.file]
        line = f"root {folder};"
        changes[block.file] = [
            edits.replace_directive(roots[-1], line)
            if roots
            else edits.insert_first(file.text, block, [line])
        ]
    has_usual = any(name.args[1:] == (USUAL_NAME,) for name in _names(request)[-1:])
    if mistake == "name" or not has_usual:
        name = "$request_filename" if request.is_alias else USUAL_NAME
        changes.setdefault(block.file, []).append(_named(request, file.text, name))
    return changes


def _names(request: ScriptRequest) -> list[Directive]:
    return [
        parameter
        for parameter in request.match.directives("fastcgi_param")
        if parameter.args[:1] == ("SCRIPT_FILENAME",)
    ]


def _named(request: ScriptRequest, text: str, name: str) -> edits.TextEdit:
    """Write what PHP gets as the script's path, in the text of the location's own file."""
    block, line = request.match.block, f"{_NAME} {name};"
    own = [each for each in _names(request)[-1:] if each in children(block, "fastcgi_param")]
    if own and own[0].file == block.file:
        return edits.replace_directive(own[0], line)
    return edits.insert_last(text, block, [line])
