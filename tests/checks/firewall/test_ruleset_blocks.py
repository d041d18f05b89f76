import pytest

from diagnose.model import Applicability, Command, Confidence, Edit, Manual, Severity
from diagnose.parsers.nginx.edits import apply_patch
from tests.support.check_evidence import judge, texts
from tests.support.firewall_rules import ADDRESS, connected, firewalld, host, listening, nic
from tests.support.packets import (
    ACCEPT,
    DROP,
    REPLIES,
    commands,
    dport,
    edits,
    field,
    file,
    from_outside,
    nft,
    prefix,
    saved,
    served,
    state,
    undone,
)
from tests.support.server_tcp_evidence import kernel_drop

CHECK = "firewall.ruleset-blocks"
SHIPPED = (
    "-A INPUT -m state --state RELATED,ESTABLISHED -j ACCEPT",
    "-A INPUT -i lo -j ACCEPT",
    "-A INPUT -p tcp -m state --state NEW -m tcp --dport 22 -j ACCEPT",
    "-A INPUT -j REJECT --reject-with icmp-host-prohibited",
    "-A INPUT -p tcp -m tcp --dport 443 -j ACCEPT",
)


def test_fires_where_a_rule_of_ones_own_drops_the_port() -> None:
    (claim,) = judge(CHECK, *served(nft([dport(443), DROP])))
    assert str(claim.about) == "nft inet filter input, 443/tcp"
    assert (claim.confidence, claim.severity) == (Confidence.CERTAIN, Severity.ERROR)
    assert claim.facts["rule"] == "tcp dport 443 drop"
    assert claim.facts["files"] == ()
    assert commands(claim) == ["nft delete rule inet filter input handle 2"]
    assert undone(claim) == ["nft insert rule inet filter input tcp dport 443 drop"]


def test_fires_where_the_policy_drops_and_the_file_keeps_it() -> None:
    script = (
        "#!/usr/sbin/nft -f\nflush ruleset\n\ntable inet filter {\n\tchain input {\n"
        "\t\ttype filter hook input priority filter; policy drop;\n"
        "\t\tct state established,related accept\n\t\ttcp dport { 22, 80 } accept\n\t}\n}\n"
    )
    rules = (REPLIES, [dport({"set": [22, 80]}), ACCEPT])
    observations = (nft(*rules, policy="drop"), file("/etc/nftables.conf", script))
    (claim,) = judge(CHECK, *served(*observations))
    assert claim.facts["files"] == ("/etc/nftables.conf",)
    assert commands(claim) == ["nft add rule inet filter input tcp dport 443 accept"]
    assert edits(claim) == {"/etc/nftables.conf": ["+\t\ttcp dport 443 accept"]}


def test_fires_where_iptables_rejects_before_it_accepts() -> None:
    text = "*filter\n:INPUT ACCEPT [0:0]\n" + "".join(f"{rule}\n" for rule in SHIPPED) + "COMMIT\n"
    observations = (saved(*SHIPPED), file("/etc/iptables/rules.v4", text), listening(443))
    (claim,) = judge(CHECK, host(), nic(), connected(), *observations)
    assert claim.facts["how"] == "icmp 3/10"
    assert claim.facts["behind"] == SHIPPED[-1]
    accept = "-p tcp -m tcp --dport 443 -j ACCEPT"
    assert commands(claim) == [f"iptables -I INPUT 4 {accept}"]
    assert undone(claim) == [f"iptables -D INPUT {accept}"]
    assert edits(claim) == {"/etc/iptables/rules.v4": [f"+-A INPUT {accept}"]}


def test_fires_where_the_rule_is_written_down_and_takes_it_out_of_the_file() -> None:
    rule = "-A INPUT -p tcp -m tcp --dport 443 -j DROP"
    text = f"*filter\n:INPUT ACCEPT [0:0]\n{rule}\nCOMMIT\n"
    (claim,) = judge(CHECK, *served(saved(rule), file("/etc/sysconfig/iptables", text)))
    assert commands(claim) == ["iptables -D INPUT -p tcp -m tcp --dport 443 -j DROP"]
    assert edits(claim) == {"/etc/sysconfig/iptables": [f"-{rule}"]}


def test_fires_once_for_all_ports_of_one_rule() -> None:
    (claim,) = judge(CHECK, *served(nft([dport({"set": [80, 443]}), DROP])))
    assert claim.facts["ports"] == ("443/tcp", "80/tcp")
    assert commands(claim) == ["nft delete rule inet filter input handle 2"]


def test_fires_and_leaves_a_rule_that_is_about_other_ports_too() -> None:
    (claim,) = judge(CHECK, *served(nft([dport({"set": [443, 3306]}), DROP])))
    assert commands(claim) == ["nft insert rule inet filter input handle 2 tcp dport 443 accept"]


def test_fires_and_lets_in_before_a_rule_behind_which_another_waits() -> None:
    (claim,) = judge(CHECK, *served(nft(REPLIES, [dport(443), DROP], policy="drop")))
    assert commands(claim) == [
        "nft insert rule inet filter input handle 3 tcp dport 443 accept",
        "nft add rule inet filter input tcp dport 80 accept",
    ]


LIMIT = {"limit": {"rate": 9, "burst": 90, "per": "second"}}
LOG = {"log": {"prefix": "no  web: ", "level": "debug"}}


def test_fires_and_the_rule_that_goes_can_be_made_again_with_all_it_has() -> None:
    (claim,) = judge(CHECK, *served(nft([dport(443), LIMIT, LOG, DROP])))
    (step,) = claim.fix.steps if claim.fix else ()
    assert isinstance(step, Command)
    assert step.argv == ("nft", "delete", "rule", "inet", "filter", "input", "handle", "2")
    assert step.undo[6:] == (
        *("tcp", "dport", "443", "limit", "rate", "9/second", "burst", "90", "packets"),
        *("log", "prefix", '"no  web: "', "level", "debug", "drop"),
    )


def test_fires_and_leaves_a_rule_that_could_not_be_made_again() -> None:
    commented = {"elem": {"val": "0.0.0.0", "comment": "all"}}
    everybody = field("ip", "saddr", {"set": [commented]}, "!=")
    (claim,) = judge(CHECK, *served(nft([everybody, dport(443), DROP])))
    assert commands(claim) == ["nft insert rule inet filter input handle 2 tcp dport 443 accept"]


def test_fires_and_of_two_rules_with_numbers_only_the_last_goes_first() -> None:
    limit = "-m limit --limit 1000/sec --limit-burst"
    rules = (
        f"-A INPUT -p tcp -m tcp --dport 443 {limit} 5000 -j DROP",
        f"-A INPUT -p tcp -m tcp --dport 80 {limit} 500 -j DROP",
    )
    (claim,) = judge(CHECK, *served(saved(*rules)))
    assert commands(claim) == ["iptables -D INPUT 2", "iptables -D INPUT 1"]


def test_fires_and_takes_two_lines_in_a_row_out_of_the_file() -> None:
    script = (
        "table inet filter {\n\tchain input {\n\t\ttype filter hook input priority filter\n"
        "\t\ttcp dport 443 drop\n\t\ttcp dport 80 drop\n\t}\n}\n"
    )
    rules = nft([dport(443), DROP], [dport(80), DROP])
    (claim,) = judge(CHECK, *served(rules, file("/etc/nftables.conf", script)))
    text: str | None = script
    for step in claim.fix.steps if claim.fix else ():
        if isinstance(step, Edit) and text is not None:
            text = apply_patch(text, step.diff)
    assert text == script.replace("\t\ttcp dport 443 drop\n\t\ttcp dport 80 drop\n", "")


def test_fires_as_a_warning_where_only_the_redirect_is_stopped() -> None:
    (claim,) = judge(CHECK, *served(nft([dport(80), DROP])))
    assert claim.severity is Severity.WARNING


def test_fires_as_a_warning_where_only_one_family_is_stopped() -> None:
    both = (nic("eth0", ADDRESS, "2001:db8:2::10"), connected("2001:db8:2::10"))
    observations = (host(), listening(443), connected(), *both)
    (claim,) = judge(CHECK, *observations, nft([dport(443), DROP], table="ip6 filter"))
    assert (claim.severity, claim.facts["family"]) == (Severity.WARNING, "IPv6")


def test_fires_beside_firewalld_and_says_so() -> None:
    (claim,) = judge(CHECK, *served(firewalld(), nft([dport(443), DROP])))
    assert claim.facts["beside"] is True
    assert any("Two firewalls" in text for text in texts(CHECK, claim))


def test_fires_in_the_older_packet_filter() -> None:
    rule = "-A INPUT -p tcp -m tcp --dport 443 -j DROP"
    (claim,) = judge(CHECK, *served(saved(rule, tool="iptables-legacy")))
    assert claim.facts["legacy"] is True
    assert commands(claim)[0].startswith("iptables-legacy -D INPUT")


def test_fires_and_names_who_writes_the_rule_anew() -> None:
    chain = ":LOCALINPUT - [0:0]\n"
    rules = ("-A INPUT -j LOCALINPUT", "-A LOCALINPUT -p tcp -m tcp --dport 443 -j DROP")
    (claim,) = judge(CHECK, *served(saved(*rules, more=chain)))
    assert claim.facts["owner"] == "csf"
    assert isinstance(claim.fix and claim.fix.steps[0], Manual)


def test_fires_and_opens_the_port_in_the_settings_of_csf() -> None:
    chains = ":LOCALINPUT - [0:0]\n:LOGDROPIN - [0:0]\n"
    rules = ("-A INPUT -j LOCALINPUT", "-A INPUT -j LOGDROPIN", "-A LOGDROPIN -j DROP")
    (claim,) = judge(CHECK, *served(saved(*rules, more=chains)))
    assert commands(claim) == [
        """sed -i -e s/^\\(TCP_IN = "[^"][^"]*\\)"/\\1,443"/ """
        """-e s/^\\(TCP_IN = "\\)"/\\1443"/ /etc/csf/csf.conf""",
        """sed -i -e s/^\\(TCP_IN = "[^"][^"]*\\)"/\\1,80"/ """
        """-e s/^\\(TCP_IN = "\\)"/\\180"/ /etc/csf/csf.conf""",
        "csf -r",
    ]
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW


@pytest.mark.parametrize("panel", ["hestia", "vesta"])
def test_fires_and_opens_the_port_by_the_panel(panel: str) -> None:
    (claim,) = judge(CHECK, *served(saved(policy="DROP", more=f":{panel} - [0:0]\n")))
    program = f"/usr/local/{panel}/bin/v-add-firewall-rule"
    assert commands(claim) == [f"{program} ACCEPT 0.0.0.0/0 {port} TCP" for port in (443, 80)]


def test_fires_only_as_a_doubt_where_a_client_got_through() -> None:
    observations = (host("ssh://web"), nic(), listening(443), connected(source="198.51.100.7"))
    (claim,) = judge(CHECK, *observations, nft([dport(443), DROP]))
    assert (claim.confidence, claim.severity) == (Confidence.POSSIBLE, Severity.NOTE)
    assert claim.facts["contradiction"] == (f"{ADDRESS}:443",)


def test_fires_on_the_inner_address_where_the_public_one_is_translated() -> None:
    observations = (host("ssh://web"), nic("eth0", "172.16.0.5"), *from_outside()[2:])
    (claim,) = judge(CHECK, *observations, nft([dport(443), DROP]))
    assert claim.facts["rule"] == "tcp dport 443 drop"


@pytest.mark.parametrize(
    "rules",
    [
        ([ACCEPT],),
        ([dport(8443), DROP],),
        ([field("tcp", "sport", 443), DROP],),
        ([field("udp", "dport", 443), DROP],),
        ([state("invalid"), DROP],),
        ([dport(443), {"counter": {"packets": 1, "bytes": 60}}],),
        ([field("ip", "saddr", prefix("192.0.2.0", 24)), DROP],),
        ([dport(443), ACCEPT], [DROP]),
    ],
)
def test_silent_where_the_rules_let_it_in(rules: tuple[list[dict[str, object]], ...]) -> None:
    given = (host(), nic(), listening(443), connected())
    assert not judge(CHECK, *given, nft(*rules))


def test_silent_where_firewalld_or_ufw_made_the_rule() -> None:
    assert not judge(CHECK, *served(nft([DROP], table="inet firewalld", chain="filter_INPUT")))
    chain = ":ufw-user-input - [0:0]\n"
    assert not judge(CHECK, *served(saved("-A INPUT -j ufw-user-input", policy="DROP", more=chain)))


def test_silent_where_the_name_leads_to_another_machine() -> None:
    observations = (host(), nic(), listening(443), connected("198.51.100.80"))
    assert not judge(CHECK, *observations, nft([dport(443), DROP]))


def test_silent_where_nobody_can_tell() -> None:
    rule = "-A INPUT -p tcp -m tcp --dport 443 -m geoip --source-country XX -j DROP"
    assert not judge(CHECK, *served(saved(rule)))


def test_silent_where_only_an_opaque_table_is_known() -> None:
    rule = [dport(443), {"xt": {"type": "match", "name": "geoip"}}, DROP]
    assert not judge(CHECK, *served(nft(rule, table="ip filter", chain="INPUT")))


def test_fires_on_the_servers_own_address_where_the_sites_is_not_known() -> None:
    observations = (host(), nic("eth0", ADDRESS, "2001:db8:2::10"), listening(443))
    (claim,) = judge(CHECK, *observations, nft([dport(443), DROP]))
    assert [str(subject) for subject in claim.covers] == ["443/tcp"]
    assert not judge(CHECK, *observations, nft([dport(443), DROP], table="ip6 filter"))


def test_fires_with_the_kernels_own_word() -> None:
    drop = kernel_drop()
    (claim,) = judge(CHECK, *served(nft([dport(443), DROP])), drop)
    assert drop in claim.because
    assert claim.facts["kernel"] == "NETFILTER_DROP, nft_do_chain"
    assert any("nft_do_chain" in text for text in texts(CHECK, claim))
