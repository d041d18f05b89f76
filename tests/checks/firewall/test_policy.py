from diagnose.model import Severity
from tests.support.check_evidence import judge
from tests.support.firewall_rules import HTTP, HTTPS, SSH, both, policies, remedy, server

OPEN = both("public", SSH, HTTP, HTTPS, interfaces=("eth0",))


def test_fires_where_a_policy_rejects_before_the_zone() -> None:
    (claim,) = judge("firewall.policy", *server(*OPEN, *policies("guard", SSH, target="REJECT")))
    assert claim.severity is Severity.ERROR
    assert (claim.facts["policy"], claim.facts["before"]) == ("guard", True)
    assert remedy(claim) == [
        "firewall-cmd --policy=guard --add-service=https --add-service=http",
        "firewall-cmd --permanent --policy=guard --add-service=https --add-service=http",
    ]


def test_fires_where_a_rule_of_a_policy_drops() -> None:
    rule = 'rule service name="https" drop'
    (claim,) = judge("firewall.policy", *server(*OPEN, *policies("guard", rich_rules=(rule,))))
    assert claim.facts["drops"] is True
    assert remedy(claim)[0] == f"firewall-cmd --policy=guard --remove-rich-rule={rule}"


def test_fires_where_a_policy_rejects_before_a_target_that_accepts() -> None:
    zones = both("public", target="ACCEPT")
    after = policies("guard", target="DROP", priority=10)
    (claim,) = judge("firewall.policy", *server(*zones, *after))
    assert claim.facts["before"] is False


def test_silent_where_it_is_no_hindrance() -> None:
    for more in (
        {"target": "CONTINUE"},
        {"target": "REJECT", "priority": 10},
        {"target": "REJECT", "ingress": ("dmz",)},
        {"target": "REJECT", "egress": ("ANY",)},
    ):
        assert not judge("firewall.policy", *server(*OPEN, *policies("guard", **more)))
    through = policies("guard", SSH, HTTP, HTTPS, target="DROP")
    assert not judge("firewall.policy", *server(*OPEN, *through))
