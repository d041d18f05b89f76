"""A renewal tool waits at a port behind the web server, which does not pass challenges on to it,
after https://github.com/acmesh-official/acme.sh/issues/4566 and
https://github.com/go-acme/lego/issues/1092."""

from .. import certificates, haproxy, site
from ..lab import Lab
from ..scenario import scenario
from .own_server_renewals import AGAIN, FOLDER

ACME = f"/root/.acme.sh/{site.NAME}_ecc"
LEGO = "/etc/lego/certificates"
WAITS = f"Le_Domain='{site.NAME}'\nLe_Alt='no'\nLe_Webroot='no'\nLe_HTTPPort='8899'\n"
PASSED = (
    "    use_backend acme if { path_beg /.well-known/acme-challenge/ }\n"
    "    http-request redirect scheme https code 301 unless"
    " { path_beg /.well-known/acme-challenge/ }\n"
)
REDIRECT = "    http-request redirect scheme https code 301\n"


@scenario(
    outside="certificate.expires-soon", server="certificate.own-server-unreached", manual=AGAIN,
    needs=haproxy.needs_haproxy,
)  # fmt: skip
def acme_sh_waits_behind_haproxy(lab: Lab) -> None:
    """HAProxy sends everything to https."""
    _of_acme_sh(lab, haproxy.SITE)


@scenario(
    outside="certificate.expires-soon", server="certificate.expires-soon", manual=AGAIN,
    needs=haproxy.needs_haproxy,
)  # fmt: skip
def acme_sh_is_reached_behind_haproxy(lab: Lab) -> None:
    """Its twin: HAProxy passes challenges on."""
    text = haproxy.SITE.replace(REDIRECT, PASSED)
    _of_acme_sh(lab, f"{text}\nbackend acme\n    server acme 127.0.0.1:8899\n")


@scenario(
    outside="certificate.expires-soon", server="certificate.own-server-unreached", manual=AGAIN
)
def lego_waits_behind_nginx(lab: Lab) -> None:
    """cron starts lego with a port of its own, and nginx answers challenges from no place."""
    _of_lego(lab, "")


@scenario(outside="certificate.expires-soon", server="certificate.expires-soon", manual=AGAIN)
def lego_is_reached_behind_nginx(lab: Lab) -> None:
    """Its twin: nginx passes challenges on."""
    _of_lego(lab, FOLDER.replace("root /var/www/acme;", "proxy_pass http://127.0.0.1:81;"))


def _of_acme_sh(lab: Lab, text: str) -> None:
    late = certificates.leaf(starts=-85, ends=5)
    lab.undo(lambda: lab.server.sh("rm -rf /root/.acme.sh"))
    lab.server.write(f"{ACME}/{site.NAME}.conf", WAITS)
    lab.server.write(f"{ACME}/fullchain.cer", late.chain)
    lab.server.write(f"{ACME}/{site.NAME}.key", late.key_pem, 0o600)
    haproxy.install(lab, text)
    lab.server.write(haproxy.PEM, haproxy.bundle(late), 0o600)
    haproxy.start(lab)


def _of_lego(lab: Lab, block: str) -> None:
    late = certificates.leaf(starts=-85, ends=5)
    words = f"lego --path /etc/lego --http --http.port :81 -d {site.NAME} renew"
    lab.undo(lambda: lab.server.sh("rm -rf /etc/lego /etc/cron.d/lego"))
    lab.server.write("/etc/cron.d/lego", f"17 4 * * * root {words}\n")
    lab.server.write(f"{LEGO}/{site.NAME}.crt", late.chain)
    lab.server.write(f"{LEGO}/{site.NAME}.key", late.key_pem, 0o600)
    lab.edit(site.PEM, f"{LEGO}/{site.NAME}.crt")
    lab.edit(site.KEY, f"{LEGO}/{site.NAME}.key")
    lab.change(FOLDER, block)
