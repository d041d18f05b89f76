"""Certificates as they are met and as they should not be: hundreds of chains, each with what the
product has to name where that is known."""

import itertools
from collections.abc import Iterator

from tests.support import odd_chains as chains
from tests.support import odd_extensions as extensions
from tests.support.x509_writer import (
    FUTURE,
    NAME,
    OIDS,
    OVER,
    STRINGS,
    Case,
    between,
    general,
    leaf,
    middle,
    named,
    oid,
    one,
    rdn,
    root,
    seq,
    tlv,
    utc,
)


def cases() -> Iterator[Case]:
    """All of them."""
    for made in (
        _names,
        _dates,
        _versions,
        _serials,
        chains.keys,
        chains.hashes_,
        extensions.extensions,
        extensions.alternative_names,
        extensions.usages,
        chains.orders,
        chains.roots,
        chains.constraints,
    ):
        yield from made()


CONTENTS = {
    "ascii": b"Shop 1",
    "latin-1": b"Caf\xe9 M\xfcller",
    "utf-8": "商店".encode(),
    "empty": b"",
    "nul": b"a\0b",
    "control": b"a\x1b[2Jb",
    "long": b"x" * 300,
    "wide": "Müller".encode("utf-16-be"),
}


def _names() -> Iterator[Case]:
    yield one("good", ())
    for (kind, tag), (what, content) in itertools.product(STRINGS.items(), CONTENTS.items()):
        for attribute in ("O", "C", "own"):
            subject = seq(rdn(attribute, content, tag), rdn("CN", NAME.encode()))
            yield one(f"subject {attribute} {kind} {what}", None, subject=subject)
        common = seq(rdn("CN", content, tag))
        yield one(f"subject CN {kind} {what}", None, subject=common)
        if what in {"ascii", "latin-1", "wide", "empty"}:
            issuer = seq(rdn("O", content, tag), rdn("CN", b"Odd Middle"))
            pair = (leaf(issuer=issuer), middle(subject=issuer))
            yield Case(f"issuer {kind} {what}", pair)
            old = (leaf(issuer=issuer, over=OVER), middle(subject=issuer))
            yield Case(f"issuer {kind} {what}, expired", old)
        old_leaf = leaf(subject=common, over=OVER)
        yield Case(f"subject CN {kind} {what}, expired", (old_leaf, between()))
    yield one("subject empty", None, subject=seq())
    yield one("subject empty, expired", ("certificate.expired",), subject=seq(), over=OVER)
    several = tlv(0x31, seq(oid(OIDS["CN"]), tlv(0x0C, b"a")), seq(oid(OIDS["O"]), tlv(0x0C, b"b")))
    yield one("subject of several values", None, subject=seq(several))
    yield one("subject with no string", None, subject=seq(tlv(0x31, seq(oid("2.5.4.3"), seq()))))
    yield one("subject with an empty set", None, subject=seq(tlv(0x31)))
    spaced = named("odd   MIDDLE")
    yield one("issuer in another case and spacing", (), issuer=spaced)
    printable = seq(rdn("CN", b"Odd Middle", 0x13))
    yield one("issuer in another kind of string", (), issuer=printable)


def _dates() -> Iterator[Case]:
    ends = {
        "generalized before 2050": general("20490101000000Z"),
        "year 9999": general("99991231235959Z"),
        "year 3000": general("30000101000000Z"),
        "2050": general("20500101000000Z"),
        "no seconds": utc("4901010000Z"),
        "offset": utc("490101000000+0100"),
        "offset behind": utc("490101000000-0800"),
        "fraction": general("20490101000000.5Z"),
        "no zone": general("20490101000000"),
        "local": utc("490101000000"),
        "no such day": utc("490230000000Z"),
        "no such month": utc("491301000000Z"),
        "letters": utc("49010100000xZ"),
        "empty": utc(""),
        "a string": tlv(0x13, b"490101000000Z"),
        "null": tlv(0x05),
    }
    for name, end in ends.items():
        yield one(f"ends: {name}", None, over=end)
    past = {
        "generalized": general("20210101000000Z"),
        "no seconds": utc("2101010000Z"),
        "offset": utc("210101000000+0100"),
        "1950": utc("500101000000Z"),
        "1970": utc("700101000000Z"),
        "1850": general("18500101000000Z"),
        "year 0": general("00000101000000Z"),
        "fraction": general("20210101000000.5Z"),
    }
    for name, end in past.items():
        yield one(f"ended: {name}", None, over=end)
    yield one("ended", ("certificate.expired",), over=OVER)
    starts = {
        "1950": utc("500101000000Z"),
        "1850": general("18500101000000Z"),
        "year 0": general("00000101000000Z"),
        "generalized": general("20200101000000Z"),
        "no seconds": utc("2001010000Z"),
        "offset": utc("200101000000+0100"),
        "empty": utc(""),
        "letters": utc("20010100000xZ"),
    }
    for name, start in starts.items():
        yield one(f"began: {name}", None, begun=start)
        yield one(f"began: {name}, expired", None, begun=start, over=OVER)
    yield one("begins late", ("certificate.not-yet-valid",), begun=utc("480101000000Z"))
    yield one("begins in 9999", None, begun=general("99990101000000Z"), over=ends["year 9999"])
    yield one("ends before it begins", None, begun=FUTURE, over=OVER)
    over = middle(over=OVER)
    yield Case("expired intermediate", (leaf(), over), ("certificate.expired",))
    late = middle(begun=utc("480101000000Z"))
    yield Case("early intermediate", (leaf(), late), ("certificate.not-yet-valid",))
    yield Case("all expired", (leaf(over=OVER), over), ("certificate.expired",))
    odd = middle(over=utc("4901010000Z"))
    yield Case("intermediate with odd dates", (leaf(), odd))
    old = root(over=OVER)
    for sent in ((), (old,)):
        whole = (leaf(), between(), *sent)
        yield Case(
            f"expired root, {len(sent)} sent", whole, ("certificate.rejected",), roots=(old,)
        )


def _versions() -> Iterator[Case]:
    for version in (None, 0, 1, 2, 3, 4, 127, -1, 2**40):
        yield one(f"version {version}", None, version=version)
        yield one(f"version {version}, expired", None, version=version, over=OVER)
        yield one(f"version {version} without extensions", None, version=version, extensions=())
        yield Case(f"intermediate of version {version}", (leaf(), middle(version=version)))
    plain = middle(version=None, extensions=())
    yield Case("intermediate of version 1 without extensions", (leaf(), plain))
    old = root(version=None, extensions=())
    yield Case("root of version 1", (leaf(), between()), (), roots=(old,))


def _serials() -> Iterator[Case]:
    serials: dict[str, int | bytes] = {
        "0": 0,
        "1": 1,
        "negative": -5,
        "20 octets": 2**158,
        "21 octets": 2**160 + 1,
        "30 octets": 2**238,
        "100 octets": 2**798,
        "empty": b"",
        "padded": b"\0\0\0\x01",
        "-1 padded": b"\xff\xff",
    }
    for name, serial in serials.items():
        yield one(f"serial {name}", None, serial=serial)
        yield one(f"serial {name}, expired", None, serial=serial, over=OVER)
        yield Case(f"intermediate with serial {name}", (leaf(), middle(serial=serial)))
