"""nginx.map-default-taken: when it fires, and when it is silent."""

from dataclasses import replace

from diagnose.model import Applicability, Claim, Edit, Target
from diagnose.model.symptom import Symptom
from tests.support.check_evidence import SHOP, judge
from tests.support.nginx_evidence import RUNNING, config
from tests.support.page_errors import page

CHECK = "nginx.map-default-taken"
SITE = (
    "server {\n listen 443 ssl;\n server_name shop.example.com;\n"
    " location / { proxy_pass http://$backend; }\n}\n"
)
MAP = "map $host $backend {\n default 127.0.0.1:4000;\n NAME 127.0.0.1:3000;\n}\n"
TWIN = MAP.replace("NAME", "www.shop.example.com")
TOLD = replace(SHOP, symptom=Symptom("wrong-site", "shows the blog instead of the shop"))


def claims(table: str, status: int = 404, target: Target = SHOP) -> list[Claim]:
    # A masked name is near no other one.
    return judge(CHECK, RUNNING, config(table + SITE), page(status), target=target, masked=False)


def test_fires_and_a_map_with_almost_the_name_gets_a_line_for_it() -> None:
    (claim,) = claims(TWIN)
    assert (claim.facts["near"], claim.facts["value"]) == ("www.shop.example.com", "127.0.0.1:4000")
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "+ shop.example.com 127.0.0.1:3000;" in edit.diff


def test_words_about_another_site_are_enough_for_another_name() -> None:
    other = MAP.replace("NAME", "blog.example.org")
    (claim,) = claims(other, 200, TOLD)
    assert claim.facts["line"] == "shop.example.com 127.0.0.1:3000;"
    assert not claims(other)
    two = other.replace("}", " wiki.example.org 127.0.0.1:5000;\n}")
    (claim,) = claims(two, 200, TOLD)
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL


def test_silent_where_the_map_has_the_name_or_the_page_comes() -> None:
    assert not claims(MAP.replace("NAME", "shop.example.com"))
    assert not claims(TWIN, 200)
    assert not claims(MAP.replace("NAME", "~^shop"))
    wildcard = MAP.replace("NAME", ".example.com").replace("{", "{\n hostnames;", 1)
    assert not claims(wildcard, 200, TOLD)
    assert not claims(TWIN.replace("$host", "$http_upgrade"))
    # The first name of the block, and not the visitor's.
    assert not claims(TWIN.replace("$host", "$server_name"))
    assert not claims(TWIN.replace("default 127.0.0.1:4000", "default 127.0.0.1:3000"))
