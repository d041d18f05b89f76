"""Scenarios in which the web server's address has no program, and another program of the server has
the page; and a rule for a folder alone."""

from .. import site
from ..lab import Lab
from ..scenario import scenario
from .http_page_for_api import FRONT, PAGES

MINE = (site.CONF,)
PASSED = site.HTTPS[site.HTTPS.index("  location / {") :]


@scenario(outside="http.server-error", server="upstream.refused", differs=MINE)
def port_of_a_guide(lab: Lab) -> None:
    """The guide's example has 8080, and the application listens on 3000."""
    lab.change(PASSED, PASSED.replace("127.0.0.1:3000", "127.0.0.1:8099"))


@scenario(outside="http.page-for-api", target=f"https://{site.NAME}/api/users", differs=MINE)
def location_for_the_folder_alone(lab: Lab) -> None:
    """`location = /api` takes no path below it, and the front end answers with its page."""
    lab.server.write("/etc/nginx/conf.d/front.conf", FRONT)
    front = "  location / { proxy_pass http://127.0.0.1:3001; }\n"
    lab.change(PAGES, f"{front}  location = /api {{ proxy_pass http://127.0.0.1:3000; }}\n")
