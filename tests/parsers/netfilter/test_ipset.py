from diagnose.parsers.netfilter.ipset import parse_ipset
from diagnose.parsers.netfilter.rules import address_span

SAVED = """\
create banned hash:ip family inet hashsize 1024 maxelem 65536
add banned 192.0.2.66 timeout 30
create pairs hash:net,port family inet6
add pairs 2001:db8::/32,tcp:443-444
add pairs 2001:db8::/32,udp:443
create nested list:set size 8
create holes hash:net family inet
add holes 192.0.2.0/25 nomatch
add missing 192.0.2.1
"""


def test_sets_with_their_members() -> None:
    sets = parse_ipset(SAVED)
    assert set(sets) == {"banned", "pairs"}
    assert sets["banned"].elements() == ((address_span("192.0.2.66"),),)
    assert sets["pairs"].family == "ip6"
    assert sets["pairs"].elements() == ((address_span("2001:db8::/32"), (443, 444)),)


def test_the_fields_that_a_rule_compares() -> None:
    sets = parse_ipset(SAVED)
    assert sets["banned"].keys("ip", ["src"]) == ("ip saddr",)
    assert sets["pairs"].keys("ip6", ["src", "dst"]) == ("ip6 saddr", "tcp dport")
    assert sets["pairs"].keys("ip6", ["src"]) is None
    macs = parse_ipset("create macs hash:mac\n")["macs"]
    assert macs.keys("ip", ["src"]) is None
