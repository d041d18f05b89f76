"""What an iptables rule matches: its plain options and its extensions (iptables-extensions(8)),
as iptables-save 1.8.11 prints them."""

import pytest

from diagnose.parsers.netfilter.extensions import (
    ALWAYS,
    NEVER,
    Alternatives,
    ExtensionContext,
    Steps,
    parse_extension,
)
from diagnose.parsers.netfilter.ipset import parse_ipset
from diagnose.parsers.netfilter.rules import (
    Limit,
    Match,
    Step,
    Unknown,
    address_span,
)

TCP = Match(("meta l4proto",), "==", (((6, 6),),))
KINDS = (("state", 8), ("status", 32))
SYN = Match(("tcp flags",), "==", (((2, 2),),), 23)


def read(text: str, family: str = "ip") -> Steps | Alternatives:
    """The steps of one part of a rule, such as `conntrack --ctstate NEW`."""
    name, *words = text.split()
    return parse_extension(name, tuple(words), ExtensionContext(family, {}))


@pytest.mark.parametrize(
    ("rule", "step"),
    [
        ("plain -p tcp", TCP),
        (
            "plain ! -s 192.0.2.0/24",
            Match(("ip saddr",), "!=", ((address_span("192.0.2.0/24"),),)),
        ),
        ("plain -d 192.0.2.1/32", Match(("ip daddr",), "==", ((address_span("192.0.2.1"),),))),
        ("plain -i eth+", Match(("meta iifname",), "==", (("eth*",),))),
        ("plain ! -o lo", Match(("meta oifname",), "!=", (("lo",),))),
        ("conntrack --ctstate RELATED,ESTABLISHED", Match(("ct state",), "in", (((6, 6),),))),
        ("state ! --state NEW", Match(("ct state",), "!", (((8, 8),),))),
        ("conntrack --ctstate DNAT", Match(("ct status",), "in", (((32, 32),),))),
        ("addrtype --dst-type LOCAL", Match(("fib daddr type",), "==", (("local",),))),
        (
            "iprange --src-range 10.0.0.1-10.0.0.9",
            Match(("ip saddr",), "==", ((address_span("10.0.0.1-10.0.0.9"),),)),
        ),
        ("mark --mark 0x1/0xff", Match(("meta mark",), "==", (((1, 1),),), 255)),
        ("recent --rcheck --seconds 60 --hitcount 4 --name A --rsource",
         Limit("recent --rcheck --seconds 60 --hitcount 4 --name A --rsource", over=True)),
        ("limit --limit 3/min", Limit("limit --limit 3/min")),
        ("connlimit --connlimit-above 20",
         Limit("connlimit --connlimit-above 20", over=True)),
        ("connlimit ! --connlimit-above 20",
         Limit("connlimit ! --connlimit-above 20")),
        ("hashlimit --hashlimit-above 9/sec --hashlimit-name x",
         Limit("hashlimit --hashlimit-above 9/sec --hashlimit-name x", over=True)),
        ("quota --quota 9000", Limit("quota --quota 9000")),
        ("quota ! --quota 9000", Limit("quota ! --quota 9000", over=True)),
        ("geoip --source-country CN", Unknown("geoip --source-country CN")),
        ("string --algo bm --string admin", Unknown("string --algo bm --string admin")),
    ],
)  # fmt: skip
def test_what_a_rule_asks(rule: str, step: Step) -> None:
    assert read(rule) == (step,)


@pytest.mark.parametrize(
    ("part", "steps"),
    [
        ("tcp --dport :1023", (Match(("tcp dport",), "==", (((0, 1023),),)),)),
        ("tcp --sport 1024:", (Match(("tcp sport",), "==", (((1024, 65535),),)),)),
        ("tcp ! --dport 443 --syn", (Match(("tcp dport",), "!=", (((443, 443),),)), SYN)),
        ("tcp --tcp-flags FIN,SYN,RST,ACK SYN", (SYN,)),
        ("tcp --tcp-flags ALL NONE", (Match(("tcp flags",), "==", (((0, 0),),), 63),)),
        (
            "multiport --dports 80,8080:8090",
            (Match(("tcp dport",), "==", (((80, 80),), ((8080, 8090),))),),
        ),
    ],
)
def test_flags_and_ports_of_tcp(part: str, steps: Steps) -> None:
    assert read(part) == steps


def test_what_may_be_either_of_two_is_two_rows() -> None:
    sport, dport = (Match((f"tcp {side}",), "==", (((443, 443),),)) for side in ("sport", "dport"))
    assert read("multiport --ports 443") == Alternatives(((dport,), (sport,)))
    new, dnat = (Match((f"ct {key}",), "in", (((bit, bit),),)) for key, bit in KINDS)
    assert read("conntrack --ctstate NEW,DNAT") == Alternatives(((new,), (dnat,)))


@pytest.mark.parametrize(
    ("part", "steps"),
    [
        ("plain -p all", ALWAYS),
        ("plain -f", NEVER),
        ("plain ! -f", ALWAYS),
        ("pkttype --pkt-type multicast", NEVER),
        ("pkttype --pkt-type unicast", ALWAYS),
        ("policy --dir in --pol ipsec", NEVER),
        ("physdev --physdev-is-bridged", NEVER),
        ("recent --set --name A", ALWAYS),
        ("frag --fragfirst", NEVER),
    ],
)
def test_what_no_packet_or_every_packet_of_a_visitor_has(part: str, steps: Steps) -> None:
    assert read(part) == steps


def test_a_set_of_the_other_family_has_no_packet_in_it() -> None:
    sets = parse_ipset("create banned hash:net family inet6\nadd banned 2001:db8::/32\n")
    words, six = ("--match-set", "banned", "src"), ExtensionContext("ip6", sets)
    assert parse_extension("set", words, ExtensionContext("ip", sets)) == NEVER
    assert parse_extension("set", words, six) == (Match(("ip6 saddr",), "==", "banned"),)
    assert parse_extension("set", words, ExtensionContext("ip6", {})) == (
        Unknown("set --match-set banned src"),
    )


@pytest.mark.parametrize(
    "part",
    ["plain -s nonsense", "mark --mark zero", "tcp --dport", "tcp --dport web", "multiport",
     "conntrack --ctstatus ODD", "set --match-set", "conntrack --ctexpire 9"],
)  # fmt: skip
def test_nonsense_is_unknown_and_never_an_error(part: str) -> None:
    assert read(part) == (Unknown(part.removeprefix("plain ")),)
