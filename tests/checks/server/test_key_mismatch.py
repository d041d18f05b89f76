from dataclasses import replace

from diagnose.model import Applicability, Command
from diagnose.model.files import StoredCertificate
from diagnose.model.nginx import CertificateFile, KeyFile
from tests.support.certificates import LEAF
from tests.support.check_evidence import judge
from tests.support.haproxy_evidence import PEM
from tests.support.haproxy_evidence import SERVER as HAPROXY
from tests.support.haproxy_evidence import config as haproxy_config
from tests.support.web_server_evidence import APACHE, HTTPS, LISTENING, apache_config

CHECK = "server.key-mismatch"
CERTIFICATE = CertificateFile(path="/etc/ssl/shop.pem", publics=("aa", "ca"))
KEY = KeyFile(path="/etc/ssl/shop.key", key_type="EC", public="bb")


def test_fires_when_the_public_keys_differ() -> None:
    (claim,) = judge(CHECK, APACHE, apache_config(), LISTENING, CERTIFICATE, KEY)
    assert claim.facts["key"] == KEY.path
    assert claim.facts["certificate"] == CERTIFICATE.path


def test_silent_when_they_agree_or_several_pairs_are_named() -> None:
    same = replace(KEY, public="aa")
    assert not judge(CHECK, APACHE, apache_config(), LISTENING, CERTIFICATE, same)
    pairs = "    SSLCertificateFile /etc/ssl/rsa.pem\n    SSLCertificateKeyFile /etc/ssl/rsa.key\n"
    both = apache_config(HTTPS.replace("    ProxyPass /ws", f"{pairs}    ProxyPass /ws"))
    assert not judge(CHECK, APACHE, both, LISTENING, CERTIFICATE, KEY)
    unread = replace(KEY, public="")
    assert not judge(CHECK, APACHE, apache_config(), LISTENING, CERTIFICATE, unread)


def test_fires_for_a_bundle_whose_key_is_anothers() -> None:
    bundle, key = replace(CERTIFICATE, path=PEM), replace(KEY, path=PEM)
    (claim,) = judge(CHECK, HAPROXY, haproxy_config(), bundle, key)
    assert (claim.facts["key"], claim.facts["certificate"]) == (PEM, PEM)
    assert not judge(CHECK, HAPROXY, haproxy_config(), bundle, replace(key, public="aa"))


def test_a_stored_pair_is_written_into_the_bundle() -> None:
    bundle, key = replace(CERTIFICATE, path=PEM), replace(KEY, path=PEM)
    live = "/etc/letsencrypt/live/shop.example.com"
    stored = StoredCertificate(
        path=f"{live}/fullchain.pem", chain=(LEAF,), key=f"{live}/privkey.pem"
    )
    # Its own certificate belongs to that key, too.
    own = replace(stored, path=PEM)
    (claim,) = judge(CHECK, HAPROXY, haproxy_config(), bundle, key, stored, own)
    assert claim.fix
    step = claim.fix.steps[0]
    assert isinstance(step, Command)
    assert step.argv[-3:] == (PEM, stored.path, stored.key)
    assert step.changes == (PEM,)
    assert claim.fix.applicability is Applicability.REVIEW, "the old key may be nowhere else"


def test_silent_about_a_damaged_file_whose_first_certificate_is_another() -> None:
    damaged = replace(CERTIFICATE, chain=(LEAF,), labels=("CERTIFICATE", "CERTIFICATE"))
    assert not judge(CHECK, APACHE, apache_config(), LISTENING, damaged, KEY)
