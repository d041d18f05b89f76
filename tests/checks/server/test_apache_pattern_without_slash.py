from dataclasses import replace

from diagnose.model import Applicability, Edit
from diagnose.model.http import Upgrade
from tests.support.check_evidence import SHOP, judge
from tests.support.web_server_evidence import APACHE, HTTPS, apache_config

CHECK = "server.apache-pattern-without-slash"
RULES = """\
    RewriteEngine On
    RewriteCond %{HTTP:Upgrade} websocket [NC]
    RewriteRule ^ws/(.*) ws://127.0.0.1:3000/ws/$1 [P,L]
"""
SITE = HTTPS.replace("    ProxyPass /ws ws://127.0.0.1:3000/ws\n", RULES)
CHAT = replace(SHOP, websockets=("/ws/chat",))
REFUSED = Upgrade(
    url="wss://shop.example.com/ws/chat", path="/ws/chat", address="203.0.113.10", port=443,
    status=404,
)  # fmt: skip


def test_fires_and_writes_the_slash() -> None:
    (claim,) = judge(CHECK, APACHE, apache_config(SITE), REFUSED, target=CHAT, masked=False)
    assert (claim.facts["pattern"], claim.facts["meant"]) == ("^ws/(.*)", "^/ws/(.*)")
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "+    RewriteRule ^/ws/(.*) ws://127.0.0.1:3000/ws/$1 [P,L]\n" in edit.diff


def test_silent_where_the_rule_is_right_or_for_another_path() -> None:
    right = apache_config(SITE.replace("^ws/", "^/ws/"))
    assert not judge(CHECK, APACHE, right, REFUSED, target=CHAT)
    other = apache_config(SITE.replace("^ws/", "^socket/"))
    assert not judge(CHECK, APACHE, other, REFUSED, target=CHAT)
    off = apache_config(SITE.replace("    RewriteEngine On\n", ""))
    assert not judge(CHECK, APACHE, off, REFUSED, target=CHAT)


def test_silent_where_the_websocket_opens() -> None:
    opened = replace(REFUSED, accepted=True, status=101)
    assert not judge(CHECK, APACHE, apache_config(SITE), opened, target=CHAT)


def test_silent_in_a_folder() -> None:
    in_folder = SITE.replace(RULES, f"    <Directory /var/www/shop>\n{RULES}    </Directory>\n")
    assert not judge(CHECK, APACHE, apache_config(in_folder), REFUSED, target=CHAT)
