"""A deployment switches the link `current` to a new release, and visitors still get the old pages:
SCRIPT_FILENAME names PHP's script by the link.

OPcache keeps a script under the path that it resolved, and PHP's realpath cache goes on resolving
the link to the old release, in each process for itself. `$realpath_root` is the folder behind the
link: each release has paths of its own (ngx_http_core_module, "$realpath_root"; php.net,
opcache.validate_timestamps and realpath_cache_ttl).

Only a message shows that the content is old. So it is likely, and told after one alone.
"""

import posixpath
from collections.abc import Iterator

from checks.nginx import Nginx, file_line
from checks.nginx._edits import Changes, config_edits
from checks.nginx._location_edits import location_fix
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Confidence,
    Evidence,
    Fix,
    Manual,
    Severity,
    Subject,
    Where,
)
from diagnose.model.nginx import Directive, NginxConfig
from diagnose.parsers.nginx import edits
from diagnose.parsers.nginx.script_paths import ScriptRequest, script_request

#: The name that Capistrano, Deployer, Envoyer and Ansistrano give the link.
_LINK = "current"
_ROOT, _BEHIND = "$document_root", "$realpath_root"
_NAMES = frozenset({"SCRIPT_FILENAME", "DOCUMENT_ROOT"})
#: Files that nginx' package brings, and that all sites read.
_SHARED = frozenset({"fastcgi.conf", "fastcgi_params", "fastcgi-php.conf"})


@check(severity=Severity.WARNING, needs=[NginxConfig], needs_message=True)
def script_by_link(evidence: Evidence) -> Iterator[Claim]:
    symptom, target, nginx = evidence.target.symptom, evidence.target, Nginx.of(evidence)
    if symptom is None or symptom.kind != "cached":
        return
    for selected in nginx.answering_servers():
        request = script_request(selected.server, target.path, nginx.start_folder)
        if request is None or f"/{_LINK}/" not in f"{request.script.folder}/":
            continue
        lines = _lines(request)
        if not any(line.args[0] == "SCRIPT_FILENAME" for line in lines):
            continue
        yield Claim(
            about=Subject(port=target.port, path=target.path_without_query),
            covers=(Subject(port=target.port),),
            because=(nginx.config,) if nginx.config else (),
            confidence=Confidence.LIKELY,
            location=nginx.location(lines[0]),
            facts={
                "directive": lines[0].text,
                "place": file_line(lines[0]),
                "folder": request.script.folder,
                "script": request.script.path,
            },
            fix=_fix(nginx, request, lines),
        )
        return


def _lines(request: ScriptRequest) -> list[Directive]:
    """Return the parameters that name the script and its folder by the link."""
    return [
        line
        for line in request.match.directives("fastcgi_param")
        if len(line.args) > 1 and line.args[0] in _NAMES and _ROOT in line.args[1]
    ]


def _fix(nginx: Nginx, request: ScriptRequest, lines: list[Directive]) -> Fix:
    """Name the folder behind the link: where the lines are, or in the location if all sites read
    their file. PHP takes the last parameter of a name."""
    changes: Changes = {}
    block = request.match.block
    own: list[str] = []
    for line in lines:
        name, value, *more = line.args
        written = " ".join((line.name, name, value.replace(_ROOT, _BEHIND), *more)) + ";"
        if posixpath.basename(line.file) not in _SHARED:
            changes.setdefault(line.file, []).append(edits.replace_directive(line, written))
        elif file := nginx.file(block):
            own.append(written)
            last = edits.insert_last(file.text, block, own)
            kept = [each for each in changes.get(block.file, []) if each.start != last.start]
            changes[block.file] = [*kept, last]
    file_edits = config_edits(nginx, changes) if changes else ()
    if not file_edits:
        return Fix((Manual("name-the-folder", Where.SERVER),), Applicability.MANUAL)
    return location_fix(nginx, request.match, file_edits, sure=False)
