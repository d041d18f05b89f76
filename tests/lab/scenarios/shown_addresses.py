"""Answers that give out the address by which the server in front reaches the program, in JSON and
in links: the visitor's Host is not passed on. After the thread of linkding behind Apache, whose API
answers "next": "http://127.0.0.1:9090/api/bookmarks/?limit=100".
"""

from .. import apache, site
from ..lab import Lab
from ..scenario import healthy, scenario
from .nginx_host_not_passed import BARE, addressed

BOOKS = f"https://{site.NAME}/api/books"
MINE = (site.CONF,)
LINES = apache.HTTPS.replace("http://127.0.0.1:3000", "http://127.0.0.1:3001")


def _apache(lab: Lab, mode: str, lines: str) -> None:
    lab.spawn(lab.server, lab.server.application("addressed_server", mode, "3001"), 3001)
    apache.install(lab, f"{lines}\n{apache.HTTP}")
    apache.start(lab)


@scenario(
    outside=None, server="http.application-address-shown", target=BOOKS, differs=MINE
)  # fmt: skip
def data_names_the_address_of_its_application(lab: Lab) -> None:
    """proxy_pass alone: "next": "http://127.0.0.1:3001/api/books?page=2"."""
    addressed(lab, "list", BARE)


@scenario(outside=None, server="http.application-address-shown", differs=MINE)
def link_names_the_address_of_its_application(lab: Lab) -> None:
    """The page loads nothing from there; only its links lead astray."""
    addressed(lab, "anchor", BARE)


@healthy(target=BOOKS)
def data_names_the_site(lab: Lab) -> None:
    addressed(lab, "list")


@healthy(target=BOOKS)
def data_names_an_address_that_is_written_there(lab: Lab) -> None:
    """An example for readers: it is the same whatever the program is told."""
    addressed(lab, "list=http://127.0.0.1:3001", BARE)


@scenario(outside=None, server="http.application-address-shown", target=BOOKS)
def apache_does_not_pass_the_host_of_an_api(lab: Lab) -> None:
    """ProxyPass without ProxyPreserveHost."""
    _apache(lab, "list", LINES.replace("    ProxyPreserveHost On\n", ""))


@healthy(target=BOOKS)
def apache_passes_the_host_of_an_api(lab: Lab) -> None:
    scheme = '    ProxyPreserveHost On\n    RequestHeader set X-Forwarded-Proto "https"\n'
    _apache(lab, "list", LINES.replace("    ProxyPreserveHost On\n", scheme))
