from dataclasses import replace

import pytest

from diagnose.model import Applicability, Edit
from diagnose.model.http import Upgrade
from tests.support.check_evidence import SHOP, judge
from tests.support.web_server_evidence import APACHE, HTTPS, apache_config

CHECK = "websocket.connection-compared"
RULES = """\
    RewriteEngine On
    RewriteCond %{HTTP:Upgrade} websocket [NC]
    RewriteCond %{HTTP:Connection} ^Upgrade$ [NC]
    RewriteRule /(.*) ws://127.0.0.1:3000/$1 [P,L]
"""
SITE = HTTPS.replace("    ProxyPass /ws ws://127.0.0.1:3000/ws\n", RULES)
CHAT = replace(SHOP, websockets=("/ws",))
OPENED = Upgrade(
    url="wss://shop.example.com/ws", path="/ws", address="203.0.113.10", port=443, status=101,
    accepted=True,
)  # fmt: skip
REFUSED = replace(OPENED, variant="two-options", status=400, accepted=False, fault="status")
AGAIN = replace(OPENED, variant="again")


def test_fires_and_compares_a_part_of_the_field() -> None:
    seen = (APACHE, apache_config(SITE), OPENED, REFUSED, AGAIN)
    (claim,) = judge(CHECK, *seen, target=CHAT, masked=False)
    assert claim.fix
    assert claim.fix.applicability is Applicability.AUTOMATIC
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "+    RewriteCond %{HTTP:Connection} Upgrade [NC]\n" in edit.diff


@pytest.mark.parametrize(
    "seen",
    [
        (OPENED, replace(REFUSED, accepted=True, status=101, fault="")),
        (OPENED, REFUSED),
        (OPENED, REFUSED, replace(AGAIN, accepted=False)),
        (REFUSED, AGAIN),
    ],
    ids=["accepted", "without a control", "it fails at times", "the visit failed"],
)
def test_silent_without_proof(seen: tuple[Upgrade, ...]) -> None:
    assert not judge(CHECK, APACHE, apache_config(SITE), *seen, target=CHAT)


def test_silent_without_such_a_condition() -> None:
    config = apache_config(SITE.replace("^Upgrade$", "upgrade"))
    assert not judge(CHECK, APACHE, config, OPENED, REFUSED, AGAIN, target=CHAT)
