from diagnose.model import Observation, Severity
from tests.support.check_evidence import judge
from tests.support.firewall_rules import connected, host, listening, nic
from tests.support.packets import commands, edits, file, saved, served, undone

CHECK = "firewall.ufw-port-closed"
CHAINS = ":ufw-before-input - [0:0]\n:ufw-user-input - [0:0]\n"
BEFORE = (
    "-A INPUT -j ufw-before-input",
    "-A ufw-before-input -i lo -j ACCEPT",
    "-A ufw-before-input -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT",
    "-A ufw-before-input -j ufw-user-input",
    "-A ufw-user-input -p tcp -m tcp --dport 80 -j ACCEPT",
)
DENY = (
    "-A ufw-user-input -p tcp -m tcp --dport 443 -j DROP",
    "-A ufw-user-input -p udp -m udp --dport 443 -j DROP",
)
ALLOW = "-A ufw-user-input -p tcp -m tcp --dport 443 -j ACCEPT"


def ufw(*rules: str, tuples: tuple[str, ...] = ()) -> tuple[Observation, ...]:
    lines = "".join(f"### tuple ### {one}\n" for one in tuples)
    return (
        saved(*BEFORE, *rules, policy="DROP", more=CHAINS),
        file("/etc/ufw/ufw.conf", "ENABLED=yes\n"),
        file("/etc/ufw/user.rules", lines),
    )


def everybody(action: str, protocol: str, ports: str) -> str:
    return f"{action} {protocol} {ports} 0.0.0.0/0 any 0.0.0.0/0 in"


def test_fires_where_no_rule_of_ufw_allows_the_port() -> None:
    (claim,) = judge(CHECK, *served(*ufw(tuples=(everybody("allow", "tcp", "80"),))))
    assert claim.facts["ports"] == ("443/tcp",)
    assert claim.facts["ufw_rule"] == ""
    assert commands(claim) == ["ufw allow 443/tcp"]
    assert undone(claim) == ["ufw delete allow 443/tcp"]


def test_fires_where_a_rule_denies_before_another_allows() -> None:
    tuples = (everybody("deny", "any", "443"), everybody("allow", "tcp", "443"))
    (claim,) = judge(CHECK, *served(*ufw(*DENY, ALLOW, tuples=tuples)))
    assert claim.facts["ufw_rule"] == "deny 443"
    assert commands(claim) == ["ufw delete deny 443"]
    assert undone(claim) == ["ufw insert 1 deny 443"]


def test_fires_where_it_only_denies() -> None:
    (claim,) = judge(CHECK, *served(*ufw(*DENY, tuples=(everybody("deny", "any", "443"),))))
    assert commands(claim) == ["ufw delete deny 443", "ufw allow 443/tcp"]


def test_fires_as_a_warning_where_only_the_redirect_is_stopped() -> None:
    chains = ":ufw-user-input - [0:0]\n"
    rules = ("-A INPUT -j ufw-user-input", ALLOW)
    observation = saved(*rules, policy="DROP", more=chains)
    (claim,) = judge(CHECK, *served(observation, file("/etc/ufw/ufw.conf", "ENABLED=yes")))
    assert (claim.severity, commands(claim)) == (Severity.WARNING, ["ufw allow 80/tcp"])


def test_fires_where_its_files_may_not_be_read() -> None:
    (claim,) = judge(CHECK, *served(saved(*BEFORE, policy="DROP", more=CHAINS)))
    assert commands(claim) == ["ufw allow 443/tcp"]


def test_silent_where_it_allows_the_port() -> None:
    tuples = (everybody("allow", "tcp", "443"),)
    assert not judge(CHECK, *served(*ufw(ALLOW, tuples=tuples)))


def test_silent_where_it_is_not_in_force() -> None:
    files = ufw(*DENY, tuples=(everybody("deny", "any", "443"),))[1:]
    assert not judge(CHECK, *served(saved(), *files))


def test_silent_where_a_rule_that_is_not_ufws_stops_the_port() -> None:
    rules = ("-A INPUT -p tcp -m tcp --dport 443 -j DROP", *BEFORE, ALLOW)
    observations = (host(), nic(), listening(443), connected())
    assert not judge(CHECK, *observations, saved(*rules, policy="DROP", more=CHAINS))


def test_fires_where_ufw_leaves_ipv6_out() -> None:
    address = "2001:db8:2::10"
    rules = saved("-A INPUT -i lo -j ACCEPT", policy="DROP", tool="ip6tables")
    files = (
        file("/etc/ufw/ufw.conf", "ENABLED=yes\n"),
        file("/etc/default/ufw", "# ufw\nIPV6=no\n"),
    )
    observations = (host(), nic("eth0", address), listening(443), connected(address))
    (claim,) = judge(CHECK, *observations, rules, *files)
    assert claim.facts["no_ipv6"] is True
    assert commands(claim) == ["ufw reload", "ufw allow 443/tcp"]
    assert edits(claim) == {"/etc/default/ufw": ["-IPV6=no", "+IPV6=yes"]}
