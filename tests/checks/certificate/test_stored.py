from dataclasses import replace
from datetime import timedelta

import pytest

from checks.certificate._stored import completed_file, issuers_file, stored_pair, whole_chain
from diagnose.model import Applicability
from diagnose.model.files import StoredCertificate
from diagnose.model.nginx import CertificateFile
from diagnose.model.tls import Certificate
from tests.support.certificates import LEAF, MIDDLE, OTHER, ROOT, SELF
from tests.support.check_evidence import NOW, evidence

FOLDER = "/etc/nginx/ssl"
NAMES = ("shop.example.com",)
PAIR = StoredCertificate(path=f"{FOLDER}/new.crt", chain=(LEAF,), key=f"{FOLDER}/new.key")
PEM = "-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n"
FILE = CertificateFile(
    path=f"{FOLDER}/shop.crt", sha256=LEAF.sha256, chain=(LEAF,), text=PEM.format("AAAA")
)
BUNDLE = StoredCertificate(
    path=f"{FOLDER}/ca-bundle.crt",
    chain=(replace(ROOT, authority_key_id=""), MIDDLE),
    text=PEM.format("BBBB") + PEM.format("CCCC"),
)


def test_the_pair_with_a_file_that_is_named_comes_first() -> None:
    later = replace(LEAF, sha256="later", not_after=NOW + timedelta(days=300))
    other = replace(PAIR, path=f"{FOLDER}/other.crt", chain=(later,), key=f"{FOLDER}/other.key")
    pair = stored_pair(evidence(PAIR, other), NAMES, {PAIR.path})
    assert pair
    assert (pair.path, pair.key, pair.applicability) == (
        PAIR.path,
        PAIR.key,
        Applicability.AUTOMATIC,
    )
    pair = stored_pair(evidence(PAIR, other), NAMES, ())
    assert pair
    assert (pair.path, pair.applicability) == (other.path, Applicability.REVIEW)


def test_one_of_a_public_authority_comes_before_one_of_the_company() -> None:
    later = replace(LEAF, issuer_urls=(), not_after=NOW + timedelta(days=900))
    company = replace(PAIR, path=f"{FOLDER}/company.crt", chain=(later,))
    pair = stored_pair(evidence(company, PAIR), NAMES, ())
    assert pair
    assert pair.path == PAIR.path


def test_an_older_one_than_the_named_one_is_for_a_person() -> None:
    """The newer one was named with the key of the older one, which lies beside."""
    newer = replace(LEAF, sha256="newer", not_after=NOW + timedelta(days=300))
    named = CertificateFile(path=f"{FOLDER}/named.crt", chain=(newer,))
    for own_files, applicability in (
        ({named.path, PAIR.key}, Applicability.REVIEW),
        ({PAIR.key}, Applicability.AUTOMATIC),
    ):
        pair = stored_pair(evidence(PAIR, named), NAMES, own_files)
        assert pair
        assert pair.applicability is applicability


@pytest.mark.parametrize(
    "stored",
    [
        replace(PAIR, key=""),
        replace(PAIR, chain=(SELF,)),
        replace(PAIR, chain=(replace(LEAF, not_after=NOW - timedelta(days=1)),)),
        replace(PAIR, chain=(replace(LEAF, dns_names=("blog.example.com",)),)),
        replace(PAIR, chain=(replace(LEAF, issuer="CN=(STAGING) Pretend Pear"),)),
        replace(PAIR, chain=(replace(LEAF, usages=("1.3.6.1.5.5.7.3.2",)),)),
        replace(PAIR, path="/home/me/new.crt"),
        replace(PAIR, path=f"{FOLDER}/a; include x"),
    ],
)
def test_no_pair_of_another_site_or_of_a_stranger(stored: StoredCertificate) -> None:
    assert stored_pair(evidence(stored), NAMES, {PAIR.path}) is None


def test_a_bundle_has_its_key_in_the_same_file() -> None:
    assert stored_pair(evidence(PAIR), NAMES, (), joined=True) is None
    joined = replace(PAIR, key=PAIR.path)
    assert stored_pair(evidence(joined), NAMES, (), joined=True)


def test_the_file_with_the_whole_chain() -> None:
    whole = StoredCertificate(path=f"{FOLDER}/fullchain.cer", chain=(LEAF, MIDDLE))
    assert whole_chain(evidence(whole), LEAF) == whole.path
    assert not whole_chain(evidence(replace(whole, chain=(LEAF, OTHER))), LEAF)
    assert not whole_chain(evidence(replace(whole, chain=(SELF, MIDDLE))), LEAF)
    with_key = replace(whole, path=f"{FOLDER}/all.pem", key=f"{FOLDER}/all.pem")
    assert whole_chain(evidence(with_key, whole), LEAF) == whole.path
    assert whole_chain(evidence(with_key), LEAF) == with_key.path


EXPIRED = replace(MIDDLE, sha256="expired", not_after=NOW - timedelta(days=3))
#: Another authority of the same name: no key identifier tells whose signature it is.
NAMESAKE = replace(MIDDLE, sha256="namesake", key_id="")


@pytest.mark.parametrize("middle", [EXPIRED, NAMESAKE])
def test_an_issuer_that_has_expired_or_is_not_proven_is_no_missing_part(
    middle: Certificate,
) -> None:
    whole = StoredCertificate(path=f"{FOLDER}/fullchain.cer", chain=(LEAF, middle))
    assert not whole_chain(evidence(whole), LEAF)
    alone = replace(BUNDLE, chain=(middle,), text=PEM.format("BBBB"))
    assert not issuers_file(evidence(alone), LEAF)
    assert completed_file(evidence(alone), FILE) is None
    both = replace(BUNDLE, chain=(middle, MIDDLE))
    edit = completed_file(evidence(both), FILE)
    assert edit
    assert "+CCCC" in edit.diff
    assert "BBBB" not in edit.diff


def test_no_command_names_a_file_with_a_blank() -> None:
    blank = replace(BUNDLE, path=f"{FOLDER}/my ca.crt")
    assert not issuers_file(evidence(blank), LEAF)
    assert completed_file(evidence(blank), FILE)


def test_the_missing_part_is_appended_without_the_root() -> None:
    assert issuers_file(evidence(BUNDLE), LEAF) == BUNDLE.path
    edit = completed_file(evidence(BUNDLE), FILE)
    assert edit
    assert "+CCCC" in edit.diff
    assert "BBBB" not in edit.diff
    assert completed_file(evidence(BUNDLE), replace(FILE, text="")) is None


def test_a_root_alone_or_another_authority_is_no_missing_part() -> None:
    root = replace(BUNDLE, chain=(ROOT,), text=PEM.format("BBBB"))
    direct = replace(LEAF, issuer=ROOT.subject, authority_key_id="aa")
    assert not issuers_file(evidence(root), direct)
    other = replace(BUNDLE, chain=(OTHER,), text=PEM.format("DDDD"))
    assert completed_file(evidence(other), FILE) is None
