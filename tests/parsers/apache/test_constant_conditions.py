"""Conditions of mod_rewrite that compare a text."""

import pytest

from diagnose.parsers.apache.constant_conditions import constant_before_https

RULE = "RewriteRule ^(.*)$ https://shop.example.com/$1 [R=301,L]"


@pytest.mark.parametrize(
    ("condition", "meant"),
    [
        ("RewriteCond !{HTTPS} off", "%{HTTPS}"),
        ("RewriteCond {HTTPS} !=on [OR]", None),
        ("rewritecond https off", "%{HTTPS}"),
        ("RewriteCond {HTTP:X-Forwarded-Proto} =http", "%{HTTP:X-FORWARDED-PROTO}"),
        ("RewriteCond tea off", ""),
        ("RewriteCond %{HTTPS} off", None),
        ("RewriteCond", None),
        (f"RewriteCond {'x' * 3000} off", None),
    ],
)
def test_what_was_meant(condition: str, meant: str | None) -> None:
    conditions = list(constant_before_https(["RewriteEngine On", condition, RULE]))
    assert [each.meant for each in conditions] == ([] if meant is None else [meant])
    assert all(each.number == 2 for each in conditions)


def test_only_of_rules_that_lead_to_https() -> None:
    lines = ["RewriteCond !{HTTPS} off", "RewriteRule ^ /index.php [L]", RULE]
    assert not list(constant_before_https(lines))
    assert not list(constant_before_https(["RewriteCond !{HTTPS} off"]))
