from dataclasses import replace

from diagnose.model import Confidence
from diagnose.model.logs import FailedRequests
from tests.support.caddy_evidence import CADDY, caddy_config
from tests.support.caddy_evidence import SITE as CADDYFILE
from tests.support.check_evidence import judge
from tests.support.haproxy_evidence import SERVER as HAPROXY
from tests.support.haproxy_evidence import config as haproxy_config
from tests.support.web_server_evidence import APACHE, HTTPS, SITE, apache_config

CHECK = "server.token-refused"
FAILED = FailedRequests(
    server="apache", file="/var/log/apache2/access.log", method="GET", path="/api/me", status=401,
    is_from_page=True, lost_user=True, written="[28/Nov/2026:18:01:00 +0000]",
)  # fmt: skip
ASKS = """\
    <Location "/">
        AuthType Basic
        AuthUserFile /etc/apache2/htpasswd
        Require valid-user
    </Location>
"""
BLOCK = "\tbasic_auth {\n\t\tanna $2a$14$x\n\t}\n"


def apache(lines: str, failure: FailedRequests = FAILED) -> list[str]:
    config = apache_config(HTTPS.replace("</VirtualHost>", f"{lines}</VirtualHost>", 1))
    return [str(claim.facts["place"]) for claim in judge(CHECK, APACHE, config, failure)]


def caddy(block: str) -> list[str]:
    config = caddy_config(CADDYFILE.replace("\treverse", f"{block}\treverse"))
    failure = replace(FAILED, server="caddy", method="POST")
    return [str(claim.facts["line"]) for claim in judge(CHECK, CADDY, config, failure)]


def test_fires_where_apache_asks() -> None:
    (place,) = apache(ASKS)
    assert place.startswith(SITE)
    folder = "    <Directory /var/www/html>\n        Require all granted\n    </Directory>\n"
    assert apache(folder + ASKS)
    config = apache_config(HTTPS.replace("</VirtualHost>", f"{ASKS}</VirtualHost>", 1))
    (claim,) = judge(CHECK, APACHE, config, FAILED, replace(FAILED, path="/api/cart"))
    assert claim.confidence is Confidence.LIKELY
    assert claim.facts["others"] == ("GET /api/cart",)


def test_fires_where_caddy_asks() -> None:
    assert caddy(BLOCK) == ["basic_auth"]
    assert caddy(BLOCK.replace("auth {", "auth /api/* {")) == ["basic_auth /api/*"]


def test_silent_for_a_second_realm_and_a_page_that_a_visitor_opens() -> None:
    assert not apache(ASKS, replace(FAILED, path="/boss/"))
    boss = ASKS.replace('"/"', '"/api/"').replace(
        "        Auth", "        AuthName Boss\n        Auth", 1
    )
    staff = ASKS.replace("        Auth", '        AuthName "Staff"\n        Auth', 1)
    assert apache(staff)
    assert not apache(staff + boss)


def test_silent_where_nobody_is_asked_or_the_password_was_there() -> None:
    assert not apache("")
    assert not apache(ASKS, replace(FAILED, lost_user=False))
    assert not apache(ASKS, replace(FAILED, status=403))
    assert not apache(ASKS.replace('"/"', '"/staff"'))
    assert not apache(ASKS.replace("valid-user", "valid-user\n        Satisfy any"))
    assert not apache(ASKS.replace("Require valid-user", "Require ip 192.0.2.0/24"))
    any_of = "<RequireAny>\n        Require valid-user\n        </RequireAny>"
    assert not apache(ASKS.replace("Require valid-user", any_of))
    assert not caddy(BLOCK.replace("auth {", "auth /staff/* {"))
    assert not caddy(f"\thandle /a/* {{\n{BLOCK}\t}}\n")
    assert not judge(CHECK, HAPROXY, haproxy_config(), replace(FAILED, server="haproxy"))
