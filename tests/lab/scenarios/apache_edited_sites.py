"""Apache: the lines of a site stand where visitors of https do not get them: in a newer file that
is not enabled, or in the virtual host of port 80."""

from .. import apache
from ..lab import Lab
from ..scenario import healthy, scenario

CHECK = "server.edited-site-unused"
DATA = "https://shop.example.com/api/items"
AVAILABLE, ENABLED = apache.SITE, "/etc/apache2/sites-enabled/shop.conf"
LE_SSL = "/etc/apache2/sites-available/shop-le-ssl.conf"
ELSEWHERE = {"[!n]*": "Apache has one layout in the laboratory", "nginx*": "the same"}
API = "    ProxyPass /api/ http://127.0.0.1:3002/api/\n"
FIRST = "    ProxyPreserveHost On\n"
#: As certbot writes it.
TO_HTTPS = """\
    RewriteEngine on
    RewriteCond %{SERVER_NAME} =shop.example.com
    RewriteRule ^ https://%{SERVER_NAME}%{REQUEST_URI} [END,NE,R=permanent]
"""
SHOP = apache.HTTPS.replace("http://127.0.0.1:3000/", "http://127.0.0.1:3001/")
WHOLE = SHOP.replace(FIRST, FIRST + API)


def _applications(lab: Lab) -> None:
    program = str(apache.__file__).replace("apache.py", "applications/paths_server.py")
    for port, path in ((3001, "/"), (3002, "/api/items:json")):
        lab.spawn(lab.server, lab.server.python(program, str(port), path), port)


def _copied(lab: Lab, enabled: str) -> None:
    """A copy in sites-enabled, in place of the link that a2ensite(8) makes."""
    _applications(lab)
    apache.install(lab, f"{WHOLE}\n{apache.HTTP}")
    lab.server.sh(f"rm {ENABLED}")
    lab.server.write(ENABLED, f"{enabled}\n{apache.HTTP}")
    lab.server.sh(f"touch -d '2 days ago' {ENABLED}")
    apache.start(lab)


@scenario(
    outside=None, server=CHECK, target=DATA, needs=apache.needs_apache, not_on=ELSEWHERE,
    differs=(ENABLED, f"{AVAILABLE}.before-link"),
)  # fmt: skip
def apache_reads_an_old_copy_of_the_site(lab: Lab) -> None:
    """http://www.debian-administration.org/articles/207: "copy files from the available to the
    enabled directories" in place of a2ensite(8). One of both is edited later."""
    _copied(lab, SHOP)


@healthy(target=DATA, needs=apache.needs_apache, not_on=ELSEWHERE)
def apache_reads_a_copy_that_has_the_line_too(lab: Lab) -> None:
    _copied(lab, WHOLE.replace(FIRST, f"{FIRST}    ProxyTimeout 60\n"))


def _by_certbot(lab: Lab, https: str) -> None:
    """The virtual host of https in a file of its own, as `certbot --apache` makes it."""
    _applications(lab)
    http = apache.HTTP.replace(
        "    Redirect permanent / https://shop.example.com/\n", f"{API}{TO_HTTPS}"
    )
    apache.install(lab, http)
    lab.server.write(LE_SSL, f"<IfModule mod_ssl.c>\n{https}</IfModule>\n")
    lab.server.sh("a2ensite -q shop-le-ssl")
    apache.start(lab)


@scenario(
    outside=None, server=CHECK, target=DATA, needs=apache.needs_apache, not_on=ELSEWHERE,
    differs=(LE_SSL,),
)  # fmt: skip
def apache_passes_a_path_on_for_http_alone(lab: Lab) -> None:
    """What is added to shop.conf later does not come into certbot's shop-le-ssl.conf."""
    _by_certbot(lab, SHOP)


@healthy(target=DATA, needs=apache.needs_apache, not_on=ELSEWHERE)
def apache_passes_a_path_on_for_both(lab: Lab) -> None:
    _by_certbot(lab, WHOLE)
