"""Scenarios of upstream.destination-scheme: WebDAV behind nginx, which ends TLS."""

from .. import site
from ..lab import Lab
from ..scenario import UNLOGGED, healthy, scenario

MINE = (site.CONF,)
PASS = "    proxy_pass http://127.0.0.1:3000;\n    proxy_http_version 1.1;\n"
MAP = (
    "map $http_destination $dest {\n  default $http_destination;\n"
    "  ~*^https://(?<rest>.*)$ http://$rest;\n}\n"
)


def _renames(lab: Lab, line: str = "", before: str = "") -> None:
    """A client renames a file, three times."""
    lab.spawn(lab.server, lab.server.application("framework_server", "webdav", "3001"), 3001)
    pages = site.HTTPS[site.HTTPS.index("  location / {") : site.HTTPS.index("  location /ws")]
    lab.edit("map $http_upgrade", f"{before}map $http_upgrade")
    lab.change(pages, pages.replace(PASS, PASS.replace("3000", "3001") + line))
    target = f"-H 'Destination: https://{site.NAME}/b.txt' https://{site.NAME}/a.txt"
    for _ in range(3):
        lab.client.sh(f"curl -s -o /dev/null -X MOVE {target}")


@scenario(outside=None, server="upstream.destination-scheme", differs=MINE, not_on=UNLOGGED)
def destination_of_a_move_names_https(lab: Lab) -> None:
    """WsgiDAV answers 502. After https://github.com/mar10/wsgidav/issues/183."""
    _renames(lab)


@healthy()
def destination_of_a_move_names_the_scheme_of_the_application(lab: Lab) -> None:
    _renames(lab, "    proxy_set_header Destination $dest;\n", MAP)
