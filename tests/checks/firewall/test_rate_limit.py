from typing import Any

import pytest

from checks.firewall.rate_limit import is_tight, raise_limit
from diagnose.model import Applicability, Severity
from tests.support.check_evidence import TIMEOUT, judge
from tests.support.firewall_rules import connected
from tests.support.packets import DROP, commands, dport, nft, saved, served, state

CHECK = "firewall.rate-limit"


def over(rate: int, per: str = "minute") -> list[dict[str, Any]]:
    limit = {"limit": {"rate": rate, "burst": 5, "per": per, "inv": True}}
    return [dport(443), state("new"), limit, DROP]


def test_fires_where_few_new_connections_are_let_in() -> None:
    (claim,) = judge(CHECK, *served(nft(over(2))))
    assert claim.severity is Severity.WARNING
    assert claim.facts["ports"] == ("443/tcp",)
    assert commands(claim) == [
        "nft replace rule inet filter input handle 2 "
        "tcp dport 443 ct state new limit rate over 1000/second burst 5 packets drop"
    ]
    assert claim.facts["without"] == "nft delete rule inet filter input handle 2"
    assert claim.fix is not None
    assert claim.fix.applicability is Applicability.REVIEW


def test_fires_where_what_is_above_the_limit_is_not_accepted() -> None:
    accept = "-p tcp -m tcp --dport 443 -m limit --limit 25/min --limit-burst 100 -j ACCEPT"
    rules = (f"-A INPUT {accept}", "-A INPUT -p tcp -m tcp --dport 443 -j DROP")
    (claim,) = judge(CHECK, *served(saved(*rules)))
    wider = accept.replace("25/min", "1000/sec")
    assert commands(claim) == [f"iptables -R INPUT 1 {wider}"]


def test_fires_where_a_rule_of_connlimit_goes_by_its_number() -> None:
    rule = "-p tcp -m tcp --dport 443 -m connlimit --connlimit-above 4 -j REJECT"
    (claim,) = judge(CHECK, *served(saved("-A INPUT -i lo -j ACCEPT", f"-A INPUT {rule}")))
    assert commands(claim) == [f"iptables -R INPUT 2 {rule.replace('above 4', 'above 100')}"]
    assert claim.facts["without"] == "iptables -D INPUT 2"


@pytest.mark.parametrize(
    ("rule", "wider"),
    [
        ("limit rate over 2/hour burst 9 packets", "limit rate over 1000/second burst 9 packets"),
        ("{ ip saddr limit rate over 3/hour }", "{ ip saddr limit rate over 100/second }"),
        ("tcp dport 443 ct count over 4 reject", "tcp dport 443 ct count over 100 reject"),
        (
            "-m hashlimit --hashlimit-above 10/min --hashlimit-burst 30 --hashlimit-mode srcip",
            "-m hashlimit --hashlimit-above 100/sec --hashlimit-burst 30 --hashlimit-mode srcip",
        ),
        ("-m limit --limit 25/min --limit-burst 9", "-m limit --limit 1000/sec --limit-burst 9"),
        ("limit rate over 10 mbytes/second drop", "limit rate over 10 mbytes/second drop"),
        ("-m recent --update --hitcount 6", "-m recent --update --hitcount 6"),
    ],
)  # fmt: skip
def test_a_limit_is_raised_and_all_else_in_the_rule_stays(rule: str, wider: str) -> None:
    assert raise_limit(rule) == wider
    assert raise_limit(wider) == wider


def test_fires_where_attempts_were_lost_however_wide_the_limit() -> None:
    observations = served(nft(over(100, "second")))
    assert not judge(CHECK, *observations)
    assert judge(CHECK, *observations, connected(failure=TIMEOUT, purpose="again"))


@pytest.mark.parametrize(
    "rule",
    [
        over(400, "second"),
        [dport(22), *over(2)[1:]],
        [dport(443), {"limit": {"rate": 3, "per": "minute"}}, {"log": {"prefix": "https "}}],
    ],
)
def test_silent_where_the_limit_is_wide_or_on_something_else(rule: list[dict[str, Any]]) -> None:
    assert not judge(CHECK, *served(nft(rule)))


@pytest.mark.parametrize(
    ("rule", "tight"),
    [
        ("tcp dport 443 limit rate over 2/minute drop", True),
        ("tcp dport 443 limit rate 20/second accept", False),
        ("add @seen { ip saddr limit rate over 30/minute } drop", True),
        ("add @seen { ip saddr limit rate over 100/second } drop", False),
        ("add @seen { ip saddr ct count over 5 } reject", True),
        ("ct count over 50 reject", False),
        ("-A INPUT -m recent --update --seconds 30 --hitcount 6 -j ufw-user-limit", True),
        ("-A INPUT -m hashlimit --hashlimit-above 10/sec --hashlimit-mode srcip -j DROP", False),
        ("-A INPUT -m hashlimit --hashlimit-above 10/min --hashlimit-mode srcip -j DROP", True),
        ("-A INPUT -m limit --limit 25/min --limit-burst 100 -j ACCEPT", True),
        ("-A INPUT -m connlimit --connlimit-above 20 -j REJECT", False),
        ("limit rate over 10 mbytes/second drop", False),
    ],
)
def test_a_limit_is_tight_where_visitors_meet_it(rule: str, tight: bool) -> None:
    assert is_tight(rule) is tight


def test_silent_about_a_list_of_those_who_scanned_ports() -> None:
    """Many guides to hardening have these two rules."""
    scan = "-m recent --name portscan"
    rules = (
        f"-A INPUT {scan} --rcheck --seconds 86400 -j DROP",
        f"-A INPUT -p tcp -m tcp --dport 139 {scan} --set -j DROP",
    )
    assert not judge(CHECK, *served(saved(*rules)))
    assert judge(CHECK, *served(saved(rules[0].replace("86400", "10"))))
