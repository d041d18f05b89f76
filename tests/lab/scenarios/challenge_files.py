"""The file of an ACME challenge, and where the web server looks for it."""

from .. import apache, site
from ..lab import Lab
from ..scenario import healthy, scenario
from .apache import apache_scenario

TOKEN = "oZK3axC2Xw2CoAdlQFjl6mF1JNhJCIIfJivOaiY3is8"
PATH = f"/.well-known/acme-challenge/{TOKEN}"
URL = f"http://{site.NAME}{PATH}"
CLIENT = "which folder the client gets, a person decides"


@scenario(outside=None, server="http.acme-challenge-missing", target=URL, manual=CLIENT)
def challenge_is_written_to_another_folder(lab: Lab) -> None:
    """The client's folder is one too deep."""
    lab.server.write(f"/var/www/acme/shop{PATH}", TOKEN)


@healthy(target=URL)
def challenge_is_written_to_the_sites_folder(lab: Lab) -> None:
    lab.server.write(f"/var/www/acme{PATH}", TOKEN)


@healthy(target=URL)
def token_of_then_where_the_client_writes(lab: Lab) -> None:
    """https://github.com/acmesh-official/acme.sh/issues/132, mended: the client's folder is where
    nginx looks, and the file of the last attempt is removed."""
    text = (
        f"[renewalparams]\nauthenticator = webroot\n[[webroot_map]]\n{site.NAME} = /var/www/acme\n"
    )
    lab.server.write(f"/etc/letsencrypt/renewal/{site.NAME}.conf", text)


@apache_scenario(outside=None, server="http.acme-challenge-missing", target=URL, manual=CLIENT)
def challenge_is_written_to_another_folder_than_apaches(lab: Lab) -> None:
    """https://github.com/do-know/Crypt-LE/issues/37: htdocs/mydomain, and the site is htdocs."""
    text = "<VirtualHost *:80>\n  ServerName shop.example.com\n  DocumentRoot /var/www/html\n"
    lab.server.write(f"/var/www/html/shop{PATH}", TOKEN)
    apache.serve(lab, f"{text}</VirtualHost>\n{apache.HTTPS}")
