from dataclasses import replace

from diagnose.model import Applicability, Edit
from diagnose.model.http import Upgrade
from tests.support.check_evidence import SHOP, judge
from tests.support.web_server_evidence import APACHE, HTTPS, apache_config

CHECK = "server.apache-variable-unmarked"
RULES = """\
    RewriteEngine On
    RewriteCond %{HTTP:Upgrade} websocket [NC]
    RewriteRule .* ws://127.0.0.1:3000/{REQUEST_URI} [P,L]
"""
SITE = HTTPS.replace("    ProxyPass /ws ws://127.0.0.1:3000/ws\n", RULES)
CHAT = replace(SHOP, websockets=("/ws",))
REFUSED = Upgrade(
    url="wss://shop.example.com/ws", path="/ws", address="203.0.113.10", port=443, status=404
)


def test_fires_and_writes_the_mark() -> None:
    (claim,) = judge(CHECK, APACHE, apache_config(SITE), REFUSED, target=CHAT, masked=False)
    assert claim.facts["variable"] == "{REQUEST_URI}"
    assert claim.fix
    assert claim.fix.applicability is Applicability.AUTOMATIC
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "+    RewriteRule .* ws://127.0.0.1:3000%{REQUEST_URI} [P,L]\n" in edit.diff


LOOKED_UP = HTTPS.replace(
    "    ProxyPass /ws ws://127.0.0.1:3000/ws\n",
    "    RewriteEngine On\n    RewriteCond ${HTTP:Upgrade} websocket [NC]\n"
    "    RewriteCond ${HTTP:Connection} upgrade [NC]\n"
    '    RewriteRule ^/?(.*) "ws://127.0.0.1:3000/$1" [P,L]\n',
)


def test_fires_for_conditions_that_look_up_a_map() -> None:
    config = apache_config(LOOKED_UP)
    (claim,) = judge(CHECK, APACHE, config, REFUSED, target=CHAT, masked=False)
    assert (claim.facts["variable"], claim.facts["marked"]) == (
        "${HTTP:Upgrade}", "%{HTTP:Upgrade}",
    )  # fmt: skip
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "+    RewriteCond %{HTTP:Upgrade} websocket [NC]\n" in edit.diff
    assert "+    RewriteCond %{HTTP:Connection} upgrade [NC]\n" in edit.diff


def test_silent_where_the_conditions_are_marked_or_of_another_rule() -> None:
    marked = apache_config(LOOKED_UP.replace("${", "%{"))
    assert not judge(CHECK, APACHE, marked, REFUSED, target=CHAT)
    plain = apache_config(LOOKED_UP.replace('"ws:', '"http:'))
    assert not judge(CHECK, APACHE, plain, REFUSED, target=CHAT)
    opened = replace(REFUSED, accepted=True, status=101)
    assert not judge(CHECK, APACHE, apache_config(LOOKED_UP), opened, target=CHAT)


def test_silent_where_the_mark_is_there_or_the_websocket_opens() -> None:
    marked = apache_config(SITE.replace("/{REQ", "%{REQ"))
    assert not judge(CHECK, APACHE, marked, REFUSED, target=CHAT)
    opened = replace(REFUSED, accepted=True, status=101)
    assert not judge(CHECK, APACHE, apache_config(SITE), opened, target=CHAT)
    other = replace(APACHE, ports=(8080,))
    assert not judge(CHECK, other, apache_config(SITE), REFUSED, target=CHAT)


SECTION = """\
    <Location />
        ProxyPass http://127.0.0.1:3000/
        RewriteEngine on
        RewriteCond %{HTTP:UPGRADE} ^WebSocket$ [NC]
        RewriteCond %{HTTP:CONNECTION} ^Upgrade$ [NC]
        RewriteRule .* ws://127.0.0.1:3000/{REQUEST_URI} [P]
    </Location>
"""
IN_SECTION = HTTPS.replace("    ProxyPass /ws ws://127.0.0.1:3000/ws\n", SECTION)


def test_fires_for_a_rule_in_a_location_of_every_path() -> None:
    config = apache_config(IN_SECTION)
    (claim,) = judge(CHECK, APACHE, config, REFUSED, target=CHAT, masked=False)
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "+        RewriteRule .* ws://127.0.0.1:3000%{REQUEST_URI} [P]\n" in edit.diff
    assert not judge("server.websocket-not-passed", APACHE, config, REFUSED, target=CHAT)


def test_silent_in_a_location_where_the_mark_is_there_or_the_rule_is_for_other_paths() -> None:
    marked = apache_config(IN_SECTION.replace("/{REQ", "%{REQ"))
    assert not judge(CHECK, APACHE, marked, REFUSED, target=CHAT)
    narrow = apache_config(IN_SECTION.replace("RewriteRule .*", "RewriteRule ^/chat"))
    assert not judge(CHECK, APACHE, narrow, REFUSED, target=CHAT)


def test_fires_and_covers_the_path_without_its_query() -> None:
    target = replace(SHOP, websockets=("/ws?room=1",))
    refused = replace(REFUSED, path="/ws?room=1", url=f"{REFUSED.url}?room=1")
    (claim,) = judge(CHECK, APACHE, apache_config(SITE), refused, target=target)
    assert {"/ws", "/ws?room=1"} <= {subject.path for subject in claim.covers}


NAMED = HTTPS.replace(
    "    ProxyPass /ws ws://127.0.0.1:3000/ws\n",
    "    RewriteEngine on\n"
    "    RewriteCond %{HTTP_UPGRADE} websocket [NC]\n"
    "    RewriteCond %{HTTP:Connection} upgrade [NC]\n"
    "    RewriteRule /(.*) ws://127.0.0.1:3000/$1 [P,L]\n",
)


def test_fires_for_a_field_that_has_no_variable_of_its_own() -> None:
    (claim,) = judge(CHECK, APACHE, apache_config(NAMED), REFUSED, target=CHAT, masked=False)
    assert claim.facts["unknown"]
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "+    RewriteCond %{HTTP:Upgrade} websocket [NC]\n" in edit.diff
    right = NAMED.replace("HTTP_UPGRADE", "HTTP:Upgrade")
    assert not judge(CHECK, APACHE, apache_config(right), REFUSED, target=CHAT)
