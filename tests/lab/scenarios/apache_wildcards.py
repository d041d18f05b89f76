"""Apache: a virtual host with a wildcard in its names takes a site that has a block of its own."""

from pathlib import Path

from .. import apache
from ..apache import HTTP, HTTPS
from ..lab import Lab
from .apache import FILES, apache_scenario, healthy_apache

TENANTS = (
    HTTPS.replace("ServerName shop", "ServerAlias *.example.com\n    ServerName tenants")
    .replace("    ProxyPass /ws ws://127.0.0.1:3000/ws\n", "")
    .replace("127.0.0.1:3000", "127.0.0.1:3002")
)
OWN = f"{HTTPS}\n{HTTP}"
ENABLED = "/etc/apache2/sites-enabled"


def _serve(lab: Lab, tenants: str) -> None:
    """The application of the wildcard knows its own names alone."""
    apache.install(lab, OWN)
    path = f"{ENABLED}/{tenants}"
    lab.undo(lambda: lab.server.sh(f"rm -f {ENABLED}/*tenants*"))
    lab.server.write(path, TENANTS)
    program = str(Path(apache.__file__).with_name("application.py"))
    lab.spawn(lab.server, lab.server.python(program, "--mode", "own-host", "--port", "3002"), 3002)


@apache_scenario(
    outside=None,
    server="server.wrong-site",
    differs=(*FILES, f"{ENABLED}/all-tenants.conf", f"{ENABLED}/zz-all-tenants.conf"),
)
def apache_wildcard_is_read_before_the_site(lab: Lab) -> None:
    """Files are read by their names; the first virtual host that matches a name answers."""
    _serve(lab, "all-tenants.conf")
    apache.start(lab)


@apache_scenario(
    outside="http.no-redirect",
    server="server.apache-site-not-included",
    differs=(*FILES, f"{ENABLED}/shop.cfg", f"{ENABLED}/zz-tenants.conf"),
)
def apache_wildcard_answers_for_a_file_that_is_not_read(lab: Lab) -> None:
    """The site's file is called shop.cfg, and the include takes *.conf."""
    _serve(lab, "zz-tenants.conf")
    lab.server.sh(f"mv {ENABLED}/shop.conf {ENABLED}/shop.cfg")
    apache.start(lab, 443)


@healthy_apache()
def apache_wildcard_is_read_after_the_site(lab: Lab) -> None:
    _serve(lab, "zz-tenants.conf")
    apache.start(lab)
