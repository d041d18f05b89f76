"""The lines by which Apache and Caddy name a certificate, and another pair in their place."""

from dataclasses import replace

from diagnose.model import Applicability, Claim, Edit, Observation
from diagnose.model.files import OtherCertificate
from diagnose.model.nginx import CertificateFile
from tests.checks.certificate.test_renewed_elsewhere import CHECK, LIVE, OTHER
from tests.support.caddy_evidence import CADDY, SITE, caddy_config, document
from tests.support.check_evidence import judge
from tests.support.renewed_certificate import OLD, SERVED
from tests.support.web_server_evidence import APACHE, HTTPS, apache_config

FILE = CertificateFile(path="/etc/ssl/shop.pem", sha256="aa", chain=(OLD,))


def claims(*observations: Observation, other: OtherCertificate = OTHER) -> list[Claim]:
    return judge(CHECK, SERVED, FILE, other, *observations)


def diff(claim: Claim) -> str:
    steps = claim.fix.steps if claim.fix else ()
    return "".join(step.diff for step in steps if isinstance(step, Edit))


def test_fires_and_names_the_pair_in_apaches_lines() -> None:
    (claim,) = claims(APACHE, apache_config())
    assert f"+    SSLCertificateFile {LIVE}/fullchain.pem\n" in diff(claim)
    assert f"+    SSLCertificateKeyFile {LIVE}/privkey.pem\n" in diff(claim)
    assert claim.facts["server"] == "Apache"
    assert claim.fix
    assert claim.fix.applicability is Applicability.AUTOMATIC


def test_fires_and_leaves_the_old_chain_of_apache_out() -> None:
    line = "    SSLCertificateKeyFile /etc/ssl/shop.key\n"
    text = HTTPS.replace(line, f"{line}    SSLCertificateChainFile /etc/ssl/chain.pem\n")
    (claim,) = claims(APACHE, apache_config(text))
    assert "+    # SSLCertificateChainFile /etc/ssl/chain.pem\n" in diff(claim)


def test_fires_and_names_the_pair_in_caddys_line() -> None:
    (claim,) = claims(CADDY, caddy_config(SITE, document("shop.example.com")))
    assert f"+\ttls {LIVE}/fullchain.pem {LIVE}/privkey.pem\n" in diff(claim)


def test_silent_where_the_lines_serve_another_name() -> None:
    text = HTTPS.replace("    SSLEngine", "    ServerAlias other.example.net\n    SSLEngine")
    assert not claims(APACHE, apache_config(text))


def test_silent_where_another_site_answers() -> None:
    text = HTTPS.replace("shop.example.com", "aaa.example.org")
    assert not claims(APACHE, apache_config(text))


def test_silent_without_a_key_or_a_later_certificate() -> None:
    assert not claims(APACHE, apache_config(), other=replace(OTHER, key=""))
    assert not claims(APACHE, apache_config(), other=replace(OTHER, leaf=OLD))
