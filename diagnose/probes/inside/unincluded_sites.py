"""Files of the target's site that nginx does not include. Looked for only where no server block on
the port has the name: else what lies about beside it is nobody's fault."""

import asyncio
import posixpath
import re
import shlex

from diagnose.model import Vantage
from diagnose.model.nginx import NginxConfig
from diagnose.model.sites import SiteFile
from diagnose.parsers.hostnames import is_address
from diagnose.parsers.nginx import server_blocks, site_files
from diagnose.parsers.sanitize import clean
from diagnose.probes import Look, probe

#: Where sites lie besides the folder of the configuration in use: distributions, own builds,
#: panels (BaoTa, 1Panel).
PLACES = (
    "/etc/nginx",
    "/usr/local/nginx/conf",
    "/usr/local/openresty/nginx/conf",
    "/usr/local/tengine/conf",
    "/www/server/nginx/conf",
    "/www/server/panel/vhost/nginx",
    "/opt/1panel/apps/openresty/openresty/conf",
    "/opt/1panel/www/conf.d",
)

#: Small files that hold one of two words; links are followed, and one file is named once.
FIND = r"""
a=$1; b=$2; shift 2
for d; do
  [ -d "$d" ] || continue
  find -L "$d" -maxdepth 4 -type f -size -512k -exec grep -liF -e "$a" -e "$b" {} +
done 2>/dev/null | sort -u | head -n 100; :
"""

#: So many of them are said.
MOST = 8


@probe(after=NginxConfig)
async def not_included(look: Look, config: NginxConfig) -> None:
    host, port = look.target.host, look.target.port
    if config.failure or is_address(host) or _named(config, host, port):
        return
    folders = dict.fromkeys(
        (
            posixpath.dirname(config.path),
            *map(posixpath.dirname, site_files.patterns(config)),
            *PLACES,
        )
    )
    given = [
        folder for folder in folders if folder.count("/") > 1 and not site_files.is_wild(folder)
    ]
    at = look.now()
    ran = await look.machine.run("sh", "-c", FIND, "sh", host, _wildcard(host), *given)
    known = {file.path for file in config.files}
    paths = [one for one in ran.out.splitlines() if one.startswith("/") and one not in known]
    texts = await asyncio.gather(*(look.machine.read(path, 512 * 1024) for path in paths))
    said = 0
    for text in texts:
        server = await asyncio.to_thread(site_files.serving_block, text.text, text.path, host, port)
        if server and said < MOST:
            said += 1
            look.see(
                SiteFile(
                    vantage=Vantage.SERVER,
                    at=at,
                    took=look.now() - at,
                    equivalent=shlex.join(["grep", "-rlF", host, posixpath.dirname(text.path)]),
                    path=clean(text.path, 300),
                    line=server.block.line,
                    names=tuple(clean(name, 255) for name in server.names[:20]),
                    changed=text.changed,
                )
            )


def _named(config: NginxConfig, host: str, port: int) -> bool:
    found = server_blocks.sockets(server_blocks.servers(config.main), port)
    return any(server_blocks.choose(one, host)[1] != "default" for one in found)


def _wildcard(host: str) -> str:
    """What a name with an asterisk for the host's first label ends in."""
    return "*" + re.sub(r"^[^.]*", "", host)
