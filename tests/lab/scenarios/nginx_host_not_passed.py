"""Scenarios of nginx.host-not-passed, after issue 123 of deck9/input, whose page loads its files
from `http://input:8080/`."""

from .. import site
from ..lab import Lab
from ..scenario import healthy, scenario

PAGES = site.HTTPS[site.HTTPS.index("  location / {") : site.HTTPS.index("  location /ws")]
HOST = "    proxy_set_header Host $http_host;\n"
SCHEME = "    proxy_set_header X-Forwarded-Proto https;\n"
#: proxy_pass without the fields that most applications need.
BARE = PAGES.replace(HOST, "").replace(SCHEME, "")
MINE = (site.CONF,)


def addressed(lab: Lab, mode: str, page: str = PAGES) -> None:
    """The site's pages come from this program; its WebSocket as ever."""
    lab.spawn(lab.server, lab.server.application("addressed_server", mode, "3001"), 3001)
    lab.change(PAGES, page.replace("127.0.0.1:3000", "127.0.0.1:3001"))


@scenario(outside="http.localhost-in-page", server="nginx.host-not-passed", differs=MINE)
def page_names_the_address_of_its_application(lab: Lab) -> None:
    """proxy_pass alone: the page loads http://127.0.0.1:3001/dist/app.css."""
    addressed(lab, "links-trusting", BARE)


@scenario(outside="http.mixed-content", server="nginx.host-not-passed", differs=MINE)
def page_names_the_group_of_its_application(lab: Lab) -> None:
    """The same for an upstream group: http://desk/dist/app.css, which https pages may not load."""
    lab.edit(site.MAP, f"{site.MAP}upstream desk {{ server 127.0.0.1:3001; }}\n")
    addressed(lab, "links-trusting", BARE.replace("127.0.0.1:3000", "desk"))


@healthy()
def page_names_the_site(lab: Lab) -> None:
    """The application is told the visitor's host and scheme."""
    addressed(lab, "links-trusting")
