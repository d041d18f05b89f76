"""Scenarios of upstream.destination-scheme: WebDAV behind nginx, which ends TLS."""

from .. import site
from ..lab import Lab
from ..scenario import BARE, UNLOGGED, healthy, scenario

MINE = (site.CONF,)
PASS = "    proxy_pass http://127.0.0.1:3000;\n    proxy_http_version 1.1;\n"
DAV = "server {\n  listen 127.0.0.1:3001;\n  server_name shop.example.com;\n%s}\n"
NO_DAV = {**UNLOGGED, **BARE}
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


@scenario(outside=None, server="upstream.destination-scheme", differs=MINE, not_on=NO_DAV)
def destination_of_a_move_within_nginx_names_https(lab: Lab) -> None:
    """The application is an nginx with `dav_methods`, behind the one that ends TLS: it answers 400
    to every MOVE. After https://github.com/floccusaddon/floccus/issues/2310."""
    lab.server.write("/srv/dav/a.txt", "a\n")
    lab.server.sh("chmod 777 /srv/dav")
    lines = "  root /srv/dav;\n  dav_methods PUT DELETE MOVE COPY;\n"
    lab.edit("map $http_upgrade", f"{DAV % lines}map $http_upgrade")
    pages = site.HTTPS[site.HTTPS.index("  location / {") : site.HTTPS.index("  location /ws")]
    location = pages.replace("location /", "location /dav/").replace("3000;", "3001/;")
    lab.change(pages, f"{location}{pages}")
    names = [f"https://{site.NAME}/dav/{name}.txt" for name in "ab"]
    for _ in range(3):
        move = f"-X MOVE -H 'Destination: {names[1]}' {names[0]}"
        lab.client.sh(f"curl -s -o /dev/null {move}")


@healthy()
def destination_of_a_move_names_the_scheme_of_the_application(lab: Lab) -> None:
    _renames(lab, "    proxy_set_header Destination $dest;\n", MAP)
