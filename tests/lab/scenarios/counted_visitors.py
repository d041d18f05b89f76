"""An application limits the requests of each visitor, and takes all visitors of nginx for one; and
healthy ones that count each visitor, or all together on purpose.

After issues of express-rate-limit and of applications that use it.
"""

from .. import site
from ..lab import HERE, Lab
from ..scenario import healthy, scenario

APPLICATION = "the application has to be configured"
PAGES = site.HTTPS[site.HTTPS.index("  location / {") : site.HTTPS.index("  location /ws")]
HOST = "    proxy_set_header Host $http_host;\n"
FOR = "    proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;\n"
PAGE = f"https://{site.NAME}/"


def _counts(lab: Lab, mode: str, limit: int, lines: str = FOR) -> None:
    program = str(HERE / "applications" / "counting_server.py")
    command = lab.server.python(program, mode, "3001", "--limit", str(limit))
    lab.spawn(lab.server, command, 3001)
    own = [line for line in PAGES.splitlines(True) if "Forwarded-For" in line or "Real-IP" in line]
    page = PAGES
    for line in own:
        page = page.replace(line, "")
    lab.change(PAGES, page.replace(HOST, HOST + lines).replace("127.0.0.1:3000", "127.0.0.1:3001"))


def _visits(lab: Lab) -> None:
    """Twelve visits from each side, more than the applications allow."""
    for host in (lab.client, lab.server):
        host.sh(f"for n in 1 2 3 4 5 6 7 8 9 10 11 12; do curl -sk -o /dev/null {PAGE}; done")


@scenario(outside=None, server="upstream.visitor-not-believed", manual=APPLICATION)
def limit_counts_all_visitors_as_nginx(lab: Lab) -> None:
    """express-rate-limit without `trust proxy`: everybody gets 429."""
    _counts(lab, "peer", 8)
    _visits(lab)


@scenario(outside=None, server="nginx.visitor-address-lost", differs=(site.CONF,))
def limit_counts_visitors_that_nginx_does_not_name(lab: Lab) -> None:
    """The same application with `trust proxy`, and nginx sends no X-Forwarded-For."""
    _counts(lab, "visitor", 8, lines="")
    _visits(lab)


@healthy()
def limit_that_one_visitor_has_used_up(lab: Lab) -> None:
    """The same application with `trust proxy`: only who asks too often gets 429."""
    _counts(lab, "visitor", 8)
    _visits(lab)
    # nginx's own request, as this run repeats it, is one of a visitor at 127.0.0.1.
    local = f"curl -sk -o /dev/null --resolve {site.NAME}:443:127.0.0.1 {PAGE}"
    lab.server.sh(f"for n in 1 2 3 4 5 6 7 8 9; do {local}; done")


@healthy()
def limit_for_all_visitors_together(lab: Lab) -> None:
    """An application that protects a service behind it counts all requests, on purpose."""
    _counts(lab, "all", 8)
    _visits(lab)
