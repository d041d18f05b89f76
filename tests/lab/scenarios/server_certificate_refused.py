"""Scenarios of server.certificate-refused: the TLS library refuses a file, and nobody answers."""

from .. import apache, caddy, certificates, haproxy, site
from ..lab import Lab
from .apache import apache_scenario, healthy_apache
from .caddy import caddy_scenario
from .haproxy import haproxy_scenario

WHICH = "which certificate?"
END = "-----END CERTIFICATE-----"


def _small_pair(lab: Lab) -> tuple[str, str]:
    """A certificate with an RSA key of 1024 bits, and the key."""
    name = f"-subj /CN={site.NAME} -addext subjectAltName=DNS:{site.NAME}"
    made = f"openssl req -x509 -newkey rsa:1024 -nodes -days 30 {name}"
    lab.server.sh(f"{made} -keyout /run/small.key -out /run/small.pem 2>/dev/null")
    pair = lab.server.read("/run/small.pem"), lab.server.read("/run/small.key")
    lab.server.sh("rm -f /run/small.key /run/small.pem")
    return pair


def _apache(lab: Lab, chain: str, key: str = "") -> None:
    apache.install(lab)
    lab.server.write(apache.PEM, chain)
    if key:
        lab.server.write(apache.KEY, key, 0o600)
    lab.server.sh("apachectl start >/dev/null 2>&1 || :")


@apache_scenario(outside="tcp.refused", server="server.certificate-refused", manual=WHICH)
def apache_key_is_too_small(lab: Lab) -> None:
    """https://github.com/uboslinux/ubos-admin/issues/888: AH02562, "ee key too small"."""
    _apache(lab, *_small_pair(lab))


@apache_scenario(outside="tcp.refused", server="server.certificate-refused", manual=WHICH)
def apache_certificate_lost_a_dash(lab: Lab) -> None:
    """A copy by hand: "bad end line". The certificate that can be read is the intermediate, to
    which the key does not belong."""
    _apache(lab, certificates.good().chain.replace(END, END[:-1], 1))


@apache_scenario(outside="tcp.refused", server="server.certificate-refused", manual=WHICH)
def apache_certificate_is_the_key(lab: Lab) -> None:
    """The two files were mixed up: "no start line"."""
    _apache(lab, certificates.good().key_pem)


@healthy_apache()
def apache_certificate_with_words_before_it(lab: Lab) -> None:
    """`openssl x509 -text` writes what the certificate is before it; OpenSSL leaves that out."""
    apache.install(lab)
    lab.server.write(apache.PEM, f"subject=CN = {site.NAME}\n\n{certificates.good().chain}")
    apache.start(lab)


@haproxy_scenario(outside="tcp.refused", server="server.certificate-refused", manual=WHICH)
def haproxy_key_is_too_small(lab: Lab) -> None:
    """https://github.com/haproxy/haproxy/issues/2152: "unable to load SSL certificate into SSL
    Context … ee key too small", after an upgrade."""
    haproxy.install(lab)
    lab.server.write(haproxy.PEM, "".join(_small_pair(lab)), 0o600)
    lab.server.sh(f"haproxy -W -D -f {haproxy.CONFIG} >/dev/null 2>&1 || :")


@haproxy_scenario(outside="tcp.refused", server="server.certificate-refused", manual=WHICH)
def haproxy_files_joined_without_a_line_break(lab: Lab) -> None:
    """`cat cert.pem chain.pem` where the first lacks its last line break: "bad end line"."""
    haproxy.install(lab)
    bundle = haproxy.bundle().replace(f"{END}\n", END, 1)
    lab.server.write(haproxy.PEM, bundle, 0o600)
    lab.server.sh(f"haproxy -W -D -f {haproxy.CONFIG} >/dev/null 2>&1 || :")


@caddy_scenario(outside="tcp.refused", server="server.certificate-refused", manual=WHICH)
def caddy_certificate_is_the_key(lab: Lab) -> None:
    """ "failed to find certificate PEM data in certificate input, but did find a private key"."""
    caddy.install(lab)
    lab.server.write(caddy.PEM, certificates.good().key_pem)
    start = f"caddy start --config {caddy.CONFIG} --adapter caddyfile"
    lab.server.sh(f"HOME={caddy.HOME} {start} >/dev/null 2>&1 || :")


@haproxy_scenario(
    outside="tcp.refused", server="server.certificate-refused",
    differs=("/etc/ssl/crts/README", "/etc/ssl/README", "listeners", "processes"),
)  # fmt: skip
def haproxy_reads_a_text_in_its_folder_of_certificates(lab: Lab) -> None:
    """`crt FOLDER/` loads every file: a README of certbot's, "no start line"."""
    folder = "/etc/ssl/crts"
    haproxy.install(lab, haproxy.SITE.replace(haproxy.PEM, f"{folder}/"))
    lab.undo(lambda: lab.server.sh(f"rm -rf {folder} /etc/ssl/README"))
    lab.server.write(f"{folder}/shop.pem", haproxy.bundle(), 0o600)
    lab.server.write(f"{folder}/README", "This directory contains your keys\n")
    lab.server.sh(f"haproxy -W -D -f {haproxy.CONFIG} >/dev/null 2>&1 || :")
