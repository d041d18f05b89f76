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

#: Maximum number of files that are named, and of bytes that are read of each.
MAX_FILES, MAX_BYTES = 4, 1 << 18


async def site_files(ctx: ProbeContext) -> tuple[str, ...]:
    """Return the paths of the files that name the target, or lie in a folder of its name; the main
    file, and Apache's that it reads, if none does."""
    groups = await asyncio.gather(*(ctx.machine.read_all(each, MAX_BYTES) for each in _SITES))
    main, *apaches = await asyncio.gather(
        *(ctx.machine.read(path, MAX_BYTES) for path in (_MAIN, *_APACHES))
    )
    host = ctx.target.host.lower()
    files = (*(file for group in groups for file in group), main)
    own = [
        file.path
        for file in files
        if host in file.text.lower() or posixpath.basename(posixpath.dirname(file.path)) == host
    ]
    if not own:
        is_apaches = any("<loadApacheConf>1" in file.text for file in files)
        own = [file.path for file in apaches if is_apaches and file.failure is None]
    if not own and main.failure is None:
        own = [main.path]
    return tuple(dict.fromkeys(own))[:MAX_FILES]
