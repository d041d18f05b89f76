"""Odd extensions, alternative names and usages; see `tests.odd_certificates`."""

import itertools
from collections.abc import Iterator

from tests.support.x509_writer import (
    AIA,
    AKI,
    ANY,
    BASIC,
    CLIENT,
    CODE,
    CRL,
    EXTENDED,
    FEATURE,
    LEAF_KEY,
    MIDDLE_KEY,
    OVER,
    POLICIES,
    SAN,
    SERVER,
    SKI,
    STEP_UP,
    USAGE,
    Case,
    Values,
    between,
    bits,
    dns,
    extended,
    extension,
    integer,
    leaf,
    leaf_values,
    middle,
    named,
    oid,
    one,
    seq,
    tlv,
    usage,
)

_DAMAGES = {
    "empty": b"",
    "garbage": b"\xde\xad\xbe\xef",
    "null": b"\x05\x00",
    "cut short": b"\x30\x20\x01",
    "an empty sequence": b"\x30\x00",
    "a string": b"\x0c\x03abc",
    "an integer": b"\x02\x01\x05",
}


def _damaged(identifier: str, what: str) -> tuple[str, ...] | None:
    """OpenSSL reads neither of these when it builds a chain; the others it refuses, but for
    sequences that may be empty."""
    if identifier in {AIA, FEATURE, POLICIES}:
        return None
    return None if what == "an empty sequence" else ("certificate.rejected",)


def extensions() -> Iterator[Case]:
    for name, identifier in {
        "san": SAN,
        "basic": BASIC,
        "usage": USAGE,
        "extended": EXTENDED,
        "ski": SKI,
        "aki": AKI,
        "aia": AIA,
        "crl": CRL,
        "staple": FEATURE,
        "policies": POLICIES,
    }.items():
        for what, value in _DAMAGES.items():
            yield one(
                f"{name}: {what}", _damaged(identifier, what), values={identifier: (value, False)}
            )
        old = {identifier: (b"\xde\xad\xbe\xef", False)}
        yield one(f"{name}: garbage, expired", None, values=old, over=OVER)
        if identifier in {BASIC, USAGE, EXTENDED, SKI, AKI}:
            for what in ("garbage", "empty"):
                values = {identifier: (_DAMAGES[what], False)}
                chain = (leaf(), middle(values=values))
                yield Case(f"intermediate's {name}: {what}", chain, ("certificate.rejected",))
        good = leaf_values(LEAF_KEY, MIDDLE_KEY)
        if identifier in good:
            listed = [extension(each, *given) for each, given in good.items()]
            twice = [*listed, extension(identifier, *good[identifier])]
            yield one(f"{name}: twice", None, extensions=twice)
            behind = {identifier: (good[identifier][0] + b"\0", False)}
            yield one(f"{name}: more behind it", None, values=behind)
            yield one(f"{name}: critical", None, values={identifier: (good[identifier][0], True)})
            yield one(f"{name}: absent", None, without=(identifier,))
    own = "1.3.6.1.4.1.99999.2"
    yield one("unknown extension", (), values={own: (b"\xff", False)})
    yield one(
        "unknown critical extension", ("certificate.rejected",), values={own: (b"\xff", True)}
    )
    yield one("extensions: garbage", None, extensions=tlv(0xA3, b"\xde\xad"))
    yield one("extensions: empty", None, extensions=tlv(0xA3, seq()))
    yield one("must-staple", None, values={FEATURE: (seq(integer(5)), False)})


def alternative_names() -> Iterator[Case]:
    other = tlv(0xA0, oid("1.3.6.1.4.1.311.20.2.3"), tlv(0xA0, tlv(0x0C, b"someone@example.com")))
    kinds = {
        "a name with blanks": (tlv(0x82, b" shop.example.com "),),
        "a name with a tab": (tlv(0x82, b"shop.example.com\t"),),
        "a name with a dot behind": (tlv(0x82, b"shop.example.com."),),
        "a name with a dot before": (tlv(0x82, b".shop.example.com"),),
        "a name in capitals": (tlv(0x82, b"SHOP.Example.COM"),),
        "a name with a nul": (tlv(0x82, b"shop.example.com\0.example.org"),),
        "a name ending in a nul": (tlv(0x82, b"shop.example.com\0"),),
        "a name with latin-1": (tlv(0x82, b"caf\xe9.example.com"),),
        "latin-1 and the name": (tlv(0x82, b"caf\xe9.example.com"), dns()),
        "a wildcard": (tlv(0x82, b"*.example.com"),),
        "a wildcard too high": (tlv(0x82, b"*.com"),),
        "a wildcard alone": (tlv(0x82, b"*"),),
        "a wildcard in a label": (tlv(0x82, b"s*.example.com"),),
        "a wildcard further down": (tlv(0x82, b"shop.*.com"),),
        "two wildcards": (tlv(0x82, b"*.*.com"),),
        "an empty name": (tlv(0x82, b""),),
        "an empty name and the name": (tlv(0x82, b""), dns()),
        "a scheme before the name": (tlv(0x82, b"https://shop.example.com"),),
        "a port behind the name": (tlv(0x82, b"shop.example.com:443"),),
        "x400 and the name": (tlv(0xA3, seq()), dns()),
        "edi and the name": (tlv(0xA5, tlv(0xA1, tlv(0x0C, b"x"))), dns()),
        "other and the name": (other, dns()),
        "other alone": (other,),
        "a directory name and the name": (tlv(0xA4, named("x")), dns()),
        "an address of 5 octets and the name": (tlv(0x87, b"\x7f\0\0\1\1"), dns()),
        "an address of 0 octets and the name": (tlv(0x87, b""), dns()),
        "an address of 8 octets and the name": (tlv(0x87, b"\x7f\0\0\1" * 2), dns()),
        "an address alone": (tlv(0x87, b"\x7f\0\0\1"),),
        "a uri alone": (tlv(0x86, b"https://shop.example.com/"),),
        "a uri with latin-1 and the name": (tlv(0x86, b"https://caf\xe9/"), dns()),
        "a mailbox alone": (tlv(0x81, b"a@shop.example.com"),),
        "a mailbox with latin-1 and the name": (tlv(0x81, b"caf\xe9@example.com"), dns()),
        "a registered id and the name": (tlv(0x88, b"\x2a\x03\x04"), dns()),
        "a kind that there is not and the name": (tlv(0x8C, b"x"), dns()),
        "another name": (tlv(0x82, b"www.example.org"),),
        "a thousand names": (
            *(tlv(0x82, b"n%d.example.org" % each) for each in range(1000)),
            dns(),
        ),
    }
    for name, given in kinds.items():
        yield one(f"san of {name}", None, values={SAN: (seq(*given), False)})
        bare = named("Example Shop")
        values = {SAN: (seq(*given), False)}
        yield one(f"san of {name}, no name in the subject", None, subject=bare, values=values)
    for name, octets_ in {"the address": b"\x7f\0\0\1", "another address": b"\x7f\0\0\2"}.items():
        made = leaf(values={SAN: (seq(tlv(0x87, octets_)), False)})
        yield Case(f"san of {name}, asked for by it", (made, between()), host="127.0.0.1")
    text = leaf(values={SAN: (seq(tlv(0x82, b"127.0.0.1")), False)})
    yield Case("san of the address as a name", (text, between()), host="127.0.0.1")


def usages() -> Iterator[Case]:
    purposes = {
        "none": None,
        "server": extended(SERVER),
        "client": extended(CLIENT),
        "both": extended(CLIENT, SERVER),
        "code": extended(CODE),
        "any": extended(ANY),
        "any and client": extended(ANY, CLIENT),
        "step-up": extended(STEP_UP),
        "unknown": extended("1.3.6.1.4.1.99999.3"),
    }
    keys = {
        "none": None,
        "signature": usage(0),
        "encipherment": usage(2),
        "agreement": usage(4),
        "data": usage(3),
        "certificates": usage(5),
        "nothing": bits(b"", 0),
    }
    for (purpose, eku), (use, ku) in itertools.product(purposes.items(), keys.items()):
        values: Values = {}
        without = []
        for identifier, value in ((EXTENDED, eku), (USAGE, ku)):
            if value is None:
                without.append(identifier)
            else:
                values[identifier] = (value, False)
        name = f"purpose {purpose}, key for {use}"
        yield one(name, None, values=values, without=tuple(without))
    for purpose, eku in purposes.items():
        if eku:
            above = middle(values={EXTENDED: (eku, False)})
            yield Case(f"intermediate's purpose {purpose}", (leaf(), above))
    for use, ku in keys.items():
        if ku:
            above = middle(values={USAGE: (ku, True)})
            yield Case(f"intermediate's key for {use}", (leaf(), above))
