"""What Apache, Caddy and HAProxy allow in TLS does not fit the visitors, after the threads of
`tls`: the same lists are copied into every configuration."""

from .. import apache, caddy, certificates, haproxy
from ..lab import Lab
from .apache import apache_scenario, healthy_apache
from .caddy import caddy_scenario, healthy_caddy
from .haproxy import haproxy_scenario, healthy_haproxy

CLIENTS = "/etc/ssl/lab/clients.pem"
SSL = "/etc/apache2/mods-available/ssl.conf"
MISSED = "SSL Labs: TLS 1.3 not enabled"
LESS = "@SECLEVEL=0"


def _apache(lab: Lab, *lines: str) -> None:
    own = "".join(f"    {line}\n" for line in lines)
    text = apache.HTTPS.replace("    SSLEngine on\n", f"    SSLEngine on\n{own}")
    apache.serve(lab, f"{text}\n{apache.HTTP}")


def _haproxy(lab: Lab, words: str, defaults: str = "") -> None:
    text = haproxy.SITE.replace("alpn h2,http/1.1", f"alpn h2,http/1.1 {words}".rstrip())
    haproxy.serve(lab, text.replace("    maxconn 4000\n", f"    maxconn 4000\n{defaults}"))


def _caddy(lab: Lab, *lines: str) -> None:
    own = "".join(f"\t\t{line}\n" for line in lines)
    line = f"\ttls {caddy.PEM} {caddy.KEY}"
    caddy.serve(lab, caddy.SHOP.replace(line, f"{line} {{\n{own}\t}}"))


@apache_scenario(outside="tls.no-shared-protocol", differs=(apache.SITE,))
def apache_allows_old_versions_alone(lab: Lab) -> None:
    _apache(lab, "SSLProtocol -all +TLSv1 +TLSv1.1")


@apache_scenario(outside="tls.no-shared-protocol", differs=(SSL,))
def apache_allows_old_versions_alone_for_all_sites(lab: Lab) -> None:
    """The line is in the module's own file."""
    apache.install(lab)
    apache.edit(lab, "SSLProtocol all -SSLv2 -SSLv3 -TLSv1 -TLSv1.1", "SSLProtocol TLSv1.1", SSL)
    apache.start(lab)


@apache_scenario(outside="tls.obsolete-protocol", differs=(apache.SITE,))
def apache_offers_tls_1_0(lab: Lab) -> None:
    _apache(lab, "SSLProtocol all -SSLv3", f"SSLCipherSuite DEFAULT:{LESS}")


@apache_scenario(outside="tls.newest-version-off", args=(MISSED,), differs=(apache.SITE,))
def apache_has_tls_1_3_off(lab: Lab) -> None:
    _apache(lab, "SSLProtocol all -SSLv3 -TLSv1 -TLSv1.1 -TLSv1.3")


@haproxy_scenario(outside="tls.newest-version-off", args=(MISSED,), differs=(haproxy.CONFIG,))
def haproxy_has_tls_1_3_off(lab: Lab) -> None:
    _haproxy(lab, "ssl-min-ver TLSv1.2 ssl-max-ver TLSv1.2")


@apache_scenario(outside="tls.no-browser-group", differs=(apache.SITE,))
def apache_offers_p_521_alone(lab: Lab) -> None:
    _apache(lab, "SSLOpenSSLConfCmd Curves secp521r1")


@apache_scenario(outside="tls.client-certificate-required", differs=(apache.SITE,))
def apache_wants_a_certificate_of_visitors(lab: Lab) -> None:
    lab.server.write(CLIENTS, certificates.private_root().pem)
    _apache(lab, "SSLVerifyClient require", f"SSLCACertificateFile {CLIENTS}")


@haproxy_scenario(outside="tls.no-shared-protocol", differs=(haproxy.CONFIG,))
def haproxy_allows_old_versions_alone(lab: Lab) -> None:
    _haproxy(lab, "ssl-min-ver TLSv1.0 ssl-max-ver TLSv1.1")


@haproxy_scenario(outside="tls.obsolete-protocol", differs=(haproxy.CONFIG,))
def haproxy_offers_tls_1_0(lab: Lab) -> None:
    options = (
        f"    ssl-default-bind-ciphers DEFAULT:{LESS}\n"
        "    ssl-default-bind-options ssl-min-ver TLSv1.0 no-tls-tickets\n"
    )
    _haproxy(lab, "", options)


@haproxy_scenario(outside="tls.no-browser-group", differs=(haproxy.CONFIG,))
def haproxy_offers_p_521_alone(lab: Lab) -> None:
    _haproxy(lab, "curves secp521r1")


@haproxy_scenario(outside="tls.client-certificate-required", differs=(haproxy.CONFIG,))
def haproxy_wants_a_certificate_of_visitors(lab: Lab) -> None:
    lab.server.write(CLIENTS, certificates.private_root().pem)
    _haproxy(lab, f"verify required ca-file {CLIENTS}")


@caddy_scenario(outside="tls.no-browser-group", differs=(caddy.CONFIG,))
def caddy_offers_p_521_alone(lab: Lab) -> None:
    _caddy(lab, "curves secp521r1")


@caddy_scenario(outside="tls.client-certificate-required", differs=(caddy.CONFIG,))
def caddy_wants_a_certificate_of_visitors(lab: Lab) -> None:
    lab.server.write(CLIENTS, certificates.private_root().pem)
    trusted = f"\ttrusted_ca_cert_file {CLIENTS}"
    _caddy(lab, "client_auth {", "\tmode require_and_verify", trusted, "}")


@healthy_apache()
def apache_with_lists_for_current_visitors(lab: Lab) -> None:
    groups = "SSLOpenSSLConfCmd Curves X25519:prime256v1:secp384r1"
    _apache(lab, "SSLProtocol -all +TLSv1.2 +TLSv1.3", groups, "SSLVerifyClient none")


@healthy_haproxy()
def haproxy_with_lists_for_current_visitors(lab: Lab) -> None:
    _haproxy(lab, "ssl-min-ver TLSv1.2 curves X25519:P-256")


@healthy_caddy()
def caddy_with_lists_for_current_visitors(lab: Lab) -> None:
    _caddy(lab, "protocols tls1.2 tls1.3", "curves x25519 secp256r1")
