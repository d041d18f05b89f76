from dataclasses import replace

from diagnose.model import Applicability, Edit, Failure, Severity
from diagnose.model.nginx import CertificateFile, KeyFile
from diagnose.model.tls import Certificate, Handshake
from tests.support.check_evidence import NOW, judge
from tests.support.nginx_evidence import SITE, config, nginx_says

CHECK = "nginx.key-type-mismatch"
LEAF = Certificate("CN=shop", "CN=ca", "1", NOW, NOW, "aa", key_type="RSA")
RSA = CertificateFile(path="/etc/nginx/shop.pem", chain=(LEAF,))
EC_KEY = KeyFile(path="/etc/nginx/shop.key", key_type="EC", public="bb")
RSA_KEY = replace(EC_KEY, key_type="RSA")
FAILED = Handshake(address="203.0.113.10", port=443, failure=Failure("alert", "handshake failure"))


def test_fires_when_certificate_and_key_are_of_two_algorithms() -> None:
    (claim,) = judge(CHECK, config(), RSA, EC_KEY, FAILED, nginx_says())
    assert claim.severity is None
    assert claim.facts["key"] == "/etc/nginx/shop.key"
    assert claim.facts["place"] == "/etc/nginx/nginx.conf:6"


def test_fires_as_a_warning_while_nginx_still_serves_the_old_pair() -> None:
    works = Handshake(address="203.0.113.10", port=443, chain=(LEAF,), protocol="TLSv1.3")
    (claim,) = judge(CHECK, config(), RSA, EC_KEY, works)
    assert claim.severity is Severity.WARNING


def test_silent_when_they_are_of_one() -> None:
    assert not judge(CHECK, config(), RSA, RSA_KEY, FAILED)


def test_silent_when_the_block_has_a_pair_of_each_in_whatever_order() -> None:
    text = SITE.replace("ssl_certificate_key shop.key;", "ssl_certificate_key shop.key;\n"
                        "    ssl_certificate_key rsa.key;")  # fmt: skip
    other = KeyFile(path="/etc/nginx/rsa.key", key_type="RSA", public="cc")
    assert not judge(CHECK, config(text), RSA, EC_KEY, other, FAILED)


def test_silent_when_one_of_the_keys_could_not_be_read() -> None:
    text = SITE.replace("ssl_certificate_key shop.key;", "ssl_certificate_key shop.key;\n"
                        "    ssl_certificate_key rsa.key;")  # fmt: skip
    assert not judge(CHECK, config(text), RSA, EC_KEY, FAILED)


def test_silent_when_nginx_itself_refuses_the_configuration() -> None:
    assert not judge(CHECK, config(), RSA, EC_KEY, FAILED, nginx_says("no"))


def test_fires_and_takes_the_key_that_other_blocks_pair_with_the_certificate() -> None:
    www = SITE.replace("shop.example.com", "www.shop.example.com").replace("shop.key", "rsa.key")
    (claim,) = judge(CHECK, config(SITE + www), RSA, EC_KEY, FAILED, nginx_says())
    assert claim.fix
    assert claim.fix.applicability is Applicability.AUTOMATIC
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "+    ssl_certificate_key rsa.key;\n" in edit.diff
    (claim,) = judge(CHECK, config(), RSA, EC_KEY, FAILED, nginx_says())
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL
