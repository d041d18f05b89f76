"""Looks for the files of a site in the mounts of the web server's container, after the server did
not find them: the folder of the site may be mounted at another path than the configuration names,
and an engine makes an empty folder where the server has none of that name.

The probes of the missing page ask for it (`target_files`, `fallback_files`, `site_folders`).
"""

import asyncio
import posixpath
import re
import shlex
from collections.abc import Iterable, Iterator, Sequence

from diagnose.machine import Machine
from diagnose.machine.container import ContainerMachine
from diagnose.model import Vantage
from diagnose.model.containers import BindMount, ComposeService, NginxContainer, SiteMounts
from diagnose.parsers.sanitize import UNSAFE, clean
from diagnose.probes import ProbeContext
from diagnose.probes.inside.containers import read_containers

#: Most mounts that are looked into.
MAX_MOUNTS = 8
_INDEXES = ("index.html", "index.htm", "index.php")
#: Folders of a container in which no site is.
_OTHERS = ("/etc", "/run", "/var/run", "/var/log", "/var/cache", "/tmp", "/root", "/lib", "/bin")
#: Characters that a shell's pattern takes for others.
_WILD = re.compile(r"[*?\[\]{}\\]")


async def observe_site_mounts(
    ctx: ProbeContext, folder: str, file: str, used: Iterable[str] = ()
) -> None:
    """Emit where the container has a file that was looked for in `folder`, if not there. Folders
    that are `used` for another purpose are none in which the site is."""
    container = next(iter(ctx.observed(NginxContainer)), None)
    machine, folder = ctx.machine, posixpath.normpath(folder)
    if container is None or container.own_network or ctx.observed(SiteMounts):
        return
    if not isinstance(machine, ContainerMachine) or UNSAFE.search(f"{folder}{file}"):
        return
    names = _names(folder, file)
    if not folder.startswith("/") or not names or _WILD.search(f"{folder}{file}"):
        return
    at = ctx.elapsed()
    paths = [folder, f"{folder}/*", *(posixpath.join(folder, name) for name in names)]
    exists, content, *own = await asyncio.gather(*map(machine.glob, paths))
    if any(own) or ctx.observed(SiteMounts):
        return
    source = container.source_of(folder)
    is_empty = bool(exists) and not content
    taken = {posixpath.normpath(path) for path in used if path.startswith("/")} - {folder}
    mounts = [mount for mount in container.mounts if _may_have_site(mount, folder, taken)]
    folders = await _folders_with_file(machine, mounts[:MAX_MOUNTS], names, taken)
    beside = (
        await _folder_of_compose_file(machine.server, container, source, names) if is_empty else ""
    )
    if folders or (is_empty and source):
        ctx.emit(
            SiteMounts(
                vantage=Vantage.SERVER,
                at=at,
                took=ctx.elapsed() - at,
                equivalent=f"ls -la {shlex.quote(folder)}",
                folder=clean(folder, 400),
                exists=bool(exists),
                is_empty=is_empty,
                source=clean(source, 400),
                found=tuple(clean(each, 400) for each in folders[:4]),
                beside=clean(beside, 400),
            )
        )


def _names(folder: str, file: str) -> list[str]:
    """Return what is looked for below the folder: the file, or the index files of a folder."""
    rest = file[len(folder) :].strip("/") if f"{file}/".startswith(f"{folder}/") else ""
    is_file = "." in posixpath.basename(rest) and not file.endswith("/")
    if ".." in rest.split("/"):
        return []
    return [rest] if is_file else [posixpath.join(rest, name) for name in _INDEXES]


def _may_have_site(mount: BindMount, folder: str, taken: set[str]) -> bool:
    is_other = f"{mount.point}/".startswith(tuple(f"{other}/" for other in _OTHERS))
    return not is_other and mount.point not in taken | {folder}


async def _folders_with_file(
    machine: Machine, mounts: Sequence[BindMount], names: Sequence[str], taken: set[str]
) -> list[str]:
    """Return the folders of the mounts, and those in them, that have the file."""
    patterns = {
        f"{mount.point.rstrip('/')}/{inner}{name}": name
        for mount in mounts
        if not _WILD.search(mount.point)
        for inner in ("", "*/")
        for name in names
    }
    groups = await asyncio.gather(*map(machine.glob, patterns))
    folders = {
        path.removesuffix(f"/{name}"): None
        for name, group in zip(patterns.values(), groups, strict=True)
        for path in group
    }
    return sorted(folder for folder in folders if folder not in taken and folder.startswith("/"))


async def _folder_of_compose_file(
    server: Machine, container: NginxContainer, source: str, names: Sequence[str]
) -> str:
    """Return the folder of the server, in that of the compose file, that has the file; "" if there
    is none, or several."""
    lists = await read_containers(server)
    compose = [each.compose for each in lists.containers if each.id == container.digest]
    patterns = list(_patterns(next(filter(None, compose), None), names))
    groups = await asyncio.gather(*(server.glob(pattern) for pattern, _ in patterns))
    folders = {
        path.removesuffix(f"/{name}")
        for (_, name), group in zip(patterns, groups, strict=True)
        for path in group
    }
    others = [folder for folder in folders if folder != source and "node_modules" not in folder]
    return others[0] if len(others) == 1 else ""


def _patterns(compose: ComposeService | None, names: Sequence[str]) -> Iterator[tuple[str, str]]:
    folder = compose.folder.rstrip("/") if compose else ""
    if folder.startswith("/") and not _WILD.search(folder):
        for inner in ("*", "*/dist", "*/build", "*/public"):
            for name in names:
                yield f"{folder}/{inner}/{name}", name
