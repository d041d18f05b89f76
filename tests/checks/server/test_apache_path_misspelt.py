from dataclasses import replace

import pytest

from diagnose.model import Applicability, Edit
from diagnose.model.http import Exchange, Upgrade
from diagnose.model.logs import FailedRequests
from diagnose.model.web_servers import ServerFile, SiteAlias
from tests.support.check_evidence import SHOP, judge
from tests.support.web_server_evidence import APACHE, HTTPS, apache_config

CHECK = "server.apache-path-misspelt"
CHAT = replace(SHOP, websockets=("/chat/ws",))
REFUSED = Upgrade(
    url="wss://shop.example.com/chat/ws", path="/chat/ws", address="203.0.113.10", port=443,
    status=404,
)  # fmt: skip
LOST = FailedRequests(
    file="/var/log/apache2/access.log", method="GET", path="/chat/ws", status=404,
    written="21/Jul/2026:12:00:00 +0000", is_from_page=True, server="apache",
)  # fmt: skip
LINE = "    ProxyPass /ws ws://127.0.0.1:3000/ws\n"


def _site(path: str) -> str:
    return HTTPS.replace(LINE, f"    ProxyPass {path} ws://127.0.0.1:3000/ws\n")


@pytest.mark.parametrize("path", ["/Chat/ws", "/chta/ws", "/CHAT"])
@pytest.mark.parametrize("shown", [REFUSED, LOST], ids=["handshake", "log"])
def test_fires_and_writes_the_path(path: str, shown: Upgrade | FailedRequests) -> None:
    config = apache_config(_site(path))
    (claim,) = judge(CHECK, APACHE, config, shown, target=CHAT, masked=False)
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    meant = "/chat" if path == "/CHAT" else "/chat/ws"
    assert f"+    ProxyPass {meant} ws://127.0.0.1:3000/ws\n" in edit.diff


@pytest.mark.parametrize("path", ["/chat/ws", "/chat", "/news", "/other/ws"])
def test_silent_where_it_is_taken_or_another_path(path: str) -> None:
    assert not judge(CHECK, APACHE, apache_config(_site(path)), REFUSED, target=CHAT)


def test_silent_where_the_websocket_opens() -> None:
    opened = replace(REFUSED, accepted=True, status=101)
    assert not judge(CHECK, APACHE, apache_config(_site("/Chat/ws")), opened, target=CHAT)


def test_an_exclusion_takes_no_path() -> None:
    excluded = _site("/Chat/ws").replace(LINE[:14], f"{LINE[:14]}/chat !\n{LINE[:14]}", 1)
    (claim,) = judge(CHECK, APACHE, apache_config(excluded), REFUSED, target=CHAT, masked=False)
    assert claim.facts["meant"] == "/chat/ws"


def test_fires_where_files_answer_with_their_page() -> None:
    page = Exchange(
        url="https://shop.example.com/api/items", address="203.0.113.10", port=443, status=200,
        body="<!doctype html><html><title>Shop</title></html>", purpose="target",
    )  # fmt: skip
    config = apache_config(_site("/apis/"))
    target = replace(SHOP, path="/api/items")
    (claim,) = judge(CHECK, APACHE, config, page, target=target, masked=False)
    assert claim.facts["meant"] == "/api/"
    data = replace(page, body='{"items":[]}')
    assert not judge(CHECK, APACHE, config, data, target=target)


@pytest.mark.parametrize(("prefix", "is_fault"), [("/Chat", True), ("/chats", False)])
def test_an_alias_of_the_main_server_is_compared_by_its_case(prefix: str, is_fault: bool) -> None:
    config = apache_config(_site("/news"))
    path = "/etc/apache2/conf-enabled/chat.conf"
    site = replace(config.sites[0], aliases=(SiteAlias(prefix, "/srv/chat", file=path, line=1),))
    file = ServerFile(path, f"Alias {prefix} /srv/chat\n")
    config = replace(config, sites=(site,), files=(*config.files, file))
    claims = judge(CHECK, APACHE, config, REFUSED, target=CHAT, masked=False)
    assert bool(claims) is is_fault
    if claims and claims[0].fix:
        edit = claims[0].fix.steps[0]
        assert isinstance(edit, Edit)
        assert "+Alias /chat /srv/chat" in edit.diff


@pytest.mark.parametrize(("inner", "count"), [("/jhub/", 1), ("/jhubs/", 0), ("/", 0)])
def test_a_plural_is_meant_only_where_the_application_has_the_path(inner: str, count: int) -> None:
    line = f"        ProxyPass http://127.0.0.1:8000{inner}\n"
    section = f'    <Location "/jhubs/">\n{line}    </Location>\n'
    site = HTTPS.replace(LINE, section).replace("    ProxyPass / http://127.0.0.1:3000/\n", "")
    page = Exchange(
        url="https://shop.example.com/jhub/", address="203.0.113.10", port=443, status=404
    )
    target = replace(SHOP, path="/jhub/")
    claims = judge(CHECK, APACHE, apache_config(site), page, target=target, masked=False)
    assert len(claims) == count
    for claim in claims:
        assert claim.fix
        assert '+    <Location "/jhub/">' in claim.fix.edits[0].diff
