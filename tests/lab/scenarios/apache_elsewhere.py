"""Apache in the places of Bitnami, XAMPP, BaoTa (aaPanel) and SUSE: the printed paths and commands
are those of the place."""

from functools import partial

from .. import apache_places as places
from ..apache_places import BAOTA, BITNAMI, SUSE_SITE, XAMPP
from ..lab import Lab
from .apache import WS, apache_scenario, healthy_apache

down = partial(
    apache_scenario,
    outside="tcp.refused",
    server="server.not-running",
    differs=("listeners", "processes"),
)


@healthy_apache(args=WS)
def apache_of_suse(lab: Lab) -> None:
    """/usr/sbin/httpd-prefork, whose modules are named on its command line."""
    places.serve_suse(lab)
    places.start_suse(lab)


@apache_scenario(
    outside="http.server-error", server="server.application-down", differs=(SUSE_SITE,)
)
def apache_of_suse_with_another_port(lab: Lab) -> None:
    """The application listens on 3000, the lines say 3001."""
    places.serve_suse(lab)
    text = lab.server.read(SUSE_SITE).replace("127.0.0.1:3000/", "127.0.0.1:3001/")
    lab.server.write(SUSE_SITE, text)
    places.start_suse(lab)


@down()
def apache_of_bitnami_is_stopped(lab: Lab) -> None:
    """https://docs.bitnami.com/aws/faq/get-started/understand-basics/: ctlscript.sh starts it."""
    places.install(lab, BITNAMI)


@down()
def apache_of_xampp_is_stopped(lab: Lab) -> None:
    """Its script starts it with -DSSL: without that it has no port 443."""
    places.install(lab, XAMPP)


@down()
def apache_of_baota_is_stopped(lab: Lab) -> None:
    places.install(lab, BAOTA)


@apache_scenario(
    outside="tcp.refused",
    server="server.config-invalid",
    differs=(BITNAMI.main_file, "listeners", "processes"),
)
def apache_of_bitnami_without_a_module(lab: Lab) -> None:
    """A guide has RequestHeader, and the line that loads mod_headers is a comment."""
    places.install(lab, BITNAMI, without="headers")


@healthy_apache(args=WS)
def apache_of_xampp(lab: Lab) -> None:
    """Started with parameters, and read with them."""
    places.install(lab, XAMPP)
    places.start(lab, XAMPP)
