"""A renewal tool with a server of its own, and nginx on port 80, after
https://blog.bacon4dog.dev/posts/certbot_renew_failed."""

from .. import certificates, site
from ..lab import Lab
from ..scenario import scenario
from .nginx_files import LIVE, of_certbot

AGAIN = "the authority has to be asked again"
FOLDER = "  location /.well-known/acme-challenge/ {\n    root /var/www/acme;\n  }\n\n"
SETTINGS = f"/etc/letsencrypt/renewal/{site.NAME}.conf"


@scenario(
    outside="certificate.expires-soon", server="certificate.port-taken-at-renewal", manual=AGAIN
)
def certbot_needs_the_port_that_nginx_has(lab: Lab) -> None:
    """No log says it yet."""
    _standalone(lab)


@scenario(
    outside="certificate.expires-soon", server="certificate.port-taken-at-renewal", manual=AGAIN
)
def certbot_needs_the_port_and_nginx_serves_challenges(lab: Lab) -> None:
    """After issue 1370 of certbot/certbot: the folder of the challenges is there already."""
    _standalone(lab, "account = 0a1b\n")


@scenario(outside="certificate.expires-soon", manual=AGAIN)
def certbot_stops_nginx_meanwhile(lab: Lab) -> None:
    """Its twin: a hook stops nginx."""
    _standalone(lab, "pre_hook = systemctl stop nginx\npost_hook = systemctl start nginx\n")


@scenario(outside="certificate.expires-soon", manual=AGAIN)
def certbot_has_a_port_behind_nginx(lab: Lab) -> None:
    """Its twin: nginx passes challenges on to a port where certbot listens meanwhile."""
    _standalone(lab, "http01_port = 8888\n")
    lab.change("    root /var/www/acme;", "    proxy_pass http://127.0.0.1:8888;")


def _standalone(lab: Lab, more: str = "") -> None:
    leaf = certificates.leaf(starts=-85, ends=5)
    of_certbot(lab, leaf)
    lab.server.write(site.PEM, leaf.chain)
    lab.server.sh("touch -d '85 days ago' /etc/letsencrypt/archive/*/*")
    lab.server.write(SETTINGS, f"[renewalparams]\nauthenticator = standalone\n{more}")
    lab.edit(site.PEM, f"{LIVE}/fullchain.pem")
    lab.change(site.KEY, f"{LIVE}/privkey.pem")
    if not more:
        lab.change(FOLDER, "")


@scenario(
    outside="certificate.expires-soon", server="http.port-closed",
    seen_besides=("http.port-closed",),
    manual=AGAIN,
)  # fmt: skip
def certificate_is_late_and_nothing_listens_on_port_80(lab: Lab) -> None:
    leaf = certificates.leaf(starts=-78, ends=12)
    lab.server.write(site.PEM, leaf.chain)
    lab.server.write(site.KEY, leaf.key_pem, 0o600)
    text = (
        f"[renewalparams]\nauthenticator = webroot\n[[webroot_map]]\n{site.NAME} = /var/www/acme\n"
    )
    lab.server.write(SETTINGS, text)
    lab.change(site.HTTP, "")
