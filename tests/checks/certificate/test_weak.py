from dataclasses import replace

from tests.support.certificates import HEALTHY, LEAF, MIDDLE, ROOT, causes, leaf, visit
from tests.support.check_evidence import judge


def test_fires_for_a_short_key() -> None:
    observation = visit(leaf(key_type="RSA", key_bits=1024), MIDDLE, code=66)
    (claim,) = judge("certificate.weak", observation)
    assert claim.facts["key"] == "RSA 1024"
    assert causes(observation) == ["certificate.weak"]


def test_fires_for_a_broken_hash_in_the_leaf_or_above() -> None:
    (claim,) = judge("certificate.weak", visit(leaf(signature_hash="sha1"), MIDDLE, code=68))
    assert claim.facts["hash"] == "SHA1"
    (claim,) = judge(
        "certificate.weak", visit(LEAF, replace(MIDDLE, signature_hash="md5"), code=68)
    )
    assert claim.facts["which"] == "Example Middle"
    assert claim.facts["authority"]


def test_fires_for_a_root_and_does_not_blame_the_leaf() -> None:
    short = replace(ROOT, key_type="RSA", key_bits=1024)
    (claim,) = judge("certificate.weak", visit(LEAF, MIDDLE, short, code=67))
    assert (claim.facts["which"], claim.facts["key"]) == ("Example Root", "RSA 1024")
    # A root that was not sent is known by its name alone.
    (claim,) = judge("certificate.weak", visit(LEAF, MIDDLE, code=67))
    assert (claim.facts["which"], claim.facts["key"]) == ("CN=Example Root", "")
    assert claim.facts["authority"]


def test_silent_for_strong_ones_and_about_what_clients_do_without() -> None:
    assert not judge("certificate.weak", HEALTHY)
    assert not judge("certificate.weak", visit(LEAF, MIDDLE, replace(ROOT, signature_hash="sha1")))
    assert not judge("certificate.weak", visit(LEAF, replace(MIDDLE, signature_hash="sha1")))
