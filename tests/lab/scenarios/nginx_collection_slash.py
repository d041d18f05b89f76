"""Scenarios of nginx.collection-slash.

After https://github.com/OpenMediaVault-Plugin-Developers/openmediavault-webdav/issues/23: Windows
cannot make a folder.
"""

from .. import site
from ..lab import Lab
from ..scenario import healthy, scenario
from .page_assets import FOLDER

WORDS = (
    "2024/03/24 01:12:08 [error] 26468#26468: *18455 MKCOL can create a collection only, client: "
    f'198.51.100.4, server: {site.NAME}, request: "MKCOL /webdav/new HTTP/1.1", host: "{site.NAME}"'
)
RULE = "    if ($request_method = MKCOL) {\n      rewrite ^(.*[^/])$ $1/ break;\n    }\n"


def _webdav(lab: Lab, more: str = "") -> None:
    lab.server.sh(f"mkdir -p {FOLDER}/webdav/new; chown -R www-data {FOLDER}")
    lines = (
        f"  location /webdav/ {{\n    root {FOLDER};\n    dav_methods PUT DELETE MKCOL COPY MOVE;\n"
        f"    autoindex on;\n{more}  }}\n"
    )
    lab.change("  location /ws {", f"{lines}\n  location /ws {{", site.CONF)


@scenario(
    outside=None,
    server="nginx.collection-slash",
    args=(WORDS,),
    differs=(site.CONF,),
)
def folder_without_a_slash_is_not_made(lab: Lab) -> None:
    _webdav(lab)


@healthy(args=(WORDS,))
def folder_without_a_slash_gets_one(lab: Lab) -> None:
    _webdav(lab, RULE)
