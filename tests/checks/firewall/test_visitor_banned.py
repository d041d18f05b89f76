from dataclasses import replace

from diagnose.model import Applicability, Confidence, Severity, Symptom, Target, Vantage
from diagnose.model.kernel import Kernel
from diagnose.model.netfilter import Ruleset
from diagnose.model.visitor import ClosedRoute, ClosedRoutes, Jail, Jails, Visitor
from diagnose.recording.redaction import Mask
from tests.support.check_evidence import SHOP, judge
from tests.support.firewall_rules import connected, host, listening, nic
from tests.support.packets import (
    ACCEPT,
    CLIENT,
    DROP,
    commands,
    dport,
    field,
    file,
    from_outside,
    nft,
    prefix,
    saved,
    served,
    undone,
)

CHECK = "firewall.visitor-banned"
VISITOR = "192.0.2.66"
FROM = Visitor(address=VISITOR)
REJECT = {"reject": {"type": "icmp", "expr": "port-unreachable"}}
BY_SET = [dport(443), field("ip", "saddr", "@addr-set-nginx"), REJECT]


def banned(*addresses: str, table: str = "inet f2b-table", name: str = "addr-set-nginx"):  # type: ignore[no-untyped-def]
    sets = ({"name": name, "type": "ipv4_addr", "elem": list(addresses)},)
    rule = [dport(443), field("ip", "saddr", f"@{name}"), REJECT]
    return nft(rule, table=table, sets=sets)


def test_fires_with_the_jail_that_has_banned_the_visitor() -> None:
    (claim,) = judge(CHECK, *served(FROM, banned("192.0.2.9", VISITOR)))
    assert claim.severity is Severity.ERROR
    assert claim.facts["jails"] == ("nginx",)
    assert commands(claim) == [f"fail2ban-client set nginx unbanip {VISITOR}"]
    assert undone(claim) == [f"fail2ban-client set nginx banip {VISITOR}"]
    assert claim.fix is not None
    assert claim.fix.applicability is Applicability.REVIEW


def test_silent_where_another_visitor_is_banned() -> None:
    assert not judge(CHECK, *served(FROM, banned("192.0.2.9")))
    assert not judge(CHECK, *served(Visitor(address="2001:db8::1"), banned("192.0.2.9")))


def test_fires_by_the_jail_that_fail2ban_itself_names() -> None:
    rules = (
        "-A INPUT -p tcp -m multiport --dports 80,443 -j f2b-web",
        f"-A f2b-web -s {VISITOR}/32 -j REJECT --reject-with icmp-port-unreachable",
        "-A f2b-web -j RETURN",
    )
    rules_seen = saved(*rules, more=":f2b-web - [0:0]\n")
    observations = served(FROM, rules_seen, Jails(jails=(Jail("bots", (VISITOR,)),)))
    (claim,) = judge(CHECK, *observations)
    assert commands(claim) == [f"fail2ban-client set bots unbanip {VISITOR}"]
    # fail2ban runs, and knows of no ban: the rule is left over.
    (claim,) = judge(CHECK, *served(FROM, rules_seen, Jails(jails=(Jail("bots"),))))
    assert commands(claim)[0].startswith("iptables -D f2b-web -s 192.0.2.66/32")


def test_fires_with_the_words_of_whoever_shuts_out() -> None:
    (claim,) = judge(CHECK, *served(FROM, banned(VISITOR, table="inet mine", name="denied")))
    assert commands(claim) == [f"nft delete element inet mine denied {{ {VISITOR} }}"]
    crowd = banned(VISITOR, table="ip crowdsec", name="crowdsec-blacklists")
    (claim,) = judge(CHECK, *served(FROM, crowd))
    assert commands(claim) == [f"cscli decisions delete --ip {VISITOR}"]
    alone = nft([field("ip", "saddr", VISITOR), DROP])
    (claim,) = judge(CHECK, *served(FROM, alone))
    assert commands(claim) == ["nft delete rule inet filter input handle 2"]


def test_fires_with_an_exception_where_a_whole_network_is_shut_out() -> None:
    wide = nft([field("ip", "saddr", prefix("192.0.2.0", 24)), DROP])
    (claim,) = judge(CHECK, *served(FROM, wide))
    assert commands(claim) == [
        f"nft insert rule inet filter input handle 2 ip saddr {VISITOR} tcp dport {port} accept"
        for port in (443, 80)
    ]


def test_silent_where_everybody_is_shut_out_and_where_only_the_visitor_may() -> None:
    office = [field("ip", "saddr", prefix("192.0.2.0", 24)), dport(443), ACCEPT]
    rest = [dport(443), DROP]
    assert not judge(CHECK, *served(FROM, nft(rest)))
    assert not judge(CHECK, *served(FROM, nft(office, rest)))
    # The others are stopped by another check's fault, of which the visitor is free.
    assert not judge("firewall.source-restricted", *served(FROM, nft(office, rest)))
    assert not judge("firewall.ruleset-blocks", *served(FROM, nft(office, rest)))


def test_an_allow_list_without_the_visitor_is_a_fault_even_where_the_client_gets_in() -> None:
    office = [field("ip", "saddr", prefix("198.51.100.0", 24)), dport(443), ACCEPT]
    observations = (host("ssh://web"), nic(), listening(443), connected(source=CLIENT), FROM)
    (claim,) = judge("firewall.source-restricted", *observations, nft(office, [dport(443), DROP]))
    assert (claim.severity or Severity.ERROR) is Severity.ERROR


def test_fires_for_whoever_has_logged_in_over_ssh() -> None:
    login = Kernel(vantage=Vantage.SERVER, client=VISITOR)
    (claim,) = judge(CHECK, *served(login, banned(VISITOR)))
    assert claim.facts["visitor"] == VISITOR
    assert not claim.facts["asked"]


def test_fires_for_a_visitor_whom_a_message_names() -> None:
    words = f"NOTICE  [nginx] Ban {VISITOR}"
    target = replace(SHOP, symptom=Symptom("program-limit", words))
    seen = served(banned("192.0.2.9", VISITOR))
    (claim,) = judge(CHECK, *seen, target=target, masked=False)
    assert (claim.severity, claim.confidence) == (Severity.WARNING, Confidence.LIKELY)
    assert commands(claim) == [f"fail2ban-client set nginx unbanip {VISITOR}"]
    assert (claim.facts["named"], claim.facts["asked"]) == (True, False)
    # Another one is banned: a note says who.
    (claim,) = judge(CHECK, *served(banned("192.0.2.9")), target=target, masked=False)
    assert claim.severity is Severity.NOTE


def test_fires_as_a_note_without_a_visitor() -> None:
    (claim,) = judge(CHECK, *served(banned("192.0.2.9", VISITOR)))
    assert claim.severity is Severity.NOTE
    assert claim.facts["count"] == 2
    assert claim.facts["makers"] == ("fail2ban (nginx): 2",)


def test_the_note_counts_routes_for_one_address() -> None:
    routes = ClosedRoutes(
        routes=(ClosedRoute("blackhole", VISITOR), ClosedRoute("blackhole", "10.0.0.0/8"))
    )
    (claim,) = judge(CHECK, *served(nft([dport(22), DROP]), routes))
    assert claim.facts["makers"] == ("ip route (blackhole): 1",)


def test_masked_it_is_judged_alike() -> None:
    seen = served(FROM, banned("192.0.2.9", VISITOR), Jails(jails=(Jail("nginx", (VISITOR,)),)))
    masked = Mask(()).mask_value(seen)
    (claim,) = judge(CHECK, *masked)
    assert claim.facts["visitor"] != VISITOR
    assert commands(claim) == [f"fail2ban-client set nginx unbanip {claim.facts['visitor']}"]


def test_silent_where_nobody_is_shut_out() -> None:
    assert not judge(CHECK, *served(nft([dport(22), DROP])))
    # The client's own ban is said by another check.
    assert not judge("firewall.visitor-banned", *from_outside(FROM, nft([dport(22), DROP])))


def test_fires_with_ipsets_words_for_a_member_and_an_exception_for_a_network() -> None:
    rule = saved("-A INPUT -m set --match-set bad src -j DROP")

    def members(*added: str) -> Ruleset:
        lines = "".join(f"add bad {one}\n" for one in added)
        text = f"create bad hash:net family inet hashsize 1024 maxelem 65536 timeout 600\n{lines}"
        return Ruleset(vantage=Vantage.SERVER, tool="ipset", text=text)

    (claim,) = judge(CHECK, *served(FROM, rule, members("192.0.2.9", f"{VISITOR} timeout 59")))
    assert commands(claim) == [f"ipset del bad {VISITOR}"]
    (claim,) = judge(CHECK, *served(FROM, rule, members("192.0.2.64/27")))
    assert commands(claim) == [
        f"iptables -I INPUT 1 -s {VISITOR} -p tcp --dport {port} -j ACCEPT" for port in (443, 80)
    ]
    assert not judge(CHECK, *served(FROM, rule, members("192.0.2.9")))


def test_fires_with_ufws_words() -> None:
    both = ("-A ufw-user-input -p tcp -m tcp --dport 443 -j ACCEPT",)
    tuples = (
        f"deny any any 0.0.0.0/0 any {VISITOR} in", "allow tcp 443 0.0.0.0/0 any 0.0.0.0/0 in",
        "allow tcp 80 0.0.0.0/0 any 0.0.0.0/0 in",
    )  # fmt: skip
    chains = ":ufw-user-input - [0:0]\n"
    rules = ("-A INPUT -j ufw-user-input", f"-A ufw-user-input -s {VISITOR}/32 -j DROP", *both)
    observations = (
        saved(*rules, more=chains),
        file("/etc/ufw/ufw.conf", "ENABLED=yes\n"),
        file("/etc/ufw/user.rules", "".join(f"### tuple ### {one}\n" for one in tuples)),
    )
    (claim,) = judge(CHECK, *served(FROM, *observations))
    assert commands(claim) == [f"ufw delete deny from {VISITOR} to any"]
    assert undone(claim) == [f"ufw insert 1 deny from {VISITOR} to any"]


def told(text: str) -> Target:
    return replace(SHOP, symptom=Symptom("unusable", text))


def test_fires_for_whoever_says_that_it_fails_for_them_alone() -> None:
    words = "everyone can access my site except for me: from my home network it never responds"
    (claim,) = judge(CHECK, *served(banned(VISITOR)), target=told(words))
    assert (claim.severity, claim.confidence) == (Severity.WARNING, Confidence.LIKELY)
    assert claim.facts["commands"] == (f"fail2ban-client set nginx unbanip {VISITOR}",)
    assert claim.facts["banned"] == (VISITOR,)
    assert claim.fix is not None
    assert claim.fix.applicability is Applicability.MANUAL


def test_a_note_where_the_words_are_others_or_the_own_address_is_known_and_free() -> None:
    words, login = "only me", Kernel(vantage=Vantage.SERVER, client="192.0.2.80")
    many = banned(*(f"192.0.2.{number}" for number in range(1, 99, 3)))
    for seen, text in (
        (served(banned(VISITOR)), "the site cannot be opened"),
        (served(login, banned(VISITOR)), words),
        (served(many), words),
    ):
        (claim,) = judge(CHECK, *seen, target=told(text))
        assert claim.severity is Severity.NOTE
        assert claim.fix is None
