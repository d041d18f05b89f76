"""Looks for the site of an empty folder: the only folder beside it that has an index file, itself
or in its public folder, and that no other line of nginx's configuration names."""

import posixpath
from collections.abc import Collection

from diagnose.machine import Machine
from diagnose.model.nginx import NginxConfig
from diagnose.parsers.nginx.config import walk
from diagnose.parsers.nginx.file_paths import PUBLIC_FOLDERS
from diagnose.parsers.sanitize import UNSAFE

#: Folders whose folders are no sites.
_SYSTEM = ("", "/", "/usr", "/usr/share", "/usr/share/nginx", "/usr/local", "/etc")
#: Most folders beside the empty one.
MAX_NEIGHBORS = 50


async def neighbor_index(
    machine: Machine, config: NginxConfig, folder: str, names: Collection[str]
) -> list[str]:
    """Return the index file of the only site beside an empty folder, by one of these names; none if
    there is no site, or more."""
    parent = posixpath.dirname(folder)
    if parent in _SYSTEM or UNSAFE.search(folder) or await machine.glob(f"{folder}/*"):
        return []
    files = [
        file
        for name in names
        for depth in ("*", "*/*")
        for file in await machine.glob(f"{parent}/{depth}/{name}")
    ]
    used = _named_folders(config) - {folder}
    sites: dict[str, list[str]] = {}
    for file in files:
        neighbor, *inner = posixpath.dirname(file).removeprefix(f"{parent}/").split("/")
        site = f"{parent}/{neighbor}"
        is_named = any(f"{path}/".startswith(f"{site}/") for path in used)
        is_public = not inner or inner[0] in PUBLIC_FOLDERS
        if site != folder and is_public and not is_named and not UNSAFE.search(file):
            sites.setdefault(site, []).append(file)
    if len(sites) != 1 or len(files) > MAX_NEIGHBORS:
        return []
    (indexes,) = sites.values()
    # A project's own index file is for no visitor where it has a public folder.
    publics = [file for file in indexes if file.count("/") > parent.count("/") + 2]
    folders = {posixpath.dirname(file) for file in publics or indexes}
    return (publics or indexes)[:1] if len(folders) == 1 else []


def _named_folders(config: NginxConfig) -> set[str]:
    return {
        posixpath.normpath(directive.args[0])
        for directive in walk(config.main)
        if directive.name in {"root", "alias"} and directive.args
    }
