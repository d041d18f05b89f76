"""The web server in a container does not find the site's files: they are mounted at another path
than its configuration names, or the folder of the server that is mounted there is empty.

An engine makes an empty folder where the server has none of the name of a mount (docker-run(1),
`--volume`), and a mount hides what the image has at its path. Folders that another site of the same
server uses are not taken for the site's.
"""

import posixpath
from collections.abc import Iterator

from checks.http import endpoint_subjects
from checks.listener._compose_edits import mount_fix
from checks.listener._containers import recreating_command
from checks.nginx import Nginx
from checks.nginx._commands import reload_steps
from checks.nginx._edits import config_edit
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
from diagnose.model.containers import BindMount, NginxContainer, SiteMounts
from diagnose.model.http import Exchange, page_exchanges
from diagnose.model.web_servers import TITLES, WebServer
from diagnose.parsers.nginx import edits
from diagnose.parsers.nginx.config import walk


@check(
    severity=Severity.ERROR,
    needs=[NginxContainer, SiteMounts, Exchange],
    explains=[
        "http.answer-says-why",
        "http.client-route-missing",
        "http.server-error",
        "nginx.fallback-file-missing",
        "nginx.folder-missing",
        "nginx.front-controller-missing",
        "nginx.index-missing",
        "nginx.own-answer",
        "nginx.redirect-cycle",
        "nginx.target-not-found",
        "server.own-answer",
        "server.page-missing",
    ],
)
def files_mounted_elsewhere(evidence: Evidence) -> Iterator[Claim]:
    pages = [page for page in page_exchanges(evidence) if page.status in {403, 404, 500}]
    container = next(iter(evidence.good(NginxContainer)))
    mounts = next(iter(evidence.good(SiteMounts)))
    mounted_folder = mounts.found[0] if len(mounts.found) == 1 else ""
    if not pages or not (mounted_folder or (mounts.is_empty and mounts.source)):
        return
    nginx, subjects = Nginx.of(evidence), endpoint_subjects(pages)
    is_front = evidence.target.path_without_query == "/"
    server = next(iter(evidence.good(WebServer)), None)
    yield Claim(
        about=merge_subjects(subjects),
        covers=(*subjects, Subject(port=evidence.target.port)),
        because=(*pages, mounts, container, *nginx.configs),
        confidence=Confidence.CERTAIN if is_front and not mounted_folder else Confidence.LIKELY,
        severity=None if is_front or not mounts.exists else Severity.WARNING,
        facts={
            "url": pages[0].url,
            "server": TITLES[server.product] if server else "nginx",
            "container": container.title,
            "engine": container.engine or "docker",
            "folder": mounts.folder,
            "found": mounted_folder,
            "empty": mounts.is_empty and not mounted_folder,
            "source": container.source_of(mounted_folder) if mounted_folder else mounts.source,
            "beside": mounts.beside,
            "volume": f"{_volume_source(container, mounts, mounted_folder)}:{mounts.folder}:ro",
            "recreate": recreating_command(evidence, container.digest),
        },
        fix=_fix(nginx, container, mounts, mounted_folder),
    )


def _volume_source(container: NginxContainer, mounts: SiteMounts, mounted_folder: str) -> str:
    return container.source_of(mounted_folder) if mounted_folder else mounts.beside or mounts.source


def _fix(nginx: Nginx, container: NginxContainer, mounts: SiteMounts, mounted_folder: str) -> Fix:
    """Let `root` name the folder that has the files, in a file that the server lends to the
    container: what is changed in an image's own file is lost with the container."""
    manual = _mount_fix(nginx.evidence, container, mounts, mounted_folder)
    tree = walk(nginx.config.main) if nginx.config and mounted_folder else ()
    lines = [line for line in tree if line.name in {"root", "alias", "fastcgi_pass"}]
    own = [
        line
        for line in lines
        if line.name == "root" and line.args and posixpath.normpath(line.args[0]) == mounts.folder
    ]
    # PHP in another container is told the same folder.
    if len(own) != 1 or any(line.name == "fastcgi_pass" for line in lines):
        return manual
    if not container.source_of(own[0].file):
        return manual
    change = edits.replace_directive(own[0], f"root {mounted_folder};")
    edit = config_edit(nginx, own[0].file, change)
    return Fix((edit, *reload_steps(nginx)), Applicability.REVIEW) if edit else manual


def _mount_fix(
    evidence: Evidence, container: NginxContainer, mounts: SiteMounts, mounted_folder: str
) -> Fix:
    """Mount the folder that has the files where the web server looks."""
    if mounts.beside and not mounted_folder:
        return mount_fix(
            evidence, container, BindMount(mounts.folder, mounts.beside), mounts.folder
        )
    new = BindMount(mounts.folder, container.source_of(mounted_folder) if mounted_folder else "")
    if mounted_folder and not mounts.exists:
        return mount_fix(evidence, container, new, mounted_folder)
    return Fix((Manual("mount-it-there", Where.SERVER),), Applicability.MANUAL)
