"""What nginx's rules say by literals; tests/parsers/nginx/test_access_phases.py asks nginx."""

import pytest

from diagnose.parsers.nginx.access_rules import (
    AccessResult,
    ClientRequest,
    access_rules,
    check_access,
    matching_rule,
    trusted_proxy_directive,
)
from diagnose.parsers.nginx.config import parse
from diagnose.parsers.nginx.locations import LocationMatch, select_location
from diagnose.parsers.nginx.server_blocks import Server, servers

VISITOR = "192.0.2.66"


def server(text: str) -> Server:
    return servers(parse(f"http {{ server {{ {text} }} }}", "n.conf"))[0]


def location(text: str, around: str = "") -> LocationMatch:
    return select_location(server(f"{around} location / {{ {text} }}"), "/")


def checked(text: str, address: str = VISITOR, method: str = "GET") -> AccessResult:
    return check_access(location(text), ClientRequest(address, "shop.t", method=method))


@pytest.mark.parametrize(
    ("rules", "verdict"),
    [
        ("", "passes"),
        ("deny 192.0.2.0/24;", "denied"),
        ("allow 192.0.2.66; deny all;", "passes"),
        ("deny all; allow 192.0.2.66;", "denied"),
        ("allow 198.51.100.0/24;", "passes"),
        ("deny 2001:db8::/32;", "passes"),
        ("deny unix:;", "passes"),
    ],
)
def test_the_first_rule_that_matches_decides(rules: str, verdict: str) -> None:
    assert checked(rules).verdict == verdict


def test_an_error_page_hides_the_status() -> None:
    assert checked("deny all;").status == 403
    assert checked("deny all; error_page 403 /403.html;").status == 0


def test_a_password_may_admit_where_any_is_enough() -> None:
    assert checked("satisfy any; auth_basic x; deny all;").verdict == "unknown"
    assert checked("satisfy any; auth_basic off; deny all;").verdict == "denied"
    assert checked("auth_basic x; deny all;").verdict == "denied"


def test_without_an_address_rules_are_unknown() -> None:
    result = checked("deny 192.0.2.0/24;", address="")
    assert (result.verdict, result.unknown) == ("unknown", ("deny 192.0.2.0/24",))


def test_a_rule_for_all_is_not_personal() -> None:
    assert checked("deny 192.0.2.66;").personal
    assert checked("allow all;").personal
    assert not checked("").personal


def test_rules_of_the_innermost_block_replace_all_others() -> None:
    rules = access_rules(location("deny 192.0.2.66;", around="allow all; deny 192.0.2.1;"))
    assert [rule.args for rule in rules] == [("192.0.2.66",)]
    assert len(access_rules(location("", around="allow all; deny 192.0.2.1;"))) == 2
    assert matching_rule(rules, "192.0.2.1") is None


def test_limit_except_has_rules_for_the_methods_that_it_does_not_name() -> None:
    text = "limit_except GET HEAD { deny all; }"
    assert checked(text).verdict == "passes"
    assert checked(text, method="POST").verdict == "denied"


def test_a_trusted_proxy_is_named_with_its_header() -> None:
    trusting = server("set_real_ip_from 192.0.2.0/24; real_ip_header X-Forwarded-For;")
    text = "set_real_ip_from 192.0.2.0/24; real_ip_header X-Forwarded-For"
    assert trusted_proxy_directive(trusting, VISITOR) == text
    assert trusted_proxy_directive(trusting, "198.51.100.1") == ""
    assert trusted_proxy_directive(trusting, "") == ""
