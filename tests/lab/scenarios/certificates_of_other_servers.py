"""A good certificate lies on the server, and Apache or Caddy names another file."""

from .. import apache, caddy, certificates
from ..lab import Lab
from .apache import apache_scenario, healthy_apache
from .caddy import caddy_scenario
from .nginx_files import LIVE, of_certbot

SNAKEOIL, KEY = "/etc/ssl/lab/snakeoil.pem", "/etc/ssl/lab/snakeoil.key"


def _other_files(lab: Lab, issued: certificates.Issued) -> None:
    lab.server.write(SNAKEOIL, issued.chain)
    lab.server.write(KEY, issued.key_pem, 0o600)
    lab.undo(lambda: lab.server.sh(f"rm -f {SNAKEOIL} {KEY}"))
    of_certbot(lab, certificates.good())


def _apache(lab: Lab, issued: certificates.Issued) -> None:
    apache.install(lab)
    _other_files(lab, issued)
    apache.edit(lab, apache.PEM, SNAKEOIL)
    apache.edit(lab, apache.KEY, KEY)
    apache.start(lab)


def _caddy(lab: Lab, issued: certificates.Issued) -> None:
    caddy.install(lab)
    _other_files(lab, issued)
    caddy.edit(lab, f"tls {caddy.PEM} {caddy.KEY}", f"tls {SNAKEOIL} {KEY}")
    caddy.start(lab)


@apache_scenario(outside="certificate.self-signed", differs=(apache.SITE,))
def apache_has_the_certificate_of_the_installation(lab: Lab) -> None:
    """certbot got one with `certonly`, and nobody named it."""
    _apache(lab, certificates.leaf(issuer="self"))


@apache_scenario(
    outside="certificate.expired", server="certificate.renewed-elsewhere", differs=(apache.SITE,)
)
def apache_names_a_copy_of_the_certificate(lab: Lab) -> None:
    """Copied by hand once; certbot renews the original."""
    _apache(lab, certificates.leaf(starts=-95, ends=-5))


@apache_scenario(outside=None, server="certificate.renewed-elsewhere", differs=(apache.SITE,))
def apache_names_a_copy_that_has_four_weeks(lab: Lab) -> None:
    _apache(lab, certificates.leaf(starts=-62, ends=28))


@caddy_scenario(outside=None, server="certificate.renewed-elsewhere", differs=(caddy.CONFIG,))
def caddy_names_a_copy_that_has_four_weeks(lab: Lab) -> None:
    _caddy(lab, certificates.leaf(starts=-62, ends=28))


@caddy_scenario(outside="certificate.self-signed", differs=(caddy.CONFIG,))
def caddy_has_a_certificate_of_its_own_making(lab: Lab) -> None:
    _caddy(lab, certificates.leaf(issuer="self"))


@caddy_scenario(
    outside="certificate.expired", server="certificate.renewed-elsewhere", differs=(caddy.CONFIG,)
)
def caddy_names_a_copy_of_the_certificate(lab: Lab) -> None:
    _caddy(lab, certificates.leaf(starts=-95, ends=-5))


@healthy_apache()
def apache_names_the_certificate_of_certbot(lab: Lab) -> None:
    apache.install(lab)
    _other_files(lab, certificates.leaf(issuer="self"))
    apache.edit(lab, apache.PEM, f"{LIVE}/fullchain.pem")
    apache.edit(lab, apache.KEY, f"{LIVE}/privkey.pem")
    apache.start(lab)
