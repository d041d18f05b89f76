"""Looks for a file whose name differs from the requested one in upper and lower case alone."""

import posixpath
import re
import shlex

from diagnose.model import Vantage
from diagnose.model.site_folders import FileInOtherCase
from diagnose.parsers.sanitize import UNSAFE, clean
from diagnose.parsers.urls import path_of
from diagnose.probes import ProbeContext

#: Maximum length of a path below a folder.
_LONGEST = 300
#: Characters that a pattern takes for others, and what is encoded in a URL.
_WILD = re.compile(r"[*?\[\]{}\\%\s]")


async def emit_other_case(ctx: ProbeContext, url: str, folder: str, file: str) -> None:
    """Emit the only file or folder that has the name of `file` but for its case, below the folder
    of a site. A hidden one is left out: it is kept from visitors."""
    folder, file = folder.rstrip("/"), file.rstrip("/")
    inner, path = file.removeprefix(f"{folder}/"), path_of(url)
    if not folder.startswith("/") or inner == file or not 0 < len(inner) <= _LONGEST:
        return
    is_plain = inner.isascii() and not _WILD.search(file) and not UNSAFE.search(file)
    if not is_plain or re.search(r"(?:^|/)\.", inner) or not re.search(r"[A-Za-z]", inner):
        return
    at = ctx.elapsed()
    pattern = re.sub(r"[A-Za-z]", lambda match: f"[{match[0].upper()}{match[0].lower()}]", inner)
    siblings = await ctx.machine.glob(f"{folder}/{pattern}")
    if len(siblings) != 1 or siblings[0] == file or UNSAFE.search(siblings[0]):
        return
    address = _address(path, inner, siblings[0].removeprefix(f"{folder}/"))
    if address:
        free = await _is_free(ctx, folder, inner, siblings[0].removeprefix(f"{folder}/"))
        ctx.emit(
            FileInOtherCase(
                vantage=Vantage.SERVER,
                at=at,
                took=ctx.elapsed() - at,
                equivalent=shlex.join(("find", folder, "-ipath", file)),
                url=url,
                folder=folder,
                path=clean(siblings[0], 500),
                address=address,
                is_free=free,
            )
        )


async def _is_free(ctx: ProbeContext, folder: str, asked: str, file: str) -> bool:
    """Return whether no folder has an asked name beside that of the file's own."""
    own, real = asked.split("/"), file.split("/")
    for depth, names in enumerate(zip(own, real, strict=False)):
        beside = "/".join((folder, *real[:depth], names[0]))
        if names[0] != names[1] and await ctx.machine.glob(beside):
            return False
    return len(own) == len(real)


def _address(path: str, inner: str, file: str) -> str:
    """Return the path of the URL with the name as it is on the disk; "" if the path of the URL and
    that of the file have no name in common."""
    bare = path.rstrip("/")
    names = zip(reversed(bare.split("/")), reversed(inner.split("/")), strict=False)
    count = 0
    for name, wanted in names:
        if not name or name != wanted:
            break
        count += 1
    own, real = inner.split("/"), file.split("/")
    if not count or own[: len(own) - count] != real[: len(real) - count]:
        return ""
    kept = bare.split("/")[: len(bare.split("/")) - count]
    return posixpath.join("/".join(kept) + "/", *real[-count:]) + path[len(bare) :]
