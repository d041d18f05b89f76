"""ufw 0.36.2 wrote these files, on Debian 13."""

import pytest

from diagnose.parsers.netfilter import ufw
from diagnose.parsers.netfilter.ufw import UfwRule

USER_RULES = """\
*filter
:ufw-user-input - [0:0]
### RULES ###

### tuple ### allow tcp 22 0.0.0.0/0 any 0.0.0.0/0 in
-A ufw-user-input -p tcp --dport 22 -j ACCEPT

### tuple ### deny any 443 0.0.0.0/0 any 0.0.0.0/0 in
-A ufw-user-input -p tcp --dport 443 -j DROP
-A ufw-user-input -p udp --dport 443 -j DROP

### tuple ### limit_log tcp 80 0.0.0.0/0 any 0.0.0.0/0 in

### tuple ### allow tcp 443 0.0.0.0/0 any 192.0.2.0/24 in
-A ufw-user-input -p tcp --dport 443 -s 192.0.2.0/24 -j ACCEPT

### tuple ### allow tcp 80,443 0.0.0.0/0 any 0.0.0.0/0 Nginx%20Full - in

### tuple ### allow tcp 8443 0.0.0.0/0 any 0.0.0.0/0 in_eth0

### tuple ### reject tcp 444 0.0.0.0/0 any 0.0.0.0/0 in comment=68656c6c6f

### tuple ### route:allow tcp 443 0.0.0.0/0 any 0.0.0.0/0 in

### tuple ### nonsense

### END RULES ###
"""
CONF = "# Set to yes to start on boot.\nENABLED=yes\nLOGLEVEL=low\n"
DEFAULTS = 'IPV6=no\nDEFAULT_INPUT_POLICY="REJECT"\nDEFAULT_OUTPUT_POLICY="ACCEPT"\n'


def test_the_settings_and_the_rules_are_read() -> None:
    files = {ufw.CONF: CONF, ufw.DEFAULTS: DEFAULTS, ufw.RULES: USER_RULES}
    state = ufw.parse_ufw(files)
    assert state is not None
    assert (state.enabled, state.ipv6, state.incoming) == (True, False, "reject")
    assert [rule.action for rule in state.rules] == [
        "allow", "deny", "limit", "allow", "allow", "allow", "reject", "allow",
    ]  # fmt: skip
    assert state.rules6 == ()
    assert state.rules[4].application == "Nginx Full"
    assert state.rules[5].interface == "eth0"
    assert state.rules[7].forwarded


def test_without_ufw_conf_it_is_not_installed() -> None:
    assert ufw.parse_ufw({ufw.DEFAULTS: DEFAULTS}) is None


@pytest.mark.parametrize(
    ("index", "words"),
    [
        (0, "allow 22/tcp"),
        (1, "deny 443"),
        (2, "limit 80/tcp"),
        (3, "allow proto tcp from 192.0.2.0/24 to any port 443"),
        (4, "allow Nginx Full"),
        (5, "allow in on eth0 proto tcp from any to any port 8443"),
        (6, "reject 444/tcp"),
    ],
)
def test_a_rule_says_how_it_is_given_to_ufw(index: int, words: str) -> None:
    assert " ".join(ufw.rules(USER_RULES)[index].arguments()) == words


def test_a_rule_knows_its_ports() -> None:
    rule = UfwRule("allow", "tcp", "80,8000:8010", "any", "any", "any")
    assert rule.names_port(80)
    assert rule.names_port(8005)
    assert not rule.names_port(443)
    assert not UfwRule("allow", "udp", "443", "any", "any", "any").concerns(443)


def test_the_first_rule_for_everybody_decides() -> None:
    rules = ufw.rules(USER_RULES)
    assert ufw.deciding_rule(rules, 443) == rules[1]
    assert ufw.deciding_rule(rules[2:], 443) == rules[4]
    assert ufw.deciding_rule(rules, 8443) is None
