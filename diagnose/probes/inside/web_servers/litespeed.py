"""Finds the files of the target's site among those of LiteSpeed and OpenLiteSpeed, also as
CyberPanel lays them out. They are not read further."""

import asyncio
import posixpath

from diagnose.probes import ProbeContext

#: Where it is installed, whoever installed it.
ROOT = "/usr/local/lsws/conf"
#: The virtual hosts: OpenLiteSpeed's and CyberPanel's, those of templates, LiteSpeed Enterprise's.
_SITES = (f"{ROOT}/vhosts/*/*.conf", f"{ROOT}/vhosts/*.conf", f"{ROOT}/*.xml")
#: The main file, which says which names lead to which virtual host.
_MAIN = f"{ROOT}/httpd_config.conf"
#: LiteSpeed Enterprise reads these in Apache's place.
_APACHES = ("/etc/apache2/conf/httpd.conf", "/etc/httpd/conf/httpd.conf")

#: Maximum number of files that are named and that are read, and of bytes of each.
MAX_FILES, MAX_READ, MAX_BYTES = 4, 40, 1 << 18


async def site_files(ctx: ProbeContext) -> tuple[str, ...]:
    """Return the paths of the files that name the target, or lie in a folder of its name; the main
    file, and Apache's that it reads, if none does."""
    host = ctx.target.host.lower()
    groups = await asyncio.gather(*map(ctx.machine.glob, _SITES))
    paths = dict.fromkeys(path for group in groups for path in group)
    named = [path for path in paths if posixpath.basename(posixpath.dirname(path)) == host]
    if named:
        return tuple(named)[:MAX_FILES]
    read = (_MAIN, *_APACHES, *list(paths)[:MAX_READ])
    main, *others = await asyncio.gather(*(ctx.machine.read(path, MAX_BYTES) for path in read))
    apaches, sites = others[: len(_APACHES)], others[len(_APACHES) :]
    own = [file.path for file in (*sites, main) if host in file.text.lower()]
    if not own:
        is_apaches = any("<loadApacheConf>1" in file.text for file in sites)
        own = [file.path for file in apaches if is_apaches and file.failure is None]
    if not own and main.failure is None:
        own = [main.path]
    return tuple(dict.fromkeys(own))[:MAX_FILES]
