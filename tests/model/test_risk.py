"""What a remedy puts at risk, read off its steps."""

import pytest

from diagnose.i18n.reports import translate
from diagnose.model import Command, Edit, Manual, Where
from diagnose.model.risk import Risk, risks


@pytest.mark.parametrize(
    ("typed", "risk"),
    [
        ("firewall-cmd --permanent --zone=public --add-service=https", Risk.OPENS_TO_ALL),
        ("firewall-cmd --zone=public --add-port=8443/tcp", Risk.OPENS_TO_ALL),
        ("firewall-cmd --panic-off", Risk.OPENS_TO_ALL),
        ("firewall-cmd --zone=drop --remove-source=192.0.2.0/24", Risk.OPENS_TO_SOME),
        ("firewall-cmd --ipset=banned --remove-entry=192.0.2.1", Risk.OPENS_TO_SOME),
        ("firewall-cmd --direct --add-rule ipv4 filter INPUT 0 -s 192.0.2.1 -j ACCEPT",
         Risk.OPENS_TO_SOME),
        ("firewall-cmd --reload", Risk.RELOADS),
        ("ufw allow 443/tcp", Risk.OPENS_TO_ALL),
        ("ufw allow from 192.0.2.1 to any port 443 proto tcp", Risk.OPENS_TO_SOME),
        ("ufw route allow proto tcp from any to 172.17.0.2 port 80", Risk.OPENS_TO_ALL),
        ("nft insert rule inet filter input handle 3 tcp dport 443 accept", Risk.OPENS_TO_ALL),
        ("nft insert rule inet filter input ip saddr 192.0.2.1 tcp dport 443 accept",
         Risk.OPENS_TO_SOME),
        ("nft delete rule inet filter input handle 3", Risk.OPENS_TO_ALL),
        ("nft delete element inet filter banned { 192.0.2.1 }", Risk.OPENS_TO_SOME),
        ("iptables -I INPUT 1 -p tcp --dport 443 -j ACCEPT", Risk.OPENS_TO_ALL),
        ("ip6tables -I INPUT 1 -s 2001:db8::1 -p tcp --dport 443 -j ACCEPT", Risk.OPENS_TO_SOME),
        ("fail2ban-client set nginx unbanip 192.0.2.1", Risk.OPENS_TO_SOME),
        ("systemctl restart nginx", Risk.INTERRUPTS),
        ("systemctl reload nginx", Risk.RELOADS),
        ("systemctl start nginx", Risk.STARTS),
        ("systemctl enable --now nginx", Risk.STARTS),
        ("service docker restart", Risk.INTERRUPTS),
        ("nginx -s reload", Risk.RELOADS),
        ("kill 12", Risk.STOPS),
        ("chmod 640 /etc/ssl/private/shop.key", Risk.CHANGES_ACCESS),
        ("setsebool -P httpd_can_network_connect 1", Risk.CHANGES_ACCESS),
        ("certbot renew", Risk.ORDERS_CERTIFICATE),
        ("sysctl -w net.core.somaxconn=4096", Risk.CHANGES_KERNEL),
        ("rm /etc/nginx/sites-enabled/old", Risk.REMOVES_FILES),
        ("something-else --now", Risk.CHANGES_SYSTEM),
    ],
)  # fmt: skip
def test_a_command_has_a_risk(typed: str, risk: Risk) -> None:
    assert risks([Command(tuple(typed.split()))]) == (risk,)


def test_a_rich_rule_lets_in_whom_it_names() -> None:
    named = 'rule family="ipv4" source address="192.0.2.1" port port="443" protocol="tcp" accept'
    for rule, risk in ((named, Risk.OPENS_TO_SOME), ("rule accept", Risk.OPENS_TO_ALL)):
        command = Command(("firewall-cmd", "--zone=public", f"--add-rich-rule={rule}"))
        assert risks([command]) == (risk,)


def test_the_gravest_comes_first_and_each_once() -> None:
    steps = (Edit("/etc/a", ""), Edit("/etc/b", ""), Command(("systemctl", "restart", "a")))
    assert risks(steps) == (Risk.INTERRUPTS, Risk.EDITS_FILES)


def test_what_only_looks_has_none() -> None:
    assert risks([Command(("nginx", "-t"))]) == ()


def test_a_step_by_hand_has_that_of_what_is_typed() -> None:
    assert risks([Manual("open", Where.CLOUD_CONSOLE)]) == (Risk.BY_HAND,)
    typed = Manual("open", Where.SERVER, commands=(Command(("ufw", "allow", "443/tcp")),))
    assert risks([typed]) == (Risk.OPENS_TO_ALL,)


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_each_has_words(lang: str) -> None:
    words = [translate(f"risk.{risk}", lang) for risk in Risk]
    assert len(set(words)) == len(Risk)
