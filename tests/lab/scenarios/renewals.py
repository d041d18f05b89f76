"""The certificate expires soon, and certbot's log says why it was not renewed."""

from .. import certificates, site
from ..lab import SERVER, Lab
from ..scenario import scenario
from .firewall import firewalld
from .frameworks import RENEWAL
from .nginx_files import LIVE, of_certbot

AUTHORITY = "the authority has to reach it"
LOG = "/var/log/letsencrypt/letsencrypt.log"
CHALLENGE = f"http://{site.NAME}/.well-known/acme-challenge/Xk9mQ"
#: As certbot 2.11 writes it.
TEXT = """\
2026-11-28 03:12:09,103:DEBUG:certbot._internal.display.obj:Notifying user:
Certbot failed to authenticate some domains (authenticator: webroot). The Certificate Authority \
reported these problems:
  Domain: shop.example.com
  Type:   {kind}
  Detail: {detail}

2026-11-28 03:12:09,911:ERROR:certbot._internal.renewal:Failed to renew certificate \
shop.example.com with error: Some challenges have failed.
"""


def not_renewed(lab: Lab, kind: str, detail: str) -> None:
    """certbot's webroot is nginx's, and its last run failed."""
    leaf = certificates.leaf(starts=-85, ends=5)
    of_certbot(lab, leaf)
    lab.server.sh("touch -d '85 days ago' /etc/letsencrypt/archive/*/*")
    renewal = RENEWAL.format(folder="/var/www/acme")
    lab.server.write(f"/etc/letsencrypt/renewal/{site.NAME}.conf", renewal)
    lab.server.write(LOG, TEXT.format(kind=kind, detail=detail))
    lab.server.write(site.PEM, leaf.chain)
    lab.edit(site.PEM, f"{LIVE}/fullchain.pem")
    lab.change(site.KEY, f"{LIVE}/privkey.pem")


@scenario(
    outside="certificate.expires-soon", server="certificate.renewal-failed",
    both="certificate.renewal-failed", manual=AUTHORITY,
)  # fmt: skip
def authority_asked_an_old_ipv6_address(lab: Lab) -> None:
    """After https://github.com/NginxProxyManager/nginx-proxy-manager/issues/1549: the AAAA record
    led elsewhere, and browsers came by IPv4."""
    detail = (
        f"2001:db8:9::9: Fetching {CHALLENGE}: Timeout during connect (likely firewall problem)"
    )
    not_renewed(lab, "connection", detail)


@scenario(
    outside="certificate.expires-soon", server="certificate.renewal-failed",
    both="certificate.renewal-failed", manual=AUTHORITY,
)  # fmt: skip
def authority_is_not_among_those_of_the_caa_record(lab: Lab) -> None:
    detail = f"CAA record for {site.NAME} prevents issuance"
    not_renewed(lab, "caa", detail)


def _of_lets_encrypt(lab: Lab) -> None:
    """The laboratory's certificate is a private authority's: the settings name the real one."""
    file = f"/etc/letsencrypt/renewal/{site.NAME}.conf"
    server = "[renewalparams]\nserver = https://acme-v02.api.letsencrypt.org/directory\n"
    lab.edit("[renewalparams]\n", server, file)


@scenario(
    outside="certificate.expires-soon", server="dns.caa-forbids", both="dns.caa-forbids",
    manual="the record is at the DNS provider",
)  # fmt: skip
def caa_value_with_the_final_dot_of_a_zone_file(lab: Lab) -> None:
    """After an article about CAA and "CAA record prevents issuance": RFC 8659's domain has none."""
    lab.zone({site.NAME: {"A": [SERVER], "CAA": ['0 issue "letsencrypt.org."']}})
    not_renewed(lab, "caa", f"CAA record for {site.NAME} prevents issuance")
    _of_lets_encrypt(lab)


@scenario(
    outside="certificate.expires-soon", server="certificate.expires-soon",
    both="certificate.expires-soon", manual=AUTHORITY,
)  # fmt: skip
def caa_value_without_a_dot(lab: Lab) -> None:
    """Its twin: nothing forbids the renewal, and the tool has not run yet."""
    lab.zone({site.NAME: {"A": [SERVER], "CAA": ['0 issue "letsencrypt.org"']}})
    not_renewed(lab, "caa", f"CAA record for {site.NAME} prevents issuance")
    _of_lets_encrypt(lab)
    lab.server.sh(f"rm -f {LOG}")


@scenario(
    outside="certificate.expires-soon", server="dns.caa-forbids", both="dns.caa-forbids",
    manual="the record is at the DNS provider",
)  # fmt: skip
def caa_value_admits_dns_alone(lab: Lab) -> None:
    """After https://github.com/acme-dns/acme-dns-client/issues/8: certbot answers over http."""
    value = '0 issue "letsencrypt.org; validationmethods=dns-01"'
    lab.zone({site.NAME: {"A": [SERVER], "CAA": [value]}})
    not_renewed(lab, "caa", f"CAA record for {site.NAME} prevents issuance")
    _of_lets_encrypt(lab)


@scenario(
    outside="certificate.expires-soon", server="certificate.expires-soon",
    both="certificate.expires-soon", manual=AUTHORITY,
)  # fmt: skip
def caa_value_admits_http_too(lab: Lab) -> None:
    """Its twin: the tool has not run yet."""
    value = '0 issue "letsencrypt.org; validationmethods=dns-01,http-01"'
    lab.zone({site.NAME: {"A": [SERVER], "CAA": [value]}})
    not_renewed(lab, "caa", f"CAA record for {site.NAME} prevents issuance")
    _of_lets_encrypt(lab)
    lab.server.sh(f"rm -f {LOG}")


@scenario(
    outside="http.port-closed", server="firewall.port-closed", both="firewall.port-closed",
    also=("certificate.expires-soon",), manual=AUTHORITY,
)  # fmt: skip
def renewal_fails_behind_a_closed_port_80(lab: Lab) -> None:
    not_renewed(lab, "connection", f"{SERVER}: Fetching {CHALLENGE}: Timeout during connect")
    firewalld(lab, "--zone=public --remove-service=http")


@scenario(
    outside="http.port-closed", server="firewall.source-restricted",
    both="firewall.source-restricted",
    also=("certificate.expires-soon",), manual=AUTHORITY,
)  # fmt: skip
def renewal_fails_behind_a_port_80_for_an_office(lab: Lab) -> None:
    not_renewed(lab, "connection", f"{SERVER}: Fetching {CHALLENGE}: Timeout during connect")
    rule = "rule family=ipv4 source address=192.0.2.64/26 service name=http accept"
    lab.server.run(["firewall-cmd", "--permanent", f"--add-rich-rule={rule}"], check=True)
    firewalld(lab, "--zone=public --remove-service=http")


@scenario(outside="certificate.expires-soon", manual="certbot has no key for the zone here")
def renewal_by_records_of_dns_beside_a_rule_for_dots(lab: Lab) -> None:
    """`location ~ /\\. { return 404; }` answers challenges on port 80, for which nobody asks."""
    leaf = certificates.leaf(starts=-85, ends=5)
    of_certbot(lab, leaf)
    lab.server.sh("touch -d '85 days ago' /etc/letsencrypt/archive/*/*")
    directory = "https://acme-v02.api.letsencrypt.org/directory"
    lab.server.sh(f"rm -f {LOG}")
    settings = f"[renewalparams]\nauthenticator = dns-cloudflare\nserver = {directory}\n"
    lab.server.write(f"/etc/letsencrypt/renewal/{site.NAME}.conf", settings)
    lab.server.write(site.PEM, leaf.chain)
    lab.edit(site.PEM, f"{LIVE}/fullchain.pem")
    lab.edit(site.KEY, f"{LIVE}/privkey.pem")
    own = "  location /.well-known/acme-challenge/ {\n    root /var/www/acme;\n  }\n"
    lab.change(own, "  location ~ /\\. {\n    return 404;\n  }\n")
