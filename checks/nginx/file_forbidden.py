"""nginx's worker may not read a file of the site, or not enter a folder on the way to it (EACCES).

The master reads the configuration and the certificates as root; the pages are read by a worker, as
the user of the directive `user`. It needs the read permission on the file and the search permission
on every folder above it (path_resolution(7)), and SELinux's permission where that is enforced. Its
unit may hide a folder from it (systemd.exec(5), ProtectHome=, InaccessiblePaths=), and an access
control list may deny what the bits allow (acl(5)).
"""

import posixpath
from collections.abc import Iterable, Iterator

from checks.nginx import Nginx
from checks.nginx._commands import systemd_unit
from checks.nginx._page_errors import failed_sockets, page_error
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
)
from diagnose.model.files import PageAccess, PathComponent
from diagnose.model.http import Exchange
from diagnose.model.logs import LogLine
from diagnose.parsers.linux.mounts import hiding_folder
from diagnose.parsers.nginx import error_log

#: nginx responds 403, 404 if try_files has other files, and 500 if those lead back.
_STATUSES = frozenset({403, 404, 500})
#: What ProtectHome= hides.
_HOMES = {"/home", "/root", "/run/user"}


@check(
    severity=Severity.ERROR,
    needs=[LogLine, Exchange],
    explains=[
        "http.server-error",
        "http.redirect-to-error",
        "nginx.redirect-cycle",
        "nginx.index-missing",
        "nginx.target-not-found",
        "upstream.script-not-found",
    ],
)
def file_forbidden(evidence: Evidence) -> Iterator[Claim]:
    error = page_error(evidence, error_log.FILE_DENIED, _STATUSES)
    if error is None:
        return
    path = error.match[1]
    access = next((access for access in evidence.good(PageAccess) if access.path == path), None)
    nginx = Nginx.of(evidence)
    hidden = hiding_folder(nginx.master.private, path) if nginx.master else ""
    closed = access.denied_parts if access and not hidden else ()
    label = access.parts[-1] if access and access.enforcing and access.parts else None
    label = None if hidden else label
    listed = [part.path for part in access.parts if part.listed] if access else []
    is_listed = bool(listed) and not closed and not label and not hidden
    tree = _closed_tree(nginx, path, closed)
    beside = access.beside if access and not tree and not is_private(path, closed) else 0
    yield Claim(
        about=error.subjects[0],
        covers=(*error.subjects, *failed_sockets(evidence, _STATUSES)),
        because=(*error.because, *([access] if access else [])),
        facts={
            **error.facts,
            "file": path,
            "user": access.user if access else "",
            "closed": tuple(f"{part.path} ({part.mode_and_owner})" for part in closed),
            "selinux": bool(label) and not closed,
            "label": label.label if label and not closed else "",
            "private": is_private(path, closed),
            "hidden": hidden,
            "home": hidden in _HOMES,
            "unit": systemd_unit(nginx) or "nginx",
            "listed": tuple(listed) if is_listed else (),
            "tree": tree,
            "beside": beside,
            "folder": posixpath.dirname(path),
            "unknown": not closed and not label and not hidden and not is_listed,
        },
        confidence=error.confidence,
        fix=_show_fix() if hidden else _fix(path, access, closed, tree, beside),
    )


def _show_fix() -> Fix:
    return Fix((Manual("show-the-folder", Where.SERVER),), Applicability.MANUAL)


def _closed_tree(nginx: Nginx, path: str, closed: tuple[PathComponent, ...]) -> str:
    """Return the folder of the site that was copied with a mask such as 077: a folder from `root`
    on is closed, and so is the file. "" for a single file, or a script."""
    is_file = any(not part.folder for part in closed)
    if not is_file or is_private(path, closed) or path.endswith(".php"):
        return ""
    roots = {
        posixpath.normpath(directive.args[0])
        for match in nginx.location_matches(nginx.evidence.target.path_without_query)
        if (directive := match.directive("root")) and directive.args[0].startswith("/")
    }
    folders = [part.path for part in closed if part.folder]
    inside = (
        folder for folder in folders if any(f"{folder}/".startswith(f"{root}/") for root in roots)
    )
    return next(inside, "")


def _fix(
    path: str,
    access: PageAccess | None,
    closed: tuple[PathComponent, ...],
    tree: str,
    beside: int,
) -> Fix:
    if tree:
        opened = (*map(opened_to_others, closed), *commands.open_tree(tree))
        return Fix((Manual("open-the-tree", Where.SERVER, commands=opened),), Applicability.MANUAL)
    if closed and beside:
        opened = (*map(opened_to_others, closed), commands.open_files(posixpath.dirname(path)))
        return Fix((Manual("open-the-files", Where.SERVER, commands=opened),), Applicability.MANUAL)
    if closed and not is_private(path, closed):
        return Fix(tuple(map(opened_to_others, closed)), Applicability.REVIEW)
    file = access.mislabelled_file if access and access.default and not closed else None
    if file:
        return Fix((commands.restore_label(file.path, before=file.label),))
    return Fix((Manual("let-nginx-read", Where.SERVER),), Applicability.MANUAL)


def is_private(path: str, closed: Iterable[PathComponent]) -> bool:
    """Return whether a path, or what denies the access to it behind a link, stays closed."""
    # Imported late: only a finding needs it.
    from checks.server._opened_folders import PRIVATE_FOLDERS

    paths = (path, *(part.path for part in closed))
    return any(f"{each}/".startswith(PRIVATE_FOLDERS) for each in paths)


def opened_to_others(part: PathComponent) -> Command:
    """Let all users enter the folder or read the file, as web servers need it."""
    permission = "x" if part.folder else "r"
    return commands.chmod(f"o+{permission}", part.path, before=part.mode)
