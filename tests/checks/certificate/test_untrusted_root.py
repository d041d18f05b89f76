from diagnose.model import Applicability, Confidence
from diagnose.model.nginx import CertificateFile
from tests.support.certificates import HEALTHY, LEAF, MIDDLE, ROOT, causes, leaf, visit
from tests.support.check_evidence import judge

ORIGIN = "OU=CloudFlare Origin SSL Certificate Authority,O=CloudFlare\\, Inc."


def test_fires_for_a_chain_with_its_root() -> None:
    (claim,) = judge("certificate.untrusted-root", visit(LEAF, MIDDLE, ROOT, code=19))
    assert claim.confidence is Confidence.CERTAIN
    assert claim.facts["root"] == "Example Root"


def test_fires_for_a_whole_chain_whose_root_is_not_sent() -> None:
    (claim,) = judge("certificate.untrusted-root", visit(LEAF, MIDDLE, code=20))
    assert claim.confidence is Confidence.LIKELY
    assert causes(visit(LEAF, MIDDLE, code=20)) == ["certificate.untrusted-root"]


def test_fires_for_a_cdns_origin_authority() -> None:
    (claim,) = judge("certificate.untrusted-root", visit(leaf(issuer=ORIGIN), code=20))
    assert claim.facts["origin"]


def test_fires_for_an_authority_of_tests_sent_whole_or_not() -> None:
    issuer = "CN=(STAGING) Puzzling Parsnip E7,O=(STAGING) Let's Encrypt"
    (claim,) = judge("certificate.untrusted-root", visit(leaf(issuer=issuer), code=20))
    assert claim.facts["test"]
    assert claim.confidence is Confidence.CERTAIN
    assert "leave-the-tests" in str(claim.fix)


def test_fires_and_asks_the_real_service_by_the_tool_that_keeps_the_file() -> None:
    """After issue 2401 of acmesh-official/acme.sh."""
    issued = leaf(issuer="CN=(STAGING) Pseudo Plum E5,O=(STAGING) Let's Encrypt")
    home = "/root/.acme.sh"
    path = f"{home}/shop.example.com_ecc/fullchain.cer"
    file = CertificateFile(path=path, chain=(issued,), sha256=issued.sha256)
    (claim,) = judge("certificate.untrusted-root", visit(issued, code=20), file)
    assert claim.fix
    argv = getattr(claim.fix.steps[0], "argv", ())
    assert argv[:4] == (f"{home}/acme.sh", "--home", home, "--renew")
    assert argv[-3:] == ("--force", "--server", "letsencrypt")
    assert claim.fix.applicability is Applicability.REVIEW


def test_a_companys_authority_for_its_staging_is_none_of_tests() -> None:
    issuer = "CN=Example Staging Issuing CA"
    (claim,) = judge(
        "certificate.untrusted-root", visit(leaf(issuer=issuer, issuer_urls=()), code=20)
    )
    assert not claim.facts["test"]


def test_fires_for_a_private_leaf_that_comes_alone() -> None:
    (claim,) = judge("certificate.untrusted-root", visit(leaf(issuer_urls=()), code=20))
    assert claim.confidence is Confidence.LIKELY
    assert claim.facts["root"] == "CN=Example Middle"


def test_silent_where_an_extension_cannot_be_read_for_which_openssl_finds_no_issuer() -> None:
    odd = leaf(unread=("usages",))
    assert causes(visit(odd, MIDDLE, code=20)) == ["certificate.rejected"]


def test_silent_when_the_root_is_trusted_sent_or_not() -> None:
    assert not judge("certificate.untrusted-root", HEALTHY, visit(LEAF, MIDDLE, ROOT))
    assert not judge("certificate.untrusted-root", visit(LEAF, code=20))
