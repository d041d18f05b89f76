"""A WebDAV client names a folder without the slash at its end, and nginx wants one: MKCOL gets 409
("MKCOL can create a collection only"), DELETE of a folder 409 ("Is a directory")
(ngx_http_dav_module.c). RFC 4918 section 5.2 asks servers to take such an address too.

Windows, macOS and many programs leave the slash out. For MOVE and COPY of a folder the field
Destination would need the slash as well, which nginx cannot change.
"""

import re
from collections.abc import Iterator

from checks.nginx import Nginx, file_line
from checks.nginx._edits import config_edits
from checks.nginx._location_edits import location_fix
from checks.nginx._page_errors import logged_errors
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
from diagnose.model.nginx import NginxConfig
from diagnose.parsers.nginx import edits
from diagnose.parsers.nginx.config import children
from diagnose.parsers.nginx.locations import LocationMatch

_CREATES = re.compile(r"MKCOL can create a collection only")
_DELETES = re.compile(r'DELETE "[^"]{1,1000}" failed \(21: Is a directory\)')
_MESSAGE = re.compile(rf"{_CREATES.pattern}|{_DELETES.pattern}")
_REQUEST = re.compile(r'request: "(MKCOL|DELETE) (/[^ "?]{0,500})')
#: What decides about the request itself, which a `rewrite` before it would change.
_DECIDING = {"if", "rewrite", "set", "return", "proxy_pass", "break"}
_LINES = {
    "MKCOL": ["if ($request_method = MKCOL) {", "    rewrite ^(.*[^/])$ $1/ break;", "}"],
    "DELETE": [
        "set $collection $request_method;",
        "if (-d $request_filename) {",
        "    set $collection $request_method/;",
        "}",
        "if ($collection = DELETE/) {",
        "    rewrite ^(.*[^/])$ $1/ break;",
        "}",
    ],
}


@check(
    severity=Severity.WARNING,
    needs=[NginxConfig],
    explains=["nginx.own-answer", "nginx.other-requests-failed"],
)
def collection_slash(evidence: Evidence) -> Iterator[Claim]:
    nginx = Nginx.of(evidence)
    path, told = _refused_request(evidence)
    matches = list(nginx.location_matches(path)) if path else []
    if len({match.block for match in matches}) != 1:
        return
    match, (method, message) = matches[0], told
    methods = match.directive("dav_methods")
    if methods is None or method not in methods.args or path.endswith("/"):
        return
    outer = [rule.args for block in match.blocks for rule in children(block, "if")]
    if any("MKCOL" in " ".join(words) for words in outer):
        return
    own = {line.name for line in match.block.block or ()}
    if not own.isdisjoint(_DECIDING):
        return
    fix = _fix(nginx, match, [name for name in _LINES if name in methods.args])
    subject = Subject(port=evidence.target.port, path=path)
    yield Claim(
        about=subject,
        covers=(subject, Subject(port=evidence.target.port)),
        because=nginx.configs,
        confidence=Confidence.CERTAIN,
        location=nginx.location(methods),
        facts={
            "method": method,
            "path": path,
            "message": message,
            "place": file_line(methods),
            "location": match.block.text,
            "url": evidence.target.origin + path,
            "deletes": method == "DELETE",
        },
        fix=fix or Fix((Manual("add-the-slash", Where.SERVER),), Applicability.MANUAL),
    )


def _refused_request(evidence: Evidence) -> tuple[str, tuple[str, str]]:
    """Return the path of a request that nginx refused so, its method and nginx's words: those of
    the pasted message, else the last in the log. ("", …) without one."""
    symptom = evidence.target.symptom
    text = symptom.text if symptom else ""
    if (message := _MESSAGE.search(text)) and (request := _REQUEST.search(text)):
        return request[2], (request[1], message[0])
    for line, match in reversed(logged_errors(evidence, _MESSAGE)):
        method, _, rest = line.request.partition(" ")
        return rest.partition(" ")[0], (method, match[0])
    return "", ("", "")


def _fix(nginx: Nginx, match: LocationMatch, names: list[str]) -> Fix | None:
    file = nginx.file(match.block)
    if file is None or match.block.name != "location":
        return None
    # What a `limit_except` asks for a password carries out no `if` of its location.
    if children(match.block, "try_files") or children(match.block, "limit_except"):
        return None
    lines = [line for name in names for line in _LINES[name]]
    change = edits.insert_first(file.text, match.block, lines)
    file_edits = config_edits(nginx, {file.path: [change]})
    return location_fix(nginx, match, file_edits, sure=False) if file_edits else None
