"""Clients have certificates of their own, and nginx rejects one of them."""

from cryptography.x509.oid import ExtendedKeyUsageOID

from .. import certificates, site
from ..lab import Lab
from ..scenario import scenario

AUTHORITIES = "/etc/nginx/ssl/clients.pem"
ASKED = "400 Bad Request The SSL certificate error nginx"
SESSION = "ssl_session_timeout 5m;"


def _client_below(lab: Lab, depth: str) -> None:
    """A client whose certificate is below two issuing authorities has asked."""
    root = certificates.authority("Client Root")
    issuer = certificates.authority("Client Issuing B", certificates.authority("Issuing A", root))
    leaf = certificates.leaf("device-17", issuer=issuer, usage=ExtendedKeyUsageOID.CLIENT_AUTH)
    lab.client.write("/root/client.pem", leaf.chain)
    lab.client.write("/root/client.key", leaf.key_pem, 0o600)
    lab.undo(lambda: lab.client.sh("rm -f /root/client.pem /root/client.key"))
    lab.server.write(AUTHORITIES, root.pem)
    verify = f"ssl_client_certificate {AUTHORITIES};\n  ssl_verify_client on;{depth}"
    log = "error_log /var/log/nginx/error.log info;"
    lab.change(SESSION, f"{SESSION}\n  {log}\n  {verify}")
    pair = ["--cert", "/root/client.pem", "--key", "/root/client.key"]
    lab.client.run(["curl", "-sS", "-o", "/dev/null", *pair, f"https://{site.NAME}/"])


@scenario(
    outside="tls.client-certificate-rejected", args=(ASKED,), differs=(site.CONF,),
    manual="a client certificate is needed to see it",
)  # fmt: skip
def client_is_below_two_issuing_authorities(lab: Lab) -> None:
    """https://github.com/libressl/portable/issues/1283"""
    _client_below(lab, "")
