"""Two virtual hosts of Apache have the name of the site: the first one answers."""

from .. import apache, certificates
from ..apache import HTTP, HTTPS
from ..lab import Lab
from .apache import apache_scenario, healthy_apache
from .apache_log import FILES_ONLY

DEFAULT = "/etc/apache2/sites-enabled/000-default.conf"
PAGE = "<title>Apache2 Debian Default Page: It works</title><p>It works!</p>\n"
SNAKEOIL = "/etc/ssl/lab/snakeoil"
FOLDER = "/var/www/default"
OTHER = FILES_ONLY.replace("/var/www/html", FOLDER)


def _serve(lab: Lab, first: str) -> None:
    """The default site stands before the site itself."""
    lab.undo(lambda: lab.server.sh(f"rm -rf {FOLDER} {DEFAULT} {SNAKEOIL}.*"))
    apache.install(lab, f"{HTTPS}\n{HTTP}")
    own = certificates.leaf("web1", issuer="self")
    lab.server.write(f"{SNAKEOIL}.pem", own.chain)
    lab.server.write(f"{SNAKEOIL}.key", own.key_pem, 0o600)
    lab.server.write(f"{FOLDER}/index.html", PAGE)
    lab.server.write(DEFAULT, first)
    apache.start(lab)


@apache_scenario(outside="http.not-the-site", server="server.apache-name-twice", differs=(DEFAULT,))
def apache_default_site_has_the_name_of_the_site(lab: Lab) -> None:
    """https://github.com/mstenta/atmospi/issues/9: the name is in 000-default, too."""
    _serve(lab, OTHER)


@apache_scenario(
    outside="certificate.self-signed", server="server.apache-name-twice", differs=(DEFAULT,)
)
def apache_default_site_has_the_name_and_its_own_certificate(lab: Lab) -> None:
    """default-ssl with the certificate of the package ssl-cert."""
    _serve(lab, OTHER.replace(apache.PEM, f"{SNAKEOIL}.pem").replace(apache.KEY, f"{SNAKEOIL}.key"))


@healthy_apache()
def apache_site_is_there_twice_and_the_first_is_good(lab: Lab) -> None:
    _serve(lab, HTTPS)
