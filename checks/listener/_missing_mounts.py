"""Why a container that ended had no file, by what is mounted into it: certbot's folder of links
without the files they lead to, or a file that it sees at another path than the one it was told."""

import posixpath
import re

from checks.listener._compose_edits import ComposeEdit, mount_change, new_mount_change
from diagnose.model.containers import BindMount, Container

_NAMES = (
    "missing_source", "archive_point", "links_volume", "links_path", "archive_volume", "seen_file",
    "seen_volume",
)  # fmt: skip

#: What certbot makes: live/NAME with four links.
_LINK = re.compile(r"(/[^\n]{1,400})/live/([^/\n]{1,255})/(?:cert|chain|fullchain|privkey)\.pem")


def missing_facts(container: Container, file: str) -> dict[str, str]:
    """Return what the mounts tell of a missing file. `missing_source` is its path on the server,
    where a mount holds it; `links_volume` and `links_path` are the mount and the path with which
    certbot's links lead to their files; `archive_volume` is the mount that brings the files to
    where the links lead in the container, if the path is to stay; `seen_file` is where the
    container has the server's file of that path, and `seen_volume` the mount that brings it to the
    path. "" for what is not so."""
    facts = dict.fromkeys(_NAMES, "")
    holder = _holder(container, file)
    if not file:
        return facts
    if holder is None:
        return facts | _seen_elsewhere(container, file)
    source = posixpath.join(holder.source, file[len(holder.point) :].lstrip("/"))
    return facts | {"missing_source": source} | _cut_links(container, holder, source, file)


def _holder(container: Container, path: str) -> BindMount | None:
    """Return the innermost mount that holds a path of the container."""
    mounts = [folder for folder in container.folders if _is_within(path, folder.point)]
    return max(mounts, key=lambda mount: len(mount.point), default=None)


def _is_within(path: str, folder: str) -> bool:
    return f"{path}/".startswith(f"{folder.rstrip('/')}/")


def _cut_links(container: Container, holder: BindMount, source: str, file: str) -> dict[str, str]:
    """certbot's live/NAME holds links to ../../archive/NAME (certbot, "Where are my
    certificates?"). A mount of live, or of a folder in it, holds none of these files."""
    link = _LINK.fullmatch(source)
    home = link[1] if link else ""
    is_cut = bool(home) and _is_within(holder.source, f"{home}/live")
    # A container that has the links of one name needs the files of no other.
    own = f"/{link[2]}" if link and _is_within(holder.source, f"{home}/live/{link[2]}") else ""
    archive = f"{home}/archive{own}"
    if not is_cut or any(_is_within(archive, folder.source) for folder in container.folders):
        return {}
    tail = holder.source[len(home) :].rstrip("/")
    point = holder.point.rstrip("/")
    if point.endswith(tail) and point != tail:
        home_point, path = point.removesuffix(tail), file
    else:
        home_point, path = "/etc/letsencrypt", f"/etc/letsencrypt{source[len(home) :]}"
    stays = path == file
    # ../../archive/NAME, seen from the folder of the links. Above the root there is nothing.
    there = posixpath.normpath(posixpath.join(posixpath.dirname(file), f"../../archive{own}"))
    return {
        "archive_point": point,
        "links_volume": f"{home}:{home_point}:ro",
        "links_path": "" if stays else path,
        "archive_volume": "" if stays else f"{archive}:{there}:ro",
    }


def _seen_elsewhere(container: Container, file: str) -> dict[str, str]:
    """The path is that of the server, and the container has its folder under another name."""
    for mount in sorted(container.folders, key=lambda mount: -len(mount.source)):
        if mount.source.strip("/") and _is_within(file, mount.source):
            rest = file[len(mount.source) :].lstrip("/")
            return {
                "seen_file": posixpath.join(mount.point, rest),
                "seen_volume": f"{mount.source}:{mount.source}:ro",
            }
    return {}


def missing_change(container: Container, file: str) -> ComposeEdit | None:
    """Return the change of a compose file that brings a missing file to its path: certbot's whole
    folder in the place of its links, a further mount of the files to which they lead, or one of
    what the container sees elsewhere. None if the mounts do not tell it."""
    facts, holder = missing_facts(container, file), _holder(container, file)
    if facts["links_volume"] and holder is not None and not facts["links_path"]:
        home, point, _ = facts["links_volume"].split(":")
        return mount_change(container, holder, BindMount(point, home))
    more = facts["archive_volume"] or facts["seen_volume"]
    return new_mount_change(more) if more else None
