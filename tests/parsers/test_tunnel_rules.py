"""The rules of cloudflared, and which of them gets a request."""

import pytest

from diagnose.parsers.tunnel_rules import IngressRule, ingress_rules, rule_for

TEXT = """\
tunnel: 6ff42ae2
credentials-file: /root/.cloudflared/6ff42ae2.json
originRequest:
  connectTimeout: 30s
ingress:
  - hostname: shop.example.com
    path: ^/api
    service: http://localhost:8080
  - hostname: shop.example.com
    service: https://localhost
    originRequest:
      originServerName: www.example.com
      httpHostHeader: www.example.com
  - hostname: "*.example.net"
    service: https://[::1]:8443/
    originRequest: {noTLSVerify: true}
  - service: http_status:404
"""


def test_what_they_say() -> None:
    api, shop, other, rest = ingress_rules(TEXT)
    assert (api.path, api.place, api.line) == ("^/api", ("http", "localhost", 8080), 8)
    assert (shop.place, shop.server_name) == (("https", "localhost", 443), "www.example.com")
    assert (shop.line, shop.column, shop.origin_line, shop.origin_column) == (10, 4, 11, 6)
    assert shop.host_header == "www.example.com"
    assert (other.place, other.is_unverified, other.origin_line) == (
        ("https", "::1", 8443),
        True,
        -1,
    )
    assert (rest.status, rest.place, rest.host) == (404, None, "")


def test_the_running_configuration_in_json() -> None:
    (rule,) = ingress_rules(
        '{"version":3,"config":{"ingress":[{"hostname":"shop.example.com","service":'
        '"https://localhost:443","originRequest":{"matchSNItoHost":true}}],"originRequest":{}}}'
    )
    assert (rule.host, rule.matches_name, rule.line) == ("shop.example.com", True, 0)


def test_settings_for_all_rules() -> None:
    text = "originRequest:\n  noTLSVerify: true\ningress:\n- service: https://127.0.0.1:8443\n"
    (rule,) = ingress_rules(text)
    assert rule.is_unverified


@pytest.mark.parametrize(
    ("host", "path", "service"),
    [
        ("shop.example.com", "/api/x", "http://localhost:8080"),
        ("SHOP.example.com", "/", "https://localhost"),
        ("a.b.example.net", "/", "https://[::1]:8443/"),
        ("example.net", "/", "http_status:404"),
    ],
)
def test_the_first_that_is_for_the_request(host: str, path: str, service: str) -> None:
    rule = rule_for(ingress_rules(TEXT), host, path)
    assert rule is not None
    assert rule.service == service


def test_no_answer_for_a_pattern_that_is_not_plain() -> None:
    rules = (IngressRule("http://a:1", path=r"\.(jpg|png)$"), IngressRule("http://b:1"))
    assert rule_for(rules, "shop.example.com", "/") is None


@pytest.mark.parametrize("text", ["", "a: [", "- x", "ingress: x", "ingress:\n- 3\n", "[" * 5000])
def test_what_has_none(text: str) -> None:
    assert ingress_rules(text) == ()
