"""server.forces-https: the application redirects to https whatever it is told."""

from dataclasses import replace

from diagnose.model import Claim, Manual, Observation, Where
from diagnose.model.backends import BackendAnswer
from diagnose.model.web_servers import SiteSocket, WebSite
from tests.support.check_evidence import SHOP, judge
from tests.support.report_builder import ANSWER
from tests.support.web_server_evidence import APACHE, apache_config

CHECK = "server.forces-https"
LOOP = replace(ANSWER, status=301, headers=(("Location", SHOP.url),))
SECURE = BackendAnswer(
    target="http://127.0.0.1:3000/", path="/", host="shop.example.com", proto="https",
    status=301, location=SHOP.url,
)  # fmt: skip
PLAIN = replace(SECURE, proto="")


def claims(*observations: Observation) -> list[Claim]:
    return judge(CHECK, APACHE, apache_config(), *observations)


def test_fires_where_it_redirects_with_and_without_the_field() -> None:
    (claim,) = claims(LOOP, SECURE, PLAIN)
    assert claim.facts["application"] == "127.0.0.1:3000"


def test_names_the_file_of_wordpress_behind_the_server_in_front() -> None:
    site = WebSite(sockets=(SiteSocket(3000),), root="/var/www/wp", file="/etc/wp.conf", line=2)
    own = apache_config()
    config = replace(own, sites=(*own.sites, site))
    loop = replace(LOOP, headers=(*LOOP.headers, ("X-Redirect-By", "WordPress")))
    (claim,) = judge(CHECK, APACHE, config, loop, SECURE, PLAIN)
    assert claim.facts["wordpress_config"] == "/var/www/wp/wp-config.php"
    assert claim.facts["inner_place"] == "/etc/wp.conf:2"
    assert claim.fix
    (step,) = claim.fix.steps
    assert isinstance(step, Manual)
    assert step.step == "tell-wordpress"
    (other,) = judge(CHECK, APACHE, config, LOOP, SECURE, PLAIN)
    assert other.fix
    assert other.fix.steps == (Manual("choose", Where.APPLICATION),)


def test_silent_where_the_field_decides() -> None:
    assert not claims(LOOP, replace(SECURE, status=200, location=""), PLAIN)


def test_silent_where_it_was_not_told() -> None:
    assert not claims(LOOP, PLAIN)


def test_silent_where_it_redirects_elsewhere() -> None:
    assert not claims(LOOP, replace(SECURE, location="https://shop.example.com/a"), PLAIN)


def test_silent_where_a_cookie_is_awaited() -> None:
    cookie = replace(LOOP, headers=(*LOOP.headers, ("Set-Cookie", "a=b")))
    assert not claims(cookie, SECURE, PLAIN)
