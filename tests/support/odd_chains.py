"""Odd keys, hashes, orders, roots and constraints; see `tests.odd_certificates`."""

import itertools
from collections.abc import Iterator
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec

from tests.support.x509_writer import (
    AIA,
    AKI,
    ANY_POLICY_LIMIT,
    BASIC,
    CONSTRAINTS,
    ED448,
    ED25519,
    HASHES,
    LEAF_KEY,
    NAME,
    OTHER_KEY,
    OVER,
    POLICY_LIMITS,
    ROOT_KEY,
    SKI,
    Case,
    Values,
    authority_values,
    between,
    curve_key,
    integer,
    leaf,
    middle,
    named,
    one,
    rdn,
    root,
    rsa_key,
    seq,
    tlv,
)


def keys() -> Iterator[Case]:
    keys: dict[str, Any] = {
        "rsa1024": rsa_key(1024),
        "rsa2048": rsa_key(2048),
        "rsa3072": rsa_key(3072),
        "p224": curve_key(9, ec.SECP224R1),
        "p256": curve_key(9),
        "p384": curve_key(9, ec.SECP384R1),
        "p521": curve_key(9, ec.SECP521R1),
        "k256": curve_key(9, ec.SECP256K1),
        "brainpool256": curve_key(9, ec.BrainpoolP256R1),
        "ed25519": ED25519,
        "ed448": ED448,
    }
    for name, key in keys.items():
        yield one(f"key {name}", ("certificate.weak",) if name == "rsa1024" else None, key=key)
        chain = (leaf(above=key), middle(key=key))
        causes = ("certificate.weak",) if name == "rsa1024" else None
        yield Case(f"intermediate's key {name}", chain, causes)
        top = root(key)
        for sent in ((), (top,)):
            whole = (leaf(), middle(above=key), *sent)
            yield Case(f"root's key {name}, {len(sent)} sent", whole, causes, roots=(top,))


def hashes_() -> Iterator[Case]:
    big = rsa_key(2048)
    for name in HASHES:
        broken = ("certificate.weak",) if name in {"md5", "sha1"} else ()
        chain = (leaf(above=big, hash_name=name), middle(key=big))
        yield Case(f"leaf signed with {name}", chain, broken)
        top = root(big)
        chain = (leaf(), middle(above=big, hash_name=name))
        yield Case(f"intermediate signed with {name}", chain, broken, roots=(top,))
        own = root(big, hash_name=name)
        whole = (leaf(), middle(above=big), own)
        yield Case(f"root signed with {name}", whole, (), roots=(own,))


def orders() -> Iterator[Case]:
    second_key, second_name = curve_key(20), named("Odd Second")
    second = middle(key=second_key, subject=second_name)
    first = middle(issuer=second_name, above=second_key)
    above = {"first": first, "second": second, "root": root()}
    for order in itertools.permutations(above):
        yield Case(f"order {' '.join(order)}", (leaf(), *(above[each] for each in order)), ())
    stranger = middle(key=OTHER_KEY, subject=named("Odd Stranger"))
    impostor = middle(key=OTHER_KEY)
    no_ids = {SKI, AKI}
    bare = authority_values(OTHER_KEY, ROOT_KEY)
    nameless = middle(key=OTHER_KEY, extensions={k: v for k, v in bare.items() if k not in no_ids})
    crossed = middle(issuer=named("Gone Root"), above=OTHER_KEY, over=OVER)
    yield Case("leaf alone", (leaf(),), ("certificate.chain-incomplete",))
    yield Case("leaf twice", (leaf(), leaf()), None)
    yield Case("leaf twice and the rest", (leaf(), leaf(), between()), ())
    yield Case("intermediate twice", (leaf(), between(), between()), ())
    yield Case("second missing", (leaf(), first), None)
    yield Case("first missing", (leaf(), second), ("certificate.wrong-intermediate",))
    yield Case("root in its place", (leaf(), root()), ("certificate.wrong-intermediate",))
    yield Case("a stranger", (leaf(), stranger), ("certificate.wrong-intermediate",))
    yield Case("a stranger beside", (leaf(), stranger, between()), ())
    yield Case("an impostor", (leaf(), impostor), ("certificate.wrong-intermediate",))
    yield Case("an impostor before", (leaf(), impostor, between()), ())
    plain = leaf(without=(AKI,))
    mistaken = ("certificate.wrong-intermediate",)
    yield Case("an impostor without identifiers", (plain, nameless), mistaken)
    yield Case("an expired cross-sign behind", (leaf(), between(), crossed), None)
    yield Case("an expired cross-sign before", (leaf(), crossed, between()), None)
    yield Case("two sites' certificates", (leaf(), leaf(subject=named("blog")), between()), ())
    no_url = leaf(without=(AIA,))
    yield Case("private leaf alone", (no_url,), ("certificate.untrusted-root",))
    altered = bytearray(leaf())
    altered[-1] ^= 1
    yield Case("a damaged signature", (bytes(altered), between()), ("certificate.rejected",))


def roots() -> Iterator[Case]:
    private = root(OTHER_KEY, named("Company Root"))
    own = leaf(issuer=named("Company Root"), above=OTHER_KEY, without=(AIA,))
    urged = leaf(issuer=named("Company Root"), above=OTHER_KEY)
    yield Case("private root sent", (own, private), ("certificate.untrusted-root",))
    yield Case("private root not sent", (own,), ("certificate.untrusted-root",))
    yield Case("private root that names its place", (urged, private), None)
    yield Case("private root trusted", (own,), (), roots=(private,))
    yield Case("intermediate trusted alone", (leaf(),), (), roots=(between(),))
    yield Case("leaf trusted alone", (leaf(),), None, roots=(leaf(),))
    alone = leaf(issuer=named(NAME), above=LEAF_KEY)
    yield Case("self-signed", (alone,), ("certificate.self-signed",))
    yield Case("self-signed, trusted", (alone,), None, roots=(alone,))
    old = leaf(issuer=named(NAME), above=LEAF_KEY, over=OVER)
    yield Case("self-signed, expired", (old,), ("certificate.self-signed",))
    odd = seq(rdn("O", b"Caf\xe9", 0x14), rdn("CN", NAME.encode()))
    cafe = leaf(issuer=odd, subject=odd, above=LEAF_KEY)
    yield Case("self-signed with T61String", (cafe,), ("certificate.self-signed",))
    issued = leaf(issuer=named(NAME), above=OTHER_KEY, without=(AKI,))
    yield Case("its issuer has its name and another key", (issued,), None)
    yield Case("self-signed below a chain", (alone, between()), ("certificate.self-signed",))
    ca = root(LEAF_KEY, named(NAME))
    yield Case("an authority's own certificate", (ca,), None)


def constraints() -> Iterator[Case]:
    def names(*given: bytes) -> Values:
        return {CONSTRAINTS: (seq(*given), True)}

    def tree(tag: int, name: bytes) -> bytes:
        return tlv(tag, seq(name))

    limits = {
        "permitted": names(tree(0xA0, tlv(0x82, b"example.com"))),
        "not permitted": names(tree(0xA0, tlv(0x82, b"example.org"))),
        "excluded": names(tree(0xA1, tlv(0x82, b"example.com"))),
        "not excluded": names(tree(0xA1, tlv(0x82, b"example.org"))),
        "an odd kind": names(tree(0xA0, tlv(0x88, b"\x2a"))),
        "empty": names(),
        "garbage": {CONSTRAINTS: (b"\xde\xad", True)},
        "path length 0": {BASIC: (seq(tlv(0x01, b"\xff"), integer(0)), True)},
        "negative path length": {BASIC: (seq(tlv(0x01, b"\xff"), integer(-1)), True)},
        "no authority": {BASIC: (seq(), True)},
        "unknown critical": {"1.3.6.1.4.1.99999.2": (b"\xff", True)},
        "policy required": {POLICY_LIMITS: (seq(tlv(0x80, b"\0")), True)},
        "no any policy": {ANY_POLICY_LIMIT: (integer(0), True)},
    }
    for name, values in limits.items():
        yield Case(f"intermediate: {name}", (leaf(), middle(values=values)))
        old = (leaf(over=OVER), middle(values=values))
        yield Case(f"intermediate: {name}, expired", old)
    second_key, second_name = curve_key(20), named("Odd Second")
    short = middle(key=second_key, subject=second_name, values=limits["path length 0"])
    first = middle(issuer=second_name, above=second_key)
    yield Case("path too long", (leaf(), first, short))
