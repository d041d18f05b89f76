"""A good certificate lies on the server, and Apache or Caddy names another file."""

from .. import apache, caddy, certificates, traefik
from ..lab import Lab
from ..scenario import scenario
from .apache import apache_scenario, healthy_apache
from .caddy import caddy_scenario
from .nginx_files import LIVE, of_certbot
from .traefik import ELSEWHERE, healthy_traefik

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


def _traefik(lab: Lab, *issued: certificates.Issued) -> None:
    """Traefik has started with the first of them; the others were written later."""
    dynamic = traefik.SHOP.replace(traefik.PEM, f"{LIVE}/fullchain.pem")
    of_certbot(lab, issued[0])
    traefik.serve(lab, dynamic.replace(traefik.KEY, f"{LIVE}/privkey.pem"))
    for later in issued[1:]:
        of_certbot(lab, later)
    lab.undo(lambda: lab.server.sh("rm -rf /etc/letsencrypt/*"))


@scenario(
    outside="certificate.expired", server="server.certificate-not-loaded",
    needs=traefik.needs_traefik, not_on=ELSEWHERE,
)  # fmt: skip
def traefik_has_not_read_the_renewed_certificate(lab: Lab) -> None:
    """https://github.com/traefik/traefik/issues/7202: certificates are renewed by another program,
    and only a restart seems to load them."""
    _traefik(lab, certificates.leaf(starts=-93, ends=-3), certificates.good())


@healthy_traefik()
def traefik_started_after_the_renewal(lab: Lab) -> None:
    _traefik(lab, certificates.good())
