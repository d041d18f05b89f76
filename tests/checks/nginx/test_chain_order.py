from dataclasses import replace
from datetime import timedelta

from diagnose.checking.registry import layer_checks
from diagnose.checking.root_cause import claims, findings
from diagnose.model import Applicability, Edit, Evidence, Failure, Observation, Severity
from diagnose.model.nginx import CertificateFile, KeyFile
from diagnose.model.tls import Certificate, Handshake
from tests.support.check_evidence import NOW, SHOP, judge
from tests.support.nginx_evidence import BUILD, HOST, LOADED, RUNNING, STOPPED, config, nginx_says

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


def test_silent_when_the_file_holds_no_readable_certificate() -> None:
    unread = replace(FILE, chain=(), publics=(), text="")
    assert not judge(CHECK, nginx_says(), config(), RUNNING, unread, KEY)


def test_fires_where_the_first_is_of_another_algorithm_and_nginx_is_content() -> None:
    first = replace(CA, key_type="RSA")
    file = replace(FILE, chain=(first, LEAF), publics=("ca", "shop"), text="")
    failed = Handshake(address="203.0.113.10", port=443, failure=Failure("alert", "no", 40))
    seen = (nginx_says(), config(), RUNNING, file, KEY, failed)
    (claim,) = judge(CHECK, *seen)
    assert (claim.facts["own"], claim.facts["message"]) == ("shop", "")
    assert claim.severity is None
    assert not judge("nginx.key-type-mismatch", *seen)
    (claim,) = judge(CHECK, *seen[:-1], replace(failed, failure=None, chain=(LEAF,)))
    assert claim.severity is Severity.WARNING


def test_fires_and_explains_the_expired_certificate_that_is_still_served() -> None:
    old = Certificate("CN=shop", "CN=ca", "1", NOW, NOW - timedelta(days=5), "old",
                      dns_names=("shop.example.com",))  # fmt: skip
    new = replace(LEAF, not_after=NOW + timedelta(days=80), dns_names=("shop.example.com",))
    visit = Handshake(
        address="203.0.113.10", port=443, chain=(old,), verify_code=10,
        failure=Failure("certificate", "certificate has expired", 10),
    )  # fmt: skip
    file = replace(FILE, chain=(ROOT, CA, new), sha256="cc", changed=LOADED + 60)
    seen = (nginx_says(SAID), config(), RUNNING, file, KEY, visit, BUILD, HOST)
    assert causes(*seen) == ["nginx.chain-order"]
    other = replace(KEY, public="other")
    renewed = replace(file, chain=(new, CA), publics=("shop", "ca"))
    mismatch = (nginx_says(SAID), config(), RUNNING, renewed, other, visit, BUILD, HOST)
    assert causes(*mismatch) == ["nginx.key-mismatch"]


def causes(*observations: Observation) -> list[str]:
    """The root causes of nginx's files and of the certificate together."""
    crashes: list[object] = []
    checks = [*layer_checks("certificate"), *layer_checks("nginx")]
    raised = claims(checks, Evidence(SHOP, NOW, observations), crashes.append)
    assert not crashes
    return [finding.check.id for finding in findings(raised) if finding.is_cause]
