from dataclasses import replace

from diagnose.model import Applicability, Edit
from diagnose.model.nginx import ConfigFile, NginxConfig
from diagnose.parsers.nginx.config import parse
from tests.support.check_evidence import judge
from tests.support.nginx_evidence import BUILD, FILE, HOST, SITE, STOPPED, config, nginx_says

CHECK = "nginx.duplicate-default-server"
DEFAULT = SITE.replace("443 ssl", "443 ssl default_server")
SECOND = f"{FILE}:{3 + SITE.count(chr(10))}"


def test_fires_and_takes_the_word_from_the_second() -> None:
    said = f"a duplicate default server for 0.0.0.0:443 in {SECOND}"
    (claim,) = judge(CHECK, nginx_says(said), config(DEFAULT * 2), STOPPED, BUILD, HOST)
    assert claim.facts["first"] == f"{FILE}:3"
    assert claim.facts["place"] == SECOND
    assert claim.fix
    assert claim.fix.applicability is Applicability.AUTOMATIC
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert edit.diff.count("\n+    listen 443 ssl;\n") == 1


def test_silent_when_there_is_one() -> None:
    assert not judge(CHECK, nginx_says(), config(DEFAULT + SITE))


def test_fires_and_lets_the_site_of_a_package_give_way() -> None:
    shipped, own = "/etc/nginx/sites-enabled/default", "/etc/nginx/sites-enabled/shop"
    inner = parse(DEFAULT, shipped) + parse(DEFAULT, own)
    (http,) = parse("http { }", FILE)
    files = tuple(ConfigFile(path, DEFAULT) for path in (shipped, own))
    observation = NginxConfig(path=FILE, main=(replace(http, block=inner),), files=files)
    said = f"a duplicate default server for 0.0.0.0:443 in {own}:2"
    (claim,) = judge(CHECK, nginx_says(said), observation, STOPPED, BUILD, HOST)
    edit = claim.fix.steps[0] if claim.fix else None
    assert isinstance(edit, Edit)
    assert edit.path == shipped
