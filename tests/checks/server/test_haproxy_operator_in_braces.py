from dataclasses import replace

from diagnose.model import Confidence, Edit, Severity
from diagnose.model.http import Upgrade
from tests.support.check_evidence import SHOP, judge
from tests.support.haproxy_evidence import SERVER, TEXT, config, page

CHECK = "server.haproxy-operator-in-braces"
RULES = """\
    acl is_down nbsrv(app) lt 1
    http-request return status 503 if { path /health && is_down }
    http-request return status 200 if { path /health }
"""
SITE = TEXT.replace("    default_backend", f"{RULES}    default_backend")
TARGET = replace(SHOP, path="/health")
REFUSED = page(503, url="https://shop.example.com/health")


def test_fires_and_closes_the_braces_before_the_operator() -> None:
    (claim,) = judge(CHECK, SERVER, config(SITE), REFUSED, target=TARGET)
    assert (claim.confidence, claim.severity) == (Confidence.LIKELY, Severity.ERROR)
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "+    http-request return status 503 if { path /health } is_down\n" in edit.diff


def test_fires_where_a_rule_takes_the_whole_name() -> None:
    rule = "    use_backend api if { hdr(host) -i shop.example.com && path_beg /api }\n"
    text = TEXT.replace("    default_backend", f"{rule}    default_backend")
    text += "backend api\n    server b 127.0.0.1:3001\n"
    (claim,) = judge(CHECK, SERVER, config(text), page(404))
    assert claim.severity is Severity.WARNING
    assert claim.facts["meant"] == (
        "use_backend api if { hdr(host) -i shop.example.com } { path_beg /api }"
    )


def test_fires_for_a_websocket_that_the_second_test_would_take() -> None:
    rule = "    use_backend api if { hdr(host) -i a.example.com || path_beg /ws }\n"
    text = TEXT.replace("    default_backend", f"{rule}    default_backend")
    text += "backend api\n    server b 127.0.0.1:3001\n"
    refused = Upgrade(
        url="wss://shop.example.com/ws", path="/ws", address="203.0.113.10", port=443, status=404
    )
    target = replace(SHOP, websockets=("/ws",))
    (claim,) = judge(CHECK, SERVER, config(text), refused, target=target)
    assert claim.facts["meant"] == (
        "use_backend api if { hdr(host) -i a.example.com } || { path_beg /ws }"
    )


def test_silent_where_the_tests_are_joined_outside_or_another_line_decides() -> None:
    right = config(SITE.replace("&& is_down }", "} is_down"))
    assert not judge(CHECK, SERVER, right, REFUSED, target=TARGET)
    assert not judge(CHECK, SERVER, config(SITE), replace(REFUSED, status=200), target=TARGET)
    # The page is no part of the rule.
    assert not judge(CHECK, SERVER, config(SITE), page(503))
    # Another status: the application's.
    assert not judge(CHECK, SERVER, config(SITE), replace(REFUSED, status=404), target=TARGET)


def test_silent_where_both_values_are_paths() -> None:
    """It works by accident: the words behind the operator are among the values."""
    rule = "    use_backend api if { path_beg /api || path_beg /v2 }\n"
    text = TEXT.replace("    default_backend", f"{rule}    default_backend")
    text += "backend api\n    server b 127.0.0.1:3001\n"
    target = replace(SHOP, path="/v2/x")
    missing = page(404, url="https://shop.example.com/v2/x")
    assert not judge(CHECK, SERVER, config(text), missing, target=target)
