"""Scenarios of server.apache-alias-hides: a real Apache."""

from .. import apache, site
from ..lab import Lab
from .apache import FILES, apache_scenario, healthy_apache

FOLDER = "/var/www/pages"
CONFIG = "/etc/apache2/conf-enabled/errors.conf"
DENIED = f"https://{site.NAME}/error/denied.html"
PROXY = "    ProxyPass / http://127.0.0.1:3000/\n    ProxyPassReverse / http://127.0.0.1:3000/\n"
OWN = f"""\
    ProxyPass /error !
    ProxyPass /index.html http://127.0.0.1:3000/
    ProxyPass / http://127.0.0.1:3000/
    <Directory {FOLDER}>
        AllowOverride All
        Require all granted
    </Directory>
"""
ALIAS = """\
Alias /error/ "/usr/share/apache2/error/"
<Directory "/usr/share/apache2/error">
    Require all granted
</Directory>
"""


def _serve(lab: Lab, alias: str) -> None:
    """The pages below /error are files of the site."""
    server = lab.server
    server.write(f"{FOLDER}/error/denied.html", "<!doctype html><title>No</title><p>Denied.\n")
    lab.undo(lambda: server.sh(f"rm -rf {FOLDER} {CONFIG}"))
    text = apache.HTTPS.replace(PROXY, OWN).replace("/var/www/html", FOLDER)
    apache.install(lab, f"{text}\n{apache.HTTP}")
    if alias:
        server.write(CONFIG, alias)
    apache.start(lab)


@apache_scenario(
    outside=None,
    server="server.apache-alias-hides",
    target=DENIED,
    differs=(*FILES, CONFIG),
)
def apache_takes_a_folder_of_the_site_by_an_alias(lab: Lab) -> None:
    """http://www.trash-factor.com/content/apache-multi-language-errors-and-mod-rewrite"""
    _serve(lab, ALIAS)


@healthy_apache(target=DENIED)
def apache_has_an_alias_beside_a_folder_of_the_site(lab: Lab) -> None:
    _serve(lab, ALIAS.replace("Alias /error/", "Alias /errors/"))
