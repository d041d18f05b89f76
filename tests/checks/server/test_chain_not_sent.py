from dataclasses import replace
from datetime import timedelta

from diagnose.model import Applicability, Command, Edit, Failure
from diagnose.model.files import StoredCertificate
from diagnose.model.nginx import CertificateFile
from diagnose.model.tls import Certificate, Handshake
from diagnose.model.web_servers import SiteFile, WebServerConfig
from tests.support.check_evidence import NOW, judge
from tests.support.haproxy_evidence import PEM, config
from tests.support.haproxy_evidence import SERVER as HAPROXY
from tests.support.web_server_evidence import APACHE, HTTPS, LISTENING, apache_config

CHECK = "server.chain-not-sent"
LIVE = "/etc/letsencrypt/live/shop.example.com"
LEAF = Certificate(
    "CN=shop.example.com",
    "CN=R3",
    "1",
    NOW - timedelta(days=5),
    NOW + timedelta(days=60),
    "aa",
    dns_names=("shop.example.com",),
    issuer_urls=("http://r3.i.example.org/",),
)
UNKNOWN = Failure("certificate", "unable to get local issuer certificate", 20)
SERVED = Handshake(address="203.0.113.10", port=443, chain=(LEAF,), verify_code=20, failure=UNKNOWN)
FILE = CertificateFile(path="/etc/ssl/shop.pem", sha256="aa", chain=(LEAF,))
OF_CERTBOT = apache_config(HTTPS.replace("/etc/ssl/shop.pem", f"{LIVE}/cert.pem"))


def test_fires_and_names_the_whole_chain_of_certbot() -> None:
    file = replace(FILE, path=f"{LIVE}/cert.pem")
    (claim,) = judge(CHECK, SERVED, file, APACHE, OF_CERTBOT, LISTENING)
    assert claim.fix
    assert claim.fix.applicability is Applicability.AUTOMATIC
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert f"+    SSLCertificateFile {LIVE}/fullchain.pem\n" in edit.diff


def test_fires_and_leaves_an_unknown_chain_to_a_person() -> None:
    nameless = replace(LEAF, issuer_urls=("http://ca.example/ca.p7c",))
    served = replace(SERVED, chain=(nameless,))
    file = replace(FILE, chain=(nameless,))
    (claim,) = judge(CHECK, served, file, APACHE, apache_config(), LISTENING)
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL


def test_fires_and_downloads_the_issuer_from_the_address_that_the_leaf_names() -> None:
    (claim,) = judge(CHECK, SERVED, FILE, APACHE, apache_config(), LISTENING)
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    assert claim.facts["fetched"]


def test_fires_for_haproxy_and_joins_the_files_of_certbot() -> None:
    """The command is that of server.haproxy-bundle-outdated, which the laboratory plays."""
    issuer = replace(LEAF, subject="CN=R3", issuer="CN=Root", sha256="cc", is_ca=True, key_id="k")
    path, key = f"{LIVE}/fullchain.pem", f"{LIVE}/privkey.pem"
    leaf = replace(LEAF, authority_key_id="k")
    stored = StoredCertificate(path=path, chain=(leaf, issuer), key=key)
    file = replace(FILE, path=PEM)
    (claim,) = judge(CHECK, SERVED, file, stored, HAPROXY, haproxy_sites(), masked=False)
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    step = claim.fix.steps[0]
    assert isinstance(step, Command)
    assert step.argv[-3:] == (PEM, path, key)
    keyless = replace(stored, key="")
    (claim,) = judge(CHECK, SERVED, file, keyless, HAPROXY, haproxy_sites(), masked=False)
    assert claim.fix
    assert not isinstance(claim.fix.steps[0], Command)


def haproxy_sites() -> WebServerConfig:
    made = config()
    bundle = SiteFile("bundle", PEM, made.path, 6)
    return replace(made, sites=tuple(replace(site, files=(bundle,)) for site in made.sites))


def test_silent_when_the_chain_is_whole_or_the_file_another() -> None:
    rest = (APACHE, apache_config(), LISTENING)
    whole = replace(SERVED, verify_code=0, failure=None)
    assert not judge(CHECK, whole, FILE, *rest)
    assert not judge(CHECK, SERVED, replace(FILE, sha256="bb"), *rest)
    assert not judge(CHECK, SERVED, replace(FILE, chain=(LEAF, LEAF)), *rest)
