from dataclasses import replace
from datetime import timedelta

import pytest

from checks.certificate._stored import completed_file, issuers_file, stored_pair, whole_chain
from diagnose.model import Applicability
from diagnose.model.files import StoredCertificate
from diagnose.model.nginx import CertificateFile
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
    chain=(ROOT, MIDDLE),
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


@pytest.mark.parametrize(
    "stored",
    [
        replace(PAIR, key=""),
        replace(PAIR, chain=(SELF,)),
        replace(PAIR, chain=(replace(LEAF, not_after=NOW - timedelta(days=1)),)),
        replace(PAIR, chain=(replace(LEAF, dns_names=("blog.example.com",)),)),
        replace(PAIR, chain=(replace(LEAF, issuer="CN=(STAGING) Pretend Pear"),)),
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
