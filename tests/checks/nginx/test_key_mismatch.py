from dataclasses import replace

from diagnose.model import Applicability, Edit
from diagnose.model.nginx import CertificateFile, KeyFile
from diagnose.model.tls import Certificate
from tests.support.check_evidence import NOW, judge
from tests.support.nginx_evidence import SITE, STOPPED, config, nginx_says

CHECK = "nginx.key-mismatch"
SAID = (
    'SSL_CTX_use_PrivateKey("/etc/nginx/shop.key") failed (SSL: error:05800074:x509 '
    "certificate routines::key values mismatch)"
)
CA = Certificate("CN=ca", "CN=root", "2", NOW, NOW, "bb", common_name="ca")
LEAF = Certificate("CN=shop", "CN=ca", "1", NOW, NOW, "aa", common_name="shop")
FILE = CertificateFile(path="/etc/nginx/shop.pem", chain=(LEAF, CA), publics=("p1", "p2"))
KEY = KeyFile(path="/etc/nginx/shop.key", key_type="EC", public="other")


def test_fires_and_names_the_pair() -> None:
    (claim,) = judge(CHECK, nginx_says(SAID), config(), STOPPED, FILE, KEY)
    assert claim.facts["key"] == "/etc/nginx/shop.key"
    assert claim.facts["certificates"] == ("/etc/nginx/shop.pem",)
    assert claim.location


def test_fires_where_the_files_could_not_be_read() -> None:
    assert judge(CHECK, nginx_says(SAID), config(), STOPPED)


def test_silent_when_the_key_is_that_of_a_certificate_further_down() -> None:
    assert not judge(CHECK, nginx_says(SAID), config(), FILE, replace(KEY, public="p2"))


def test_silent_when_nginx_is_content() -> None:
    assert not judge(CHECK, nginx_says(), config(), FILE, KEY)


def test_fires_and_takes_the_key_that_other_blocks_pair_with_the_certificate() -> None:
    www = SITE.replace("shop.example.com", "www.shop.example.com").replace("shop.key", "new.key")
    (claim,) = judge(CHECK, nginx_says(SAID), config(SITE + www), STOPPED, FILE, KEY)
    assert claim.fix
    assert claim.fix.applicability is Applicability.AUTOMATIC
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "+    ssl_certificate_key new.key;\n" in edit.diff
    # The key is another certificate's: that may be the one that was meant.
    blog = SITE.replace("shop.pem", "blog.pem")
    (claim,) = judge(CHECK, nginx_says(SAID), config(SITE + www + blog), STOPPED, FILE, KEY)
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL
