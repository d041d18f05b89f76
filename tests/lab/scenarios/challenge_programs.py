"""An application gets the challenges, and the client writes them into a folder of the web server,
after https://github.com/toomuchio/plex-nginx-reverseproxy/issues/25."""

from .. import certificates, site
from ..lab import Lab
from ..scenario import scenario

AGAIN = "the authority has to be asked again"
FOLDER = "  location /.well-known/acme-challenge/ {\n    root /var/www/acme;\n  }\n\n"
REDIRECT = "  location / {\n    return 301 https://$host$request_uri;\n  }\n"
PASSED = "  location / {\n    proxy_pass http://127.0.0.1:3001;\n  }\n"
SAID = (
    "CertBot throws a 401 Unauthorized error trying to access "
    "http://media.example.net/.well-known/acme-challenge/longkey"
)


@scenario(
    outside="http.acme-challenge-blocked", server="nginx.challenge-folder",
    both="nginx.challenge-folder", also=("certificate.expires-soon", "http.no-redirect"),
    args=(SAID,), manual=AGAIN,
)  # fmt: skip
def challenge_is_refused_by_the_application(lab: Lab) -> None:
    _passed_on(lab, FOLDER)


@scenario(outside="certificate.expires-soon", also=("http.no-redirect",), manual=AGAIN)
def challenge_has_a_location_before_the_application(lab: Lab) -> None:
    """Its twin: only the renewal is late."""
    _passed_on(lab, "")


def _passed_on(lab: Lab, left_out: str) -> None:
    leaf = certificates.leaf(starts=-78, ends=12)
    lab.server.write(site.PEM, leaf.chain)
    lab.server.write(site.KEY, leaf.key_pem, 0o600)
    text = (
        f"[renewalparams]\nauthenticator = webroot\n[[webroot_map]]\n{site.NAME} = /var/www/acme\n"
    )
    lab.server.write(f"/etc/letsencrypt/renewal/{site.NAME}.conf", text)
    lab.spawn(lab.server, lab.server.application("media_server", "3001"), 3001)
    lab.change(REDIRECT, PASSED)
    if left_out:
        lab.change(left_out, "")
