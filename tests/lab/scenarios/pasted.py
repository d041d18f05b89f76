"""A message that a program printed is pasted, and what it says lies beneath the web server: the
certificate's own papers, the name's further records, the certificate authority's request.

Each has the question it is made after, and a twin that is healed, with the same message.
"""

import datetime as dt

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.x509 import ocsp

from .. import certificates, site
from ..certificates import Issued
from ..lab import SERVER, Lab
from ..scenario import healthy, scenario

PROVIDER = "the DNS provider's console"
FOLDER = "  location /.well-known/acme-challenge/ {\n    root /var/www/acme;\n  }\n\n"
INVALID = (
    "shop.example.com:Verify error:Invalid response from "
    'http://shop.example.com/.well-known/acme-challenge/SgoP3wi5w7dDP1gnt: "<!doctype html>'
)
SUPERSEDED = (
    "Err:5 https://shop.example.com stable InRelease Certificate verification failed: The "
    "certificate is NOT trusted. The revocation or OCSP data are old and have been superseded."
)
CAA_FAILS = (
    "Domain: shop.example.com Type: connection Detail: DNS problem: SERVFAIL looking up CAA for "
    "shop.example.com"
)
UNPERMITTED = (
    'Get "https://shop.example.com/": tls: failed to verify certificate: x509: a root or '
    "intermediate certificate is not authorized to sign for this name"
)
SIGNATURE = (
    "mc: <ERROR> Unable to list folder. The request signature we calculated does not match the "
    "signature you provided. Check your key and signing method."
)
STAPLE = "/etc/nginx/ssl/shop.ocsp"
TIMEOUT = "  ssl_session_timeout 5m;\n"
HOST = "    proxy_set_header Host $http_host;\n"


# The certificate authority's request


@scenario(outside="http.acme-challenge-answered", args=(INVALID,), manual="the folder is a choice")
def challenge_goes_to_the_application(lab: Lab) -> None:
    """No location for challenges: after acme.sh's and win-acme's users, whose application answers
    them with its own page."""
    lab.edit(FOLDER, "")
    lab.reload()


@scenario(
    outside="http.acme-challenge-answered", args=(INVALID,), target=f"http://{site.NAME}/",
    manual="the folder is a choice",
)  # fmt: skip
def challenge_of_a_site_over_http_goes_to_the_application(lab: Lab) -> None:
    """The site has no certificate yet: https://github.com/ancarda/website/issues/4."""
    lab.edit(FOLDER, "")
    lab.reload()


@healthy(args=(INVALID,))
def challenge_comes_from_its_folder(lab: Lab) -> None:
    pass


# What the authority said of the certificate


def staple(lab: Lab, days: float, responder: bool = False) -> None:
    """nginx sends a response along that ends in so many days; the certificate may name the
    authority's server of them."""
    good = certificates.leaf(responder=True) if responder else certificates.good()
    lab.install(good.chain, good.key_pem)
    assert good.issuer
    now = certificates.days(0)
    builder = ocsp.OCSPResponseBuilder().add_response(
        cert=good.certificate,
        issuer=good.issuer.certificate,
        algorithm=hashes.SHA256(),
        cert_status=ocsp.OCSPCertStatus.GOOD,
        this_update=now - dt.timedelta(days=7),
        next_update=now + dt.timedelta(days=days),
        revocation_time=None,
        revocation_reason=None,
    )
    by = builder.responder_id(ocsp.OCSPResponderEncoding.HASH, good.issuer.certificate)
    signed = by.sign(good.issuer.key, hashes.SHA256())
    lab.server.path(STAPLE).write_bytes(signed.public_bytes(serialization.Encoding.DER))
    lines = f"  ssl_stapling on;\n  ssl_stapling_file {STAPLE};\n"
    lab.change(TIMEOUT, TIMEOUT + lines)


@scenario(
    outside="certificate.staple-outdated", args=(SUPERSEDED,), manual="a file is to be made anew"
)
def ocsp_response_is_outdated(lab: Lab) -> None:
    """After apt's "The revocation or OCSP data are old and have been superseded" of a repository
    that every browser opens."""
    staple(lab, -3)


@scenario(outside="certificate.staple-outdated", manual="a file is to be made anew")
def ocsp_response_is_outdated_and_nobody_complains(lab: Lab) -> None:
    """The same, and the certificate names an OCSP responder: it is seen without a message."""
    staple(lab, -3, responder=True)


@healthy()
def ocsp_response_of_a_responder_is_current(lab: Lab) -> None:
    staple(lab, 3, responder=True)


@healthy(args=(SUPERSEDED,))
def ocsp_response_is_current(lab: Lab) -> None:
    staple(lab, 3)


def _constrained(lab: Lab, permitted: str) -> None:
    """An intermediate that may sign for this domain alone (RFC 5280 section 4.2.1.10)."""
    root, key = certificates.root(), certificates.new_key()
    constraints = x509.NameConstraints([x509.DNSName(permitted)], None)
    builder = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Lab Constrained")]))
        .issuer_name(root.certificate.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(certificates.days(-100))
        .not_valid_after(certificates.days(900))
        .add_extension(x509.BasicConstraints(True, None), True)
        .add_extension(constraints, True)
    )
    between = Issued(builder.sign(root.key, hashes.SHA256()), key, root)
    leaf = certificates.leaf(issuer=between)
    lab.install(leaf.chain, leaf.key_pem)


@scenario(
    outside="certificate.rejected", args=(UNPERMITTED,), manual="a new one comes from an authority"
)
def authority_may_not_sign_for_the_name(lab: Lab) -> None:
    """After questions about "permitted subtree violation" with a company's own authority."""
    _constrained(lab, "corp.test")


@healthy(args=(UNPERMITTED,))
def authority_may_sign_for_the_name(lab: Lab) -> None:
    _constrained(lab, "example.com")


# The name's further records


@scenario(outside="dns.caa-unanswered", args=(CAA_FAILS,), manual=PROVIDER)
def name_servers_fail_for_caa(lab: Lab) -> None:
    """After "SERVFAIL looking up CAA" of a name whose address everybody finds."""
    lab.zone({site.NAME: {"A": [SERVER], "fault": "caa-servfail"}})


@healthy(args=(CAA_FAILS,))
def name_servers_answer_for_caa(lab: Lab) -> None:
    lab.zone({site.NAME: {"A": [SERVER]}})


@scenario(outside="dns.https-record-stale", manual=PROVIDER)
def hint_of_the_old_server(lab: Lab) -> None:
    """The A record was changed after a move, and the HTTPS record was not."""
    lab.zone({site.NAME: {"A": [SERVER], "HTTPS": ["1 . alpn=h2 ipv4hint=203.0.113.77"]}})


@scenario(outside="dns.https-record-stale", manual=PROVIDER)
def port_that_nobody_serves(lab: Lab) -> None:
    """The HTTPS record names a port of a former setup."""
    lab.zone({site.NAME: {"A": [SERVER], "HTTPS": ["1 . alpn=h2 port=8443"]}})


@scenario(outside="dns.https-record-stale", manual=PROVIDER)
def record_of_a_cdn_that_was_left(lab: Lab) -> None:
    """The HTTPS record leads to a name that does not exist any more."""
    lab.zone({site.NAME: {"A": [SERVER], "HTTPS": ["1 shop.cdn.example.com. alpn=h2"]}})


@healthy()
def https_record_of_the_site(lab: Lab) -> None:
    """With the site's own address, HTTP/3 and a second name that leads to the same place."""
    own = f"1 . alpn=h3,h2 ipv4hint={SERVER}"
    lab.zone({
        site.NAME: {"A": [SERVER], "HTTPS": [own, "2 edge.example.com. alpn=h2"]},
        "edge.example.com": {"A": [SERVER]},
    })  # fmt: skip


# Storage


@scenario(
    outside=None, server="upstream.signed-request-changed", args=(SIGNATURE,), differs=(site.CONF,)
)
def storage_sees_another_host(lab: Lab) -> None:
    """MinIO behind nginx without `proxy_set_header Host`, after several of its issues."""
    lab.edit(HOST, "")
    lab.reload()


@healthy(args=(SIGNATURE,))
def storage_sees_the_clients_host(lab: Lab) -> None:
    pass
