from dataclasses import replace

from diagnose.model import Edit
from tests.support.caddy_evidence import CADDY, caddy_config, document
from tests.support.check_evidence import SHOP, judge
from tests.support.report_builder import ANSWER

CHECK = "server.caddy-prefix-twice"
SITE = """\
shop.example.com {
	handle_path /build/* {
		uri strip_prefix /build
		root * /srv/build
		file_server /* browse
	}
}
"""
TARGET = replace(SHOP, path="/build/build.json")
EMPTY = replace(
    ANSWER,
    url="https://shop.example.com/build/build.json",
    status=200,
    body="",
    headers=(("Content-Length", "0"),),
)


def test_fires_and_deletes_the_second_line() -> None:
    config = caddy_config(SITE, document("shop.example.com"))
    (claim,) = judge(CHECK, CADDY, config, EMPTY, target=TARGET)
    assert claim.facts["asked"] == ".json"
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "-\t\turi strip_prefix /build\n" in edit.diff
    assert judge(CHECK, CADDY, config, replace(EMPTY, status=404), target=TARGET)


def test_silent_where_it_is_taken_off_once_or_the_path_has_it_once() -> None:
    made = document("shop.example.com")
    once = caddy_config(SITE.replace("handle_path", "handle"), made)
    assert not judge(CHECK, CADDY, once, EMPTY, target=TARGET)
    other = caddy_config(SITE.replace("strip_prefix /build", "strip_prefix /app"), made)
    assert not judge(CHECK, CADDY, other, EMPTY, target=TARGET)
    config = caddy_config(SITE, made)
    app = replace(SHOP, path="/build/app.json")
    missing = replace(EMPTY, url="https://shop.example.com/build/app.json", status=404)
    assert not judge(CHECK, CADDY, config, missing, target=app)
    # A picture's bytes are not kept.
    picture = replace(EMPTY, headers=(("Content-Length", "9"),))
    assert not judge(CHECK, CADDY, config, picture, target=TARGET)
