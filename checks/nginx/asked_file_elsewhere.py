"""The file that is asked for is not in the folder in which nginx looks, and lies in another folder
of the same project: "downloads" beside "public", or in the folder of the program behind nginx,
which serves no files itself.

Nothing else shows that the folder is meant for visitors, so the cause is likely, and the whole
folder becomes public by the remedy.
"""

import posixpath
import re
from collections.abc import Iterator

from checks.http import endpoint_subjects
from checks.nginx import Nginx, file_line
from checks.nginx._edits import config_edits
from checks.nginx._location_edits import location_fix
from checks.nginx._sibling_files import free_folder, location_owner, real_folder
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
    merge_subjects,
)
from diagnose.model.files import PageFileAccess, SiblingFile
from diagnose.model.http import Exchange, page_exchanges
from diagnose.model.nginx import NginxConfig
from diagnose.parsers.nginx import edits
from diagnose.parsers.nginx.file_paths import PUBLIC_FOLDERS, ServedFile, served_file
from diagnose.parsers.nginx.final_requests import final_request
from diagnose.parsers.nginx.locations import LocationMatch, location_pattern
from diagnose.parsers.nginx.upstreams import pass_directive_of

#: Folders that hold the projects of many.
_SHARED = {"/", "/var", "/var/www", "/srv", "/opt", "/home", "/usr/share/nginx", "/data", "/www"}

#: Lines of a location that another one would lack.
_RULES = {
    "allow", "deny", "satisfy", "auth_basic", "auth_request", "auth_jwt", "internal", "if",
    "return", "rewrite", "limit_except", "secure_link", "valid_referers",
}  # fmt: skip


@check(
    severity=Severity.WARNING,
    needs=[NginxConfig, SiblingFile, Exchange],
    explains=["http.client-route-missing", "nginx.own-answer", "nginx.page-file-not-found"],
)
def asked_file_elsewhere(evidence: Evidence) -> Iterator[Claim]:
    nginx, target = Nginx.of(evidence), evidence.target
    asked = target.path_without_query
    pages = tuple(page for page in page_exchanges(evidence) if page.status == 404)
    sibling = next(
        (
            sibling_file
            for sibling_file in evidence.good(SiblingFile)
            if sibling_file.url == target.origin + asked
        ),
        None,
    )
    selected = next(iter(nginx.answering_servers()), None)
    if not pages or sibling is None or selected is None or nginx.is_refused:
        return
    match, path = final_request(selected.server, asked)
    passing = pass_directive_of(match)
    served = None if passing else served_file(match, path, start=nginx.start_folder)
    folder = free_folder(evidence, asked)
    if not folder.endswith("/") or _is_explained(evidence, sibling.url):
        return
    if not (passing and sibling.of_program) and not _is_of_project(served, sibling):
        return
    real, owner = real_folder(sibling.path, asked, folder), location_owner(nginx, folder)
    directive = passing or (served.directive if served else match.block)
    subjects = endpoint_subjects(pages)
    yield Claim(
        about=merge_subjects(subjects),
        covers=(*subjects, Subject(port=target.port, path=asked)),
        because=(*pages, sibling, *((nginx.config,) if nginx.config else ())),
        confidence=Confidence.LIKELY,
        location=nginx.location(directive),
        facts={
            "file": sibling.url,
            "asked": served.path if served else "",
            "application": passing.args[0] if passing else "",
            "directive": directive.text,
            "place": file_line(directive),
            "real_file": sibling.path,
            "folder": folder,
            "real": real,
            "owner": " ".join(("location", *owner.args)) if owner else "",
            "owner_place": file_line(owner) if owner else "",
            "denied": tuple(part.path for part in sibling.denied_parts),
            "user": sibling.user,
        },
        fix=None if owner or sibling.denied_parts else _fix(nginx, match, folder, real),
    )


def _is_explained(evidence: Evidence, url: str) -> bool:
    """Return whether the file is in nginx's own folder, or a known mistake leads past it."""
    accesses = evidence.good(PageFileAccess)
    return any(access.url == url and (access.exists or access.elsewhere) for access in accesses)


def _is_of_project(served: ServedFile | None, sibling: SiblingFile) -> bool:
    """Return whether the file lies in the project whose folder for visitors nginx has."""
    if served is None or served.path == sibling.path:
        return False
    project, name = posixpath.split(served.folder.rstrip("/"))
    if name not in PUBLIC_FOLDERS:
        project = served.folder.rstrip("/")
    return project not in _SHARED and sibling.path.startswith(f"{project}/")


def _fix(nginx: Nginx, match: LocationMatch, folder: str, real: str) -> Fix:
    """Serve the folder by a location of its own; the words alone where the folder has another name
    than in the address, or the location that answers now closes something."""
    server = next((block for block in match.blocks if block.name == "server"), None)
    file = nginx.file(server) if server else None
    is_plain = re.fullmatch(r"/[\w./-]*/", real) and re.fullmatch(r"/[\w./-]+/", folder)
    own = set() if match.block is server else {line.name for line in match.block.block or ()}
    is_open = own.isdisjoint(_RULES)
    if server is not None and file is not None and is_plain and is_open and real.endswith(folder):
        pattern = location_pattern(match.block) if match.block is not server else None
        is_expression = pattern is not None and pattern.modifier in {"~", "~*"}
        head = f"location {'^~ ' if is_expression else ''}{folder}"
        change = edits.insert_location(file.text, server, head, [f"alias {real};"])
        file_edits = config_edits(nginx, {server.file: [change]})
        if file_edits:
            return location_fix(nginx, match, file_edits, sure=False)
    return Fix((Manual("serve-the-folder", Where.SERVER),), Applicability.MANUAL)
