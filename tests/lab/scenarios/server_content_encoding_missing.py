"""A build of Unity that was compressed when it was made, on Apache and Caddy."""

from .. import apache, caddy
from ..lab import Lab
from .apache import apache_scenario, healthy_apache
from .caddy import caddy_scenario
from .server_pages import PAGE, ROOT, of_files, on_apache

TOLD = (
    "https://shop.example.com/ Unable to parse Build/game.framework.js.gz! This can happen if "
    "build compression was enabled but web server hosting the content was misconfigured to not "
    'serve the file with HTTP Response Header "Content-Encoding: gzip" present.',
)
SOCKET = "    ProxyPass /ws ws://127.0.0.1:3000/ws\n    <Directory"
SITE_OF_FILES = of_files().replace("    <Directory", SOCKET, 1)
MARKED = """\
    <FilesMatch "\\.(?:js|wasm|data)\\.gz$">
        RemoveType .gz
        AddEncoding gzip .gz
    </FilesMatch>
    SSLEngine"""


def _build(lab: Lab) -> None:
    build = f"{ROOT}/Build"
    lab.server.sh(f"mkdir -p {build}; echo 'start()' | gzip > {build}/game.framework.js.gz")


@apache_scenario(
    outside=None,
    server="server.content-encoding-missing",
    args=TOLD,
    differs=(apache.SITE,),
)
def apache_sends_a_compressed_build_as_it_is(lab: Lab) -> None:
    """docs.unity3d.com, "Web Server configuration code samples": Apache needs lines of its own."""
    _build(lab)
    on_apache(lab, SITE_OF_FILES, **{"index.html": PAGE})


@healthy_apache(args=TOLD)
def apache_marks_a_compressed_build(lab: Lab) -> None:
    _build(lab)
    on_apache(lab, SITE_OF_FILES.replace("    SSLEngine", MARKED), **{"index.html": PAGE})


@caddy_scenario(
    outside=None,
    server="server.content-encoding-missing",
    args=TOLD,
    differs=(caddy.CONFIG,),
)
def caddy_sends_a_compressed_build_as_it_is(lab: Lab) -> None:
    """docs.unity3d.com, "Web Server configuration code samples"."""
    _build(lab)
    lab.server.write(f"{ROOT}/index.html", PAGE)
    lines = f"\troot * {ROOT}\n\tfile_server\n\treverse_proxy /ws 127.0.0.1:3000\n"
    caddy.serve(lab, caddy.SHOP.replace("\treverse_proxy 127.0.0.1:3000\n", lines))
