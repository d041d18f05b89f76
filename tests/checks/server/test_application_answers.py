from dataclasses import replace
from typing import Any

import pytest

from diagnose.model import Claim, Edit, Severity
from diagnose.model.backends import BackendVisit
from diagnose.model.http import Upgrade
from diagnose.model.server_rules import AnsweringRule
from diagnose.model.web_servers import WebServerConfig
from tests.support.caddy_evidence import CADDY, caddy_config, document
from tests.support.check_evidence import SHOP, judge
from tests.support.haproxy_evidence import SERVER, TEXT, config, page
from tests.support.web_server_evidence import APACHE, HTTPS, apache_config

CHECK, ORIGIN = "server.application-answers", "websocket.origin-refused"
VISIT = BackendVisit(target="http://127.0.0.1:3000", requested="/", path="/", status=200)
DENIED = config(
    TEXT.replace("    default_b", "    http-request deny if { src 10.0.0.0/8 }\n    default_b")
)


def test_fires_and_names_the_lines_that_may_decide() -> None:
    (claim,) = judge(CHECK, SERVER, DENIED, page(503), VISIT, masked=False)
    assert claim.facts["rules"] == (
        "http-request deny (/etc/haproxy/haproxy.cfg:7)",
        "option httpchk (/etc/haproxy/haproxy.cfg:10)",
    )
    assert claim.severity is None


BLOCK = """\
	reverse_proxy 127.0.0.1:3000 {
		transport http {
			versions h2c 2
		}
	}
"""


def added(claim: Claim) -> str:
    assert claim.fix
    return "".join(step.diff for step in claim.fix.steps if isinstance(step, Edit))


def test_fires_and_names_http2_to_an_application_that_answered_http1() -> None:
    line = next(line for line in TEXT.split("\n") if line.strip().startswith("server "))
    (claim,) = judge(
        CHECK,
        SERVER,
        config(TEXT.replace(line, f"{line} proto h2")),
        page(503),
        VISIT,
        masked=False,
    )
    assert (claim.facts["protocol"], claim.facts["rules"]) == ("proto h2", ())
    assert f"+{line}\n" in added(claim)


def test_fires_and_lets_websockets_alone_use_http1() -> None:
    line = next(line for line in TEXT.split("\n") if line.strip().startswith("server "))
    text = TEXT.replace(line, f"{line} proto h2")
    target = replace(SHOP, websockets=("/ws",))
    refused = Upgrade(
        url="wss://shop.example.com/ws", path="/ws", address="203.0.113.10", port=443, status=502
    )
    opened = replace(VISIT, requested="/ws", path="/ws", websocket=True, status=101, accepted=True)
    told = (SERVER, config(text), page(200), refused, opened)
    (claim,) = judge(CHECK, *told, target=target, masked=False)
    assert claim.facts["kept_protocol"]
    assert f"+{line} proto h2 ws h1\n" in added(claim)
    old = replace(SERVER, version="2.4.0")
    (claim,) = judge(CHECK, old, *told[1:], target=target, masked=False)
    assert f"+{line}\n" in added(claim)
    own = config(TEXT.replace(line, f"{line} proto h2 ws h1"))
    (claim,) = judge(CHECK, SERVER, own, *told[2:], target=target, masked=False)
    assert not claim.facts["protocol"], "WebSockets use HTTP/1.1 already"


@pytest.mark.parametrize(
    ("lines", "words", "row"),
    [
        ("\treverse_proxy h2c://127.0.0.1:3000\n", "h2c://127.0.0.1:3000",
         "+\treverse_proxy http://127.0.0.1:3000\n"),
        (BLOCK, "versions h2c 2", "-\t\t\tversions h2c 2\n"),
    ],
)  # fmt: skip
def test_fires_for_caddy_with_the_line_of_http2(lines: str, words: str, row: str) -> None:
    made: Any = document("shop.example.com")
    text = f"shop.example.com {{\n{lines}}}\n"
    observed = caddy_config(text, made)
    visit = replace(VISIT, target=observed.sites[0].routes[0].target)
    (claim,) = judge(CHECK, CADDY, observed, page(502), visit, masked=False)
    assert claim.facts["protocol"] == words
    assert row in added(claim)


def test_a_page_that_is_forbidden_may_be_meant() -> None:
    for status in (403, 404, 429):
        (claim,) = judge(CHECK, SERVER, DENIED, page(status), VISIT, masked=False)
        assert claim.severity is Severity.NOTE


def test_fires_for_a_websocket_in_the_lines_of_its_site_only() -> None:
    line = "    RequestHeader unset Upgrade early\n"
    own = HTTPS.replace("    ProxyPass /ws", f"{line}    ProxyPass /ws")
    other = own.replace("shop.example.com", "aaa.example.org")
    text = apache_config(own + other)
    target = replace(SHOP, websockets=("/ws",))
    url = "wss://shop.example.com/ws"
    refused = Upgrade(url=url, path="/ws", address="203.0.113.10", port=443, status=426)
    visit = replace(VISIT, target="ws://127.0.0.1:3000/ws", requested="/ws", path="/ws")
    visit = replace(visit, websocket=True, status=101, accepted=True)
    (claim,) = judge(CHECK, APACHE, text, refused, visit, target=target, masked=False)
    assert (claim.facts["field"], claim.facts["rules"]) == ("Upgrade", ())
    assert claim.fix
    assert "+    # RequestHeader unset Upgrade early\n" in added(claim)
    opened = replace(refused, accepted=True)
    assert not judge(CHECK, APACHE, text, opened, visit, target=target)
    limited = replace(refused, status=429)
    assert not judge(CHECK, APACHE, text, limited, visit, target=target)


def test_names_a_rule_of_access_for_a_refusal_alone_and_none_that_lets_all_in() -> None:
    open_to_all = "    Require all granted\n    Require ip 10.0.0.0/8\n"
    text = apache_config(HTTPS.replace("    ProxyPass /ws", f"{open_to_all}    ProxyPass /ws"))
    visit = replace(VISIT, target="http://127.0.0.1:3000/")
    for status, number in ((403, 1), (404, 0), (500, 0)):
        (claim,) = judge(CHECK, APACHE, text, page(status), visit, masked=False)
        assert str(claim.facts["rules"]).count("Require ") == number


def test_silent_where_another_server_of_the_backend_may_have_failed() -> None:
    two = config(f"{TEXT}    server b 127.0.0.1:3999\n")
    assert not judge(CHECK, SERVER, two, page(503), VISIT)
    assert judge(CHECK, SERVER, two, page(403), VISIT, masked=False)


def test_silent_where_the_application_fails_too_or_the_page_is_well() -> None:
    assert not judge(CHECK, SERVER, DENIED, page(503), replace(VISIT, status=503))
    assert not judge(CHECK, SERVER, DENIED, page(200), VISIT)
    assert not judge(CHECK, SERVER, DENIED, page(None), VISIT)


def test_silent_where_the_rule_itself_is_known() -> None:
    rule = AnsweringRule("/", 403, "Require all denied")
    config = replace(apache_config(HTTPS), rules=(rule,))
    visit = replace(VISIT, target="http://127.0.0.1:3000/")
    assert judge(CHECK, APACHE, apache_config(HTTPS), page(403), visit)
    assert not judge(CHECK, APACHE, config, page(403), visit)


def test_names_a_header_that_is_too_large() -> None:
    large = replace(VISIT, head_bytes=20_100)
    (claim,) = judge(CHECK, SERVER, DENIED, page(502), large, masked=False)
    assert claim.facts["large_head"] == "20 kB"
    (claim,) = judge(CHECK, SERVER, DENIED, page(403), large, masked=False)
    assert claim.facts["large_head"] == ""


def test_one_line_that_passes_both_on_is_one_cause() -> None:
    target = replace(SHOP, websockets=("/ws",))
    url = "wss://shop.example.com/ws"
    refused = Upgrade(url=url, path="/ws", address="203.0.113.10", port=443, status=503)
    opened = replace(VISIT, requested="/ws", path="/ws", websocket=True, status=101, accepted=True)
    evidence = (SERVER, DENIED, page(503), VISIT, opened)
    (claim,) = judge(CHECK, *evidence, refused, target=target, masked=False)
    assert [subject.path for subject in claim.covers] == ["/", "/ws"]
    other = replace(refused, status=404)
    assert len(judge(CHECK, *evidence, other, target=target, masked=False)) == 2


CHAT = replace(SHOP, websockets=("/ws",))
REFUSED = Upgrade(
    url="wss://shop.example.com/ws", path="/ws", address="203.0.113.10", port=443, status=403
)
OPENS = replace(VISIT, requested="/ws", path="/ws", websocket=True, status=101, accepted=True)


def haproxy_with(*rules: str) -> WebServerConfig:
    lines = "".join(f"    {rule}\n" for rule in rules)
    return config(TEXT.replace("    option httpchk GET /healthz\n", lines))


def test_names_the_only_line_that_changes_a_field_of_the_handshake() -> None:
    text = haproxy_with(
        "http-request set-header X-Forwarded-Proto https",
        "http-request set-header Origin http://127.0.0.1:3000",
    )
    (claim,) = judge(CHECK, SERVER, text, REFUSED, OPENS, target=CHAT, masked=False)
    assert (claim.facts["field"], claim.facts["line_place"]) == (
        "Origin",
        "/etc/haproxy/haproxy.cfg:10",
    )
    assert claim.ruled_out == ("websocket.origin-refused",)
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "+    # http-request set-header Origin http://127.0.0.1:3000\n" in edit.diff


def test_names_no_line_where_a_condition_or_another_line_may_decide() -> None:
    for rules in (
        ["http-request set-header Origin http://a if { src 10.0.0.0/8 }"],
        ["http-request set-header Origin http://a", "http-request set-header User-Agent x"],
        ["http-request del-header X-Powered-By", "http-request set-header Host a"],
    ):
        text = haproxy_with(*rules)
        (claim,) = judge(CHECK, SERVER, text, REFUSED, OPENS, target=CHAT, masked=False)
        assert claim.facts["field"] == ""
        assert not claim.ruled_out


def test_names_the_line_of_apache_that_changes_a_field() -> None:
    for line, field in (
        ("RequestHeader set Origin http://a", "Origin"),
        ("RequestHeader edit Referer a b\n    RequestHeader edit Origin a b", "Origin"),
        ("RequestHeader unset Origin env=NEVER", ""),
        ("RequestHeader unset Cookie", ""),
    ):
        own = HTTPS.replace("    ProxyPass /ws", f"    {line}\n    ProxyPass /ws")
        visit = replace(OPENS, target="ws://127.0.0.1:3000/ws")
        (claim,) = judge(
            CHECK, APACHE, apache_config(own), REFUSED, visit, target=CHAT, masked=False
        )
        assert claim.facts["field"] == field


def test_a_replaced_origin_is_named_where_it_is_refused_too() -> None:
    text = haproxy_with("http-request set-header Origin http://127.0.0.1:3000")
    accepted = replace(REFUSED, variant="no-origin", status=101, accepted=True)
    seen = (SERVER, text, REFUSED, accepted)
    (claim,) = judge(ORIGIN, *seen, OPENS, target=CHAT, masked=False)
    assert claim.facts["changed_place"] == "/etc/haproxy/haproxy.cfg:9"
    assert claim.fix
    assert isinstance(claim.fix.steps[0], Edit)
    closed = replace(OPENS, accepted=False, status=403)
    (claim,) = judge(ORIGIN, *seen, closed, target=CHAT, masked=False)
    assert claim.facts["changed_place"] == ""


def test_fires_and_blames_no_field_that_the_direct_request_has_too() -> None:
    lines = '    RequestHeader set X-Forwarded-Proto "https"\n    Header set X-Site a\n'
    text = HTTPS.replace("    ProxyPass / ", f"{lines}    ProxyPass / ")
    visit = replace(VISIT, target="http://127.0.0.1:3000/")
    (claim,) = judge(CHECK, APACHE, apache_config(text), page(503), visit, masked=False)
    assert "(Header" in str(claim.facts["rules"]).replace("'", "")
    assert "RequestHeader" not in str(claim.facts["rules"])
