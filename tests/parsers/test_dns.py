import contextlib

import dns.edns
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rrset
import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnose.model.dns import Answer
from diagnose.parsers import dns as codec


def answer(*records: str, name: str = "shop.example.com", rdtype: str = "A") -> dns.message.Message:
    """An answer whose records are written as in a zone file."""
    asked = dns.message.from_wire(codec.query(name, rdtype))
    made = dns.message.make_response(asked, recursion_available=True)
    for record in records:
        owner, kind, *data = record.split(" ", 2)
        made.answer.append(dns.rrset.from_text(owner, 60, "IN", kind, *data))
    return made


def read(message: dns.message.Message, rdtype: str = "A") -> Answer:
    return codec.parse_answer(message.to_wire(), "shop.example.com", rdtype)


def test_a_question_asks_for_recursion_and_signatures() -> None:
    asked = dns.message.from_wire(codec.query("shop.example.com", "AAAA"))
    assert asked.flags & dns.flags.RD
    assert not asked.flags & dns.flags.CD
    assert asked.ednsflags & dns.flags.DO
    assert asked.payload == codec.PAYLOAD


def test_a_question_may_do_without_validation_or_without_edns() -> None:
    assert dns.message.from_wire(codec.query("a.example", "A", validate=False)).flags & dns.flags.CD
    assert dns.message.from_wire(codec.query("a.example", "A", edns=False)).edns == -1


@pytest.mark.parametrize("name", ["a" * 64 + ".example", "a..example", ".".join(["abcdefg"] * 40)])
def test_what_cannot_be_a_name_is_not_asked_for(name: str) -> None:
    with pytest.raises(ValueError, match="no domain name"):
        codec.query(name, "A")


def test_addresses_and_their_time_to_live() -> None:
    said = read(answer("shop.example.com. A 203.0.113.10"))
    assert (said.rcode, said.records, said.ttl) == ("NOERROR", ("203.0.113.10",), 60)


def test_the_chain_of_aliases_in_order() -> None:
    said = read(
        answer(
            "edge.example.net. A 203.0.113.10",
            "www.example.com. CNAME edge.example.net.",
            "SHOP.example.com. CNAME www.Example.com.",
        )
    )
    assert said.aliases == ("www.example.com", "edge.example.net")
    assert said.records == ("203.0.113.10",)


def test_a_chain_that_comes_back_ends_where_it_was() -> None:
    said = read(
        answer(
            "shop.example.com. CNAME www.example.com.", "www.example.com. CNAME shop.example.com."
        )
    )
    assert said.aliases == ("www.example.com", "shop.example.com")


def test_an_alias_asked_for_as_such_is_a_record() -> None:
    said = read(answer("shop.example.com. CNAME www.example.com.", rdtype="CNAME"), "CNAME")
    assert (said.aliases, said.records) == ((), ("www.example.com.",))


def test_records_that_belong_to_another_name_are_not_taken() -> None:
    assert read(answer("evil.example.net. A 198.51.100.66")).records == ()


def test_a_denial_names_its_zone() -> None:
    made = answer()
    made.set_rcode(dns.rcode.NXDOMAIN)
    soa = "ns.example.com. root.example.com. 1 2 3 4 5"
    made.authority.append(dns.rrset.from_text("example.com.", 60, "IN", "SOA", soa))
    said = read(made)
    assert (said.rcode, said.zone) == ("NXDOMAIN", "example.com")


def test_flags_and_extended_errors() -> None:
    made = answer()
    made.flags |= dns.flags.AD | dns.flags.TC | dns.flags.AA
    made.use_edns(0, options=[dns.edns.EDEOption(dns.edns.EDECode(7), "expired\x1b[2J")])
    said = read(made)
    assert said.authenticated
    assert said.truncated
    assert said.authoritative
    assert said.extended == ("7 Signature Expired: expired\N{REPLACEMENT CHARACTER}[2J",)


def test_records_of_an_authority_in_presentation_format() -> None:
    said = read(answer('shop.example.com. CAA 0 issue "letsencrypt.org"', rdtype="CAA"), "CAA")
    assert said.records == ('0 issue "letsencrypt.org"',)


def test_no_more_is_taken_than_is_bearable() -> None:
    made = answer()
    many = [f"203.0.113.{number}" for number in range(200)]
    made.answer.append(dns.rrset.from_text("shop.example.com.", 60, "IN", "A", *many))
    wire = made.to_wire(max_size=65535)
    assert len(codec.parse_answer(wire, "shop.example.com", "A").records) == codec.MAX_RECORDS


def test_what_is_no_answer_to_the_question_is_an_error() -> None:
    with pytest.raises(ValueError, match="it is a question"):
        codec.parse_answer(codec.query("shop.example.com", "A"), "shop.example.com", "A")
    with pytest.raises(ValueError, match="about another name"):
        codec.parse_answer(answer(name="other.example.com").to_wire(), "shop.example.com", "A")
    with pytest.raises(ValueError, match="no DNS answer"):
        codec.parse_answer(b"\x00\x01\x81\x80garbage", "shop.example.com", "A")


def test_a_cut_answer_that_breaks_off_is_still_a_cut_answer() -> None:
    made = answer("shop.example.com. A 203.0.113.10")
    made.flags |= dns.flags.TC
    said = codec.parse_answer(made.to_wire()[:-20], "shop.example.com", "A")
    assert said.truncated
    assert said.records == ()


@given(st.binary(max_size=200), st.integers(0, 100), st.integers(0, 255))
def test_whatever_comes_is_an_answer_or_a_value_error(data: bytes, at: int, byte: int) -> None:
    good = bytearray(
        answer("shop.example.com. CNAME a.example.", "a.example. A 192.0.2.1").to_wire()
    )
    good[at % len(good)] = byte
    for wire in (data, bytes(good)):
        with contextlib.suppress(ValueError):
            codec.parse_answer(wire, "shop.example.com", "A")
