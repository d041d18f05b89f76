"""server.apache-redirect-shows-folder: when it fires, and when it is silent."""

from dataclasses import replace

import pytest

from diagnose.model import Applicability, Edit
from diagnose.model.web_servers import ServerFile, WebServerConfig
from tests.support.check_evidence import SHOP, judge
from tests.support.report_builder import ANSWER
from tests.support.web_server_evidence import APACHE, HTTPS, LISTENING, apache_config

CHECK = "server.apache-redirect-shows-folder"
OLD = replace(SHOP, path="/old")
URL = "https://shop.example.com/old"
LED = replace(
    ANSWER, url=URL, status=301,
    headers=(("Location", "https://shop.example.com/var/www/shop/new/"),),
)  # fmt: skip
RULES = "RewriteEngine On\nRewriteRule ^old$ new/ [R=301,L]\n"


def config(rules: str = RULES) -> WebServerConfig:
    site = (
        HTTPS[: HTTPS.index("    ProxyPass")] + "    DocumentRoot /var/www/shop\n</VirtualHost>\n"
    )
    own = apache_config(site)
    return replace(own, files=(*own.files, ServerFile("/var/www/shop/.htaccess", rules)))


def test_fires_and_writes_the_slash() -> None:
    (claim,) = judge(CHECK, APACHE, config(), LISTENING, LED, target=OLD, masked=False)
    assert claim.facts["place"] == "/var/www/shop/.htaccess:2"
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "+RewriteRule ^old$ /new/ [R=301,L]" in edit.diff


@pytest.mark.parametrize("rules", ["", RULES + "RewriteRule ^older$ new/ [R]\n"])
def test_fires_and_leaves_the_rule_to_a_person(rules: str) -> None:
    (claim,) = judge(CHECK, APACHE, config(rules), LISTENING, LED, target=OLD, masked=False)
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL


@pytest.mark.parametrize(
    "location", ["/new/", "https://elsewhere.example.org/var/www/shop/new/", "/var/www/other/"]
)
def test_silent_when_the_redirect_leads_to_a_path_of_the_site(location: str) -> None:
    led = replace(LED, headers=(("Location", location),))
    assert not judge(CHECK, APACHE, config(), LISTENING, led, target=OLD)
    assert not judge(CHECK, APACHE, config(), LISTENING, replace(LED, status=200), target=OLD)


def test_silent_when_the_folder_is_a_path_that_visitors_get() -> None:
    there = replace(
        ANSWER, url="https://shop.example.com/var/www/shop/new/", status=200, purpose="redirect"
    )
    assert not judge(CHECK, APACHE, config(""), LISTENING, LED, there, target=OLD)
