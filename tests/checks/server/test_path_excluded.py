"""server.path-excluded: when it fires, and when it is silent."""

from dataclasses import replace

from diagnose.model import Applicability, Edit
from diagnose.model.http import Exchange
from tests.support.check_evidence import CHAT, SHOP, judge
from tests.support.web_server_evidence import APACHE, HTTPS, LISTENING, apache_config
from tests.support.websocket_evidence import upgrade

CHECK = "server.path-excluded"
EXCLUDED = HTTPS.replace("ProxyPass /ws ws://127.0.0.1:3000/ws", "ProxyPass /ws !")


def test_fires_and_passes_the_path_on() -> None:
    config = apache_config(EXCLUDED)
    (claim,) = judge(CHECK, APACHE, config, LISTENING, upgrade(404), target=CHAT)
    assert claim.facts["prefix"] == "/ws"
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    assert isinstance(claim.fix.steps[0], Edit)
    assert "+    ProxyPass /ws ws://127.0.0.1:3000/ws\n" in claim.fix.steps[0].diff


def test_silent_where_it_is_passed_on_or_works() -> None:
    assert not judge(CHECK, APACHE, apache_config(), LISTENING, upgrade(404), target=CHAT)
    accepted = upgrade(101, accepted=True, fault="")
    assert not judge(CHECK, APACHE, apache_config(EXCLUDED), LISTENING, accepted, target=CHAT)
    other = EXCLUDED.replace("/ws !", "/static !")
    assert not judge(CHECK, APACHE, apache_config(other), LISTENING, upgrade(404), target=CHAT)


def test_fires_for_a_page_that_apache_has_no_file_for() -> None:
    excluded = HTTPS.replace("    ProxyPass / ", "    ProxyPass /shop !\n    ProxyPass / ")
    page = Exchange(
        url="https://shop.example.com/shop", address="203.0.113.10", port=443, status=404
    )
    target = replace(SHOP, path="/shop")
    (claim,) = judge(CHECK, APACHE, apache_config(excluded), LISTENING, page, target=target)
    assert claim.facts["page"] is True
    assert claim.fix
    assert isinstance(claim.fix.steps[0], Edit)
    assert "-    ProxyPass /shop !\n" in claim.fix.steps[0].diff
    passed = apache_config(excluded.replace("    ProxyPass /shop !\n", ""))
    assert not judge(CHECK, APACHE, passed, LISTENING, page, target=target)
    alias = excluded.replace(
        "    ProxyPass /shop", "    Alias /shop /srv/shop\n    ProxyPass /shop"
    )
    assert not judge(CHECK, APACHE, apache_config(alias), LISTENING, page, target=target)
