"""A build of Unity that was compressed when it was made, on Apache and Caddy."""

from .. import apache, caddy
from ..lab import Lab
from .apache import apache_scenario, healthy_apache
from .caddy import caddy_scenario
from .server_pages import PAGE, ROOT, of_files, on_apache, on_caddy

TOLD = (
    "https://shop.example.com/ Unable to parse Build/game.framework.js.gz! This can happen if "
    "build compression was enabled but web server hosting the content was misconfigured to not "
    'serve the file with HTTP Response Header "Content-Encoding: gzip" present.',
)
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
    unsure=("client",),
)
def apache_sends_a_compressed_build_as_it_is(lab: Lab) -> None:
    """docs.unity3d.com, "Web Server configuration code samples": Apache needs lines of its own."""
    _build(lab)
    on_apache(lab, of_files(), **{"index.html": PAGE})


@healthy_apache(args=TOLD, unsure=("client", "server", "both"))
def apache_marks_a_compressed_build(lab: Lab) -> None:
    _build(lab)
    on_apache(lab, of_files().replace("    SSLEngine", MARKED), **{"index.html": PAGE})


@caddy_scenario(
    outside=None,
    server="server.content-encoding-missing",
    args=TOLD,
    differs=(caddy.CONFIG,),
    unsure=("client",),
)
def caddy_sends_a_compressed_build_as_it_is(lab: Lab) -> None:
    """docs.unity3d.com, "Web Server configuration code samples"."""
    _build(lab)
    on_caddy(lab, ROOT, PAGE)
