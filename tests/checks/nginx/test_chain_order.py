from dataclasses import replace

from diagnose.model import Applicability, Edit
from diagnose.model.nginx import CertificateFile, KeyFile
from diagnose.model.tls import Certificate
from tests.saying import NOW, judge
from tests.serving import BUILD, HOST, STOPPED, config, nginx_says

CHECK = "nginx.chain-order"
SAID = (
    'SSL_CTX_use_PrivateKey("/etc/nginx/shop.key") failed (SSL: error:05800074:x509 '
    "certificate routines::key values mismatch)"
)
ROOT = Certificate("CN=root", "CN=root", "3", NOW, NOW, "cc", common_name="root")
CA = Certificate("CN=ca", "CN=root", "2", NOW, NOW, "bb", common_name="ca")
LEAF = Certificate("CN=shop", "CN=ca", "1", NOW, NOW, "aa", common_name="shop")
BLOCK = "-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n"
FILE = CertificateFile(
    path="/etc/nginx/shop.pem",
    chain=(ROOT, CA, LEAF),
    publics=("root", "ca", "shop"),
    text="".join(map(BLOCK.format, ("ROOT", "CA", "LEAF"))),
)
KEY = KeyFile(path="/etc/nginx/shop.key", key_type="EC", public="shop")


def test_fires_and_puts_the_sites_own_first_and_each_issuer_behind() -> None:
    (claim,) = judge(CHECK, nginx_says(SAID), config(), STOPPED, FILE, KEY, BUILD, HOST)
    assert (claim.facts["own"], claim.facts["number"]) == ("shop", 3)
    assert claim.fix
    assert claim.fix.applicability is Applicability.AUTOMATIC
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    # What stands there afterwards: all lines but those taken away.
    after = "\n".join(line[1:] for line in edit.diff.split("\n")[3:] if line[:1] in {" ", "+"})
    assert after.index("LEAF") < after.index("CA\n") < after.index("ROOT")


def test_fires_without_an_edit_where_the_file_holds_more_than_certificates() -> None:
    (claim,) = judge(CHECK, nginx_says(SAID), config(), STOPPED, replace(FILE, text=""), KEY)
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL


def test_silent_when_the_key_belongs_to_none_of_them() -> None:
    assert not judge(CHECK, nginx_says(SAID), config(), FILE, replace(KEY, public="other"))


def test_silent_when_nginx_is_content() -> None:
    assert not judge(CHECK, nginx_says(), config(), FILE, KEY)
