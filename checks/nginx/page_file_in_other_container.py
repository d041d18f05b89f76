"""nginx in a container looks for a style sheet or script of the page where its own root or alias
leads, and another container has the file at that path: the folder is not mounted into nginx's.

Each container has files of its own. The application's has them in its image, or from a mount that
nginx's container lacks (docker-compose(5), `volumes`). The container of another site often has a
file of the same name, "style.css": one of another compose project, or with a web server's own
folder.
"""

import posixpath
import re
from collections.abc import Iterator

from checks.http import _page_files as page_files
from checks.listener._compose_edits import compose_fix, container_by_id, new_mount_change
from checks.listener._containers import recreating_command
from checks.nginx import Nginx, file_line
from checks.nginx._page_files import ExaminedFile, examined_files
from diagnose.checking.registry import check
from diagnose.model import Claim, Confidence, Evidence, Severity
from diagnose.model.containers import Container, NginxContainer
from diagnose.model.files import PageFileAccess
from diagnose.model.nginx import NginxConfig
from diagnose.model.pages import PageFileResponse
from diagnose.model.site_folders import FileHolder
from diagnose.parsers.nginx.file_paths import ServedFile, served_file

#: What the images of web servers serve: each container has its own site there.
_OWN_FOLDER = re.compile(r"/usr/(?:share/nginx/html|share/caddy|local/apache2/htdocs)/")


@check(
    severity=Severity.WARNING,
    needs=[NginxConfig, NginxContainer, PageFileResponse, PageFileAccess, FileHolder],
    explains=["nginx.page-file-not-found", "http.page-file-missing", "http.page-file-type"],
)
def page_file_in_other_container(evidence: Evidence) -> Iterator[Claim]:
    holders = {holder.path: holder for holder in evidence.good(FileHolder)}
    missing = [file for file in examined_files(evidence) if file.is_missing]
    held = [file for file in missing if file.access.path in holders]
    own = next(iter(evidence.good(NginxContainer)))
    for file in held[:1]:
        nginx, holder = Nginx.of(evidence), holders[file.access.path]
        place = next(iter(nginx.location_matches(file.refused.path)), None)
        served = served_file(place, file.refused.path, start=nginx.start_folder) if place else None
        if served is None:
            continue
        folder = _folder(file, served)
        other = container_by_id(evidence, holder.container)
        nginx_container = container_by_id(evidence, own.digest)
        projects = _project(nginx_container), _project(other)
        if _OWN_FOLDER.match(file.access.path) or (all(projects) and len({*projects}) > 1):
            continue
        volume = _volume(holder, other, folder)
        changes = (
            ((nginx_container, new_mount_change(volume)),) if nginx_container and volume else ()
        )
        severity = page_files.severity(file.page, [each.url for each in missing])
        yield Claim(
            about=page_files.page_subject(file.page),
            because=(file.refused.response, file.access, holder, own),
            severity=severity,
            confidence=Confidence.CERTAIN if all(projects) else Confidence.LIKELY,
            location=nginx.location(served.directive),
            facts={
                "file": file.url,
                "path": file.access.path,
                "others": tuple(each.access.path for each in missing if each is not file),
                "directive": served.directive.text,
                "place": file_line(served.directive),
                "container": own.title,
                "holder": other.name if other else holder.container[:12],
                "engine": own.engine or "docker",
                "folder": folder,
                "source": holder.source,
                "volume": volume,
                "breaks": severity is Severity.ERROR,
                "recreate": recreating_command(evidence, own.digest),
            },
            fix=compose_fix(evidence, "mount-it-there", *changes),
        )


def _project(container: Container | None) -> str:
    return container.compose.project if container and container.compose else ""


def _folder(file: ExaminedFile, served: ServedFile) -> str:
    """Return the folder that nginx needs: the one that `alias` names, or the one of the location's
    prefix below `root`, and no more of the application than that."""
    folder = posixpath.normpath(served.folder)
    if served.directive.name == "alias":
        return folder
    path = file.access.path
    first = path[len(folder) :].strip("/").split("/")[0]
    return posixpath.join(folder, first) if path.startswith(f"{folder}/") else folder


def _volume(holder: FileHolder, other: Container | None, folder: str) -> str:
    """Return the mount that brings the folder into nginx's container; "" if it is not known: the
    file is in the image alone, or a part of a named volume."""
    point = posixpath.normpath(holder.point) if holder.point else ""
    if holder.source and f"{folder}/".startswith(f"{point.rstrip('/')}/"):
        rest = folder[len(point) :].strip("/")
        return f"{posixpath.join(holder.source, rest).rstrip('/')}:{folder}:ro"
    if holder.volume and point == folder and other and other.compose:
        project = f"{other.compose.project}_"
        return f"{holder.volume.removeprefix(project)}:{folder}:ro"
    return ""
