"""upstream.forces-https: the application redirects to https whatever it is told."""

from dataclasses import replace

from diagnose.model import Claim, Edit, Manual, Observation
from diagnose.model.http import Exchange
from diagnose.model.requests import ComparedRequest
from diagnose.model.server import Listener, Listeners
from tests.support.check_evidence import SHOP, judge
from tests.support.nginx_evidence import BUILD, RUNNING, SITE, config
from tests.support.upstream_evidence import asked, compared, page

CHECK = "upstream.forces-https"
HOST = "        proxy_set_header Host $host;\n"
TOLD = SITE.replace(HOST, f"{HOST}        proxy_set_header X-Forwarded-Proto $scheme;\n")
AS_NGINX = compared(301, location=SHOP.url)
LOOP = replace(page(301), headers=(("Location", SHOP.url),))


def claims(
    *observations: Observation,
    text: str = TOLD,
    answer: Exchange = LOOP,
    own: ComparedRequest = AS_NGINX,
) -> list[Claim]:
    return judge(CHECK, config(text), BUILD, RUNNING, answer, own, *observations)


def test_fires_where_it_is_told_and_redirects_all_the_same() -> None:
    other_name = replace(asked(301, "visitor", "shop.example.com"))
    (claim,) = claims(compared(301, "version", location=SHOP.url), other_name)
    assert claim.facts["application"] == "127.0.0.1:3000"
    assert claim.facts["ports"] == ()


def test_fires_where_the_field_was_tried_in_vain() -> None:
    tried = compared(301, "field", "X-Forwarded-Proto", "added", value="https", location=SHOP.url)
    (claim,) = claims(tried, text=SITE)
    assert not claim.facts["told"]
    assert claim.fix
    edit, *_, own = claim.fix.steps
    assert isinstance(edit, Edit)
    assert "+        proxy_set_header X-Forwarded-Proto $scheme;\n" in edit.diff
    assert isinstance(own, Manual)


def test_names_the_programs_other_ports() -> None:
    own = Listener(address="127.0.0.1", port=3000, family=4, pid=7, process="code")
    other = Listener(address="127.0.0.1", port=3443, family=4, pid=7, process="code")
    foreign = Listener(address="127.0.0.1", port=22, family=4, pid=8, process="sshd")
    (claim,) = claims(Listeners(sockets=(own, other, foreign)))
    assert claim.facts["ports"] == ("3443",)
    assert claim.facts["one_port"] is False


def test_names_no_https_port_where_the_program_has_one_port() -> None:
    own = Listener(address="127.0.0.1", port=3000, family=4, pid=7, process="gunicorn")
    (claim,) = claims(Listeners(sockets=(own,)))
    assert claim.facts["one_port"] is True
    (claim,) = claims()
    assert claim.facts["one_port"] is False, "the program is not known"


def test_silent_where_it_was_not_told() -> None:
    assert not claims(text=SITE)


def test_silent_where_a_change_helps() -> None:
    assert not claims(compared(200, "field", "X-Forwarded-Proto", "replaced", value="https"))
    assert not claims(asked(200, "visitor", "shop.example.com"))


def test_silent_where_a_cookie_is_awaited() -> None:
    fields = (*LOOP.headers, ("Set-Cookie", "a=b"))
    assert not claims(answer=replace(LOOP, headers=fields))


def test_silent_where_nginx_itself_redirects() -> None:
    assert not claims(own=compared(200))


def test_silent_where_the_redirect_leads_on() -> None:
    assert not claims(answer=replace(LOOP, headers=(("Location", "https://shop.example.com/a"),)))


def test_tells_wordpress_what_to_write() -> None:
    loop = replace(LOOP, headers=(*LOOP.headers, ("X-Redirect-By", "WordPress")))
    (claim,) = claims(replace(asked(301, "visitor", "shop.example.com")), answer=loop)
    assert claim.fix
    (step,) = claim.fix.steps
    assert isinstance(step, Manual)
    assert step.step == "tell-wordpress"
    assert claim.facts["wordpress_config"] == "wp-config.php"
