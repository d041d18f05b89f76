from dataclasses import replace

from diagnose.model import Applicability, Edit, Failure, Target
from diagnose.model.tls import Handshake
from tests.support.caddy_evidence import CADDY, caddy_config, document
from tests.support.certificates import LEAF
from tests.support.check_evidence import judge

CHECK = "server.internal-certificate"
TEXT = "shop.example.com {\n\ttls internal\n\trespond ok\n}\n"
CONFIG = caddy_config(TEXT, document("shop.example.com", tls="internal"))
UNTRUSTED = Failure("certificate", "unable to get local issuer certificate", 20)
SERVED = Handshake(
    address="192.0.2.10",
    port=443,
    chain=(replace(LEAF, issuer="CN=Caddy Local Authority - ECC Intermediate"),),
    verify_code=20,
    failure=UNTRUSTED,
)


def test_fires_for_a_public_name_and_removes_the_line() -> None:
    (claim,) = judge(CHECK, CADDY, CONFIG, SERVED)
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "-\ttls internal" in edit.diff


def test_silent_for_a_private_name_or_where_it_is_trusted() -> None:
    local = Target("https://shop.lan/", "https", "shop.lan", 443)
    config = caddy_config("shop.lan {\n\ttls internal\n}\n", document("shop.lan", tls="internal"))
    assert not judge(CHECK, CADDY, config, SERVED, target=local)
    assert not judge(CHECK, CADDY, CONFIG, replace(SERVED, failure=None, verify_code=0))
    assert not judge(CHECK, CADDY, caddy_config(), SERVED)
