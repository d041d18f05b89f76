import re
from dataclasses import replace

import pytest

from diagnose.model import Applicability, Confidence
from diagnose.model.http import Exchange
from tests.support.check_evidence import CHAT, judge
from tests.support.web_server_evidence import APACHE, HTTPS, apache_config
from tests.support.websocket_evidence import upgrade

CHECK = "server.apache-rewrite-engine-off"
RULES = (
    "    RewriteCond %{HTTP:Upgrade} websocket [NC]\n"
    f"    RewriteRule ^{re.escape(CHAT.websockets[0])}$ ws://127.0.0.1:3000/ws [P,L]\n"
)
SITE = HTTPS.replace("    ProxyPass /ws ws://127.0.0.1:3000/ws\n", RULES)
REFUSED = replace(upgrade(400), path=CHAT.websockets[0])


def test_fires_where_a_rule_would_have_passed_the_websocket_on() -> None:
    (claim,) = judge(CHECK, APACHE, apache_config(SITE), REFUSED, target=CHAT, masked=False)
    assert claim.confidence is Confidence.CERTAIN
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    assert "+    RewriteEngine On\n     RewriteCond" in claim.fix.edits[0].diff


def test_fires_with_care_where_a_page_is_missing() -> None:
    site = re.sub(r"    ProxyPass.*\n", "", HTTPS).replace(
        "</VirtualHost>", "    RewriteRule ^/$ /app/ [R,L]\n</VirtualHost>"
    )
    page = Exchange(url="https://shop.example.com/", address="203.0.113.10", port=443, status=404)
    (claim,) = judge(CHECK, APACHE, apache_config(site), page)
    assert claim.confidence is Confidence.LIKELY


@pytest.mark.parametrize(
    "site",
    [
        pytest.param(SITE.replace(RULES, f"    RewriteEngine On\n{RULES}"), id="on"),
        pytest.param(SITE.replace(RULES, f"    RewriteEngine off\n{RULES}"), id="off on purpose"),
        pytest.param(f"RewriteEngine On\n{SITE}", id="on for all"),
        pytest.param(SITE.replace(CHAT.websockets[0], "/other"), id="another path"),
        pytest.param(SITE.replace("[P,L]", "[R,L]"), id="no proxy"),
    ],
)
def test_silent_where_the_engine_is_not_the_reason(site: str) -> None:
    assert not judge(CHECK, APACHE, apache_config(site), REFUSED, target=CHAT)


def test_silent_where_the_websocket_opens() -> None:
    opened = replace(REFUSED, accepted=True, status=101)
    assert not judge(CHECK, APACHE, apache_config(SITE), opened, target=CHAT)


def test_silent_without_the_module() -> None:
    config = apache_config(SITE, modules=("ssl", "proxy"))
    assert not judge(CHECK, APACHE, config, REFUSED, target=CHAT)
