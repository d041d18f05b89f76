"""A virtual host of Apache's on an address where nobody gets: one of the cloud in front, or what
/etc/hosts says of a name."""

import re

from .. import apache, site
from ..apache import HTTP, HTTPS
from ..lab import SERVER, Lab
from .apache import FILES, apache_scenario, healthy_apache

PUBLIC = "198.51.100.77"
FOLDER = "/var/www/blog"


def _serve(lab: Lab, address: str) -> None:
    """The first site has the page of another name; the site itself is on this address."""
    blog = re.sub(r"    (?:Proxy|RequestHeader).*\n", "", HTTPS).replace("shop.ex", "blog.ex")
    blog = blog.replace("/var/www/html", FOLDER)
    lab.undo(lambda: lab.server.sh(f"rm -rf {FOLDER}"))
    lab.server.write(f"{FOLDER}/index.html", "<title>Blog</title><p>Notes on boats.</p>\n")
    apache.serve(lab, f"{blog}\n{HTTPS.replace('*:443', f'{address}:443')}\n{HTTP}")


@apache_scenario(outside=None, server="server.wrong-site", differs=FILES)
def apache_site_is_on_the_public_address_of_a_cloud(lab: Lab) -> None:
    """<VirtualHost PUBLIC:443> behind a translation of addresses: Apache never sees the address."""
    _serve(lab, PUBLIC)


@apache_scenario(outside=None, server="server.wrong-site", differs=FILES)
def apache_site_is_on_a_name_that_hosts_leads_to_loopback(lab: Lab) -> None:
    """https://github.com/GrahamDumpleton/mod_wsgi/issues/773: <VirtualHost NAME:443>, and the name
    is 127.0.1.1 in /etc/hosts."""
    hosts = lab.server.read("/etc/hosts")
    lab.server.write("/etc/hosts", f"{hosts}127.0.1.1 {site.NAME}\n")
    _serve(lab, site.NAME)


@healthy_apache()
def apache_site_is_on_the_address_of_this_server(lab: Lab) -> None:
    _serve(lab, SERVER)
