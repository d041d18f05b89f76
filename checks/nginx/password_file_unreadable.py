"""The page asks for a password, and nginx cannot read the file that holds the passwords
(auth_basic_user_file): after the right password it answers 403 if the file is missing, and 500 if
its worker may not read it, or if it is a folder (ngx_http_auth_basic_module.c). Before it, all
seems well: 401.

The master tests the configuration as root and does not open the file. A worker reads it at each
request, as the user of the directive `user`.
"""

import posixpath
from collections.abc import Iterator

from checks.http import endpoint_subjects, exchanges_by_purpose
from checks.nginx import Nginx, file_line
from checks.nginx.file_forbidden import opened_to_others
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Command,
    Evidence,
    Fix,
    Manual,
    Severity,
    Where,
    commands,
    merge_subjects,
)
from diagnose.model.files import PasswordFileAccess
from diagnose.model.http import Exchange
from diagnose.model.nginx import Directive, NginxConfig
from diagnose.parsers.nginx.file_paths import password_file, password_path


@check(severity=Severity.ERROR, needs=[PasswordFileAccess, Exchange, NginxConfig])
def password_file_unreadable(evidence: Evidence) -> Iterator[Claim]:
    nginx = Nginx.of(evidence)
    asking = [page for page in exchanges_by_purpose(evidence, "target") if page.status == 401]
    accesses = {access.path: access for access in evidence.good(PasswordFileAccess)}
    for access in accesses.values() if asking else ():
        directive = _directive(nginx, access.path)
        if directive and (not access.exists or access.is_folder or access.denied_parts):
            yield _claim(nginx, asking, access, directive)


def _directive(nginx: Nginx, path: str) -> Directive | None:
    folder = posixpath.dirname(nginx.config.path) if nginx.config else ""
    for match in nginx.location_matches(nginx.evidence.target.path):
        file = password_file(match, folder)
        if file and password_path(file, folder) == path:
            return file
    return None


def _claim(
    nginx: Nginx, asking: list[Exchange], access: PasswordFileAccess, directive: Directive
) -> Claim:
    subjects = endpoint_subjects(asking)
    closed = access.denied_parts if access.exists and not access.is_folder else ()
    return Claim(
        about=merge_subjects(subjects),
        covers=subjects,
        because=(access, *asking, *nginx.configs),
        facts={
            "url": asking[0].url,
            "file": access.path,
            "place": file_line(directive),
            "user": access.user,
            "group": access.group,
            "closed": tuple(f"{part.path} ({part.mode_and_owner})" for part in closed),
            "folder": access.is_folder,
            "status": 500 if closed or access.is_folder else 403,
        },
        location=nginx.location(directive),
        fix=_fix(access),
    )


def _fix(access: PasswordFileAccess) -> Fix:
    """Folders are opened; the file itself holds hashes, so that its group gets it, by hand."""
    if access.is_folder:
        return Fix((Manual("name-the-file", Where.SERVER),), Applicability.MANUAL)
    closed = access.denied_parts
    if access.exists and closed and all(part.folder for part in closed):
        return Fix(tuple(map(opened_to_others, closed)), Applicability.REVIEW)
    if access.exists and closed and access.group and access.user != "root":
        return Fix(tuple(_steps(access)), Applicability.REVIEW)
    by_hand = "let-nginx-read" if access.exists else "make-the-file"
    return Fix((Manual(by_hand, Where.SERVER),), Applicability.MANUAL)


def _steps(access: PasswordFileAccess) -> Iterator[Command]:
    """Let the group of the workers read the file, and everybody enter the folders."""
    for part in access.denied_parts:
        if part.folder:
            yield opened_to_others(part)
            continue
        # The bits of the owner count for the owner alone (path_resolution(7)).
        is_owner = part.uid == access.uid
        if not is_owner and part.group != access.group:
            yield commands.chgrp(access.group, part.path, before=part.group)
        yield commands.chmod("u+r" if is_owner else "g+r", part.path, before=part.mode)
