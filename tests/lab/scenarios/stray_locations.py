"""Locations outside of their server block: nginx refuses the file, and goes on without them."""

import time

from .. import site
from ..lab import Lab
from ..scenario import scenario
from .nginx import MINE

STRAY = """
# The API
location /api/ {
  proxy_pass http://127.0.0.1:3000/;
  proxy_set_header Host $http_host;
}
"""
PAGE = "  location / {\n    proxy_pass"
API = f"https://{site.NAME}/api/"
UNUSED = {"panel": "its sites are in files of its own"}


def _added(lab: Lab, text: str) -> None:
    """nginx runs with a site of files; then the location was written, and its reload failed."""
    root = "/var/www/build"
    lab.server.write(f"{root}/index.html", '<div id="root"></div><script src="/a.js"></script>\n')
    lab.server.write(f"{root}/a.js", "//\n")
    page = PAGE.replace("/ {", "= / {")
    lab.edit(PAGE, f"  root {root};\n{page}")
    lab.reload()
    time.sleep(0.2)
    whole = lab.server.read(site.CONF)
    lab.server.write(site.CONF, text.replace("SITE", whole.rstrip("\n")))


@scenario(
    outside=None,
    server="nginx.config-invalid",
    target=API,
    differs=MINE,
    not_on=UNUSED,
)
def location_behind_the_redirect(lab: Lab) -> None:
    """After https://github.com/jitsi/jitsi-meet/issues/64: the lines of a guide were appended to
    the file, whose last block is that of port 80."""
    _added(lab, f"SITE\n{STRAY}")
