from dataclasses import replace

from diagnose.model import Edit
from tests.support.caddy_evidence import CADDY, INTERNAL_ERROR, caddy_config, document
from tests.support.check_evidence import SHOP, judge
from tests.support.report_builder import ANSWER
from tests.support.web_server_evidence import APACHE, apache_config

CHECK = "server.site-missing"
OTHER = caddy_config("www.example.org {\n}\n", document("www.example.org"))


def test_fires_when_no_site_has_the_name() -> None:
    (claim,) = judge(CHECK, CADDY, OTHER, INTERNAL_ERROR)
    assert claim.facts["names"] == ("www.example.org",)
    assert claim.facts["handshake"] is True


def test_fires_and_corrects_a_name_that_is_almost_the_same() -> None:
    mistyped = caddy_config("shop.exmaple.com {\n}\n", document("shop.exmaple.com"))
    (claim,) = judge(CHECK, CADDY, mistyped, INTERNAL_ERROR, masked=False)
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "+shop.example.com {" in edit.diff


def test_fires_and_adds_the_name_to_the_only_site() -> None:
    www = caddy_config("www.shop.example.com {\n}\n", document("www.shop.example.com", tls="acme"))
    (claim,) = judge(CHECK, CADDY, www, INTERNAL_ERROR, masked=False)
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "+www.shop.example.com, shop.example.com {" in edit.diff
    assert claim.facts["added"] == "www.shop.example.com"
    # Its certificate is not known, or the name is not its own with or without www.
    files = caddy_config("www.shop.example.com {\n}\n", document("www.shop.example.com"))
    other = caddy_config("blog.example.com {\n}\n", document("blog.example.com", tls="acme"))
    for config in (files, other):
        (claim,) = judge(CHECK, CADDY, config, INTERNAL_ERROR, masked=False)
        assert not claim.facts["added"]


def test_fires_when_the_page_is_empty() -> None:
    (claim,) = judge(CHECK, CADDY, OTHER, replace(ANSWER, body=""))
    assert claim.facts["handshake"] is False


def test_fires_when_the_address_is_opened() -> None:
    target = replace(SHOP, host="192.0.2.10")
    (claim,) = judge(CHECK, CADDY, caddy_config(), INTERNAL_ERROR, target=target)
    assert (claim.facts["address"], claim.facts["names"]) == (True, ("shop.example.com",))


def test_silent_when_a_site_has_the_address() -> None:
    own = caddy_config("192.0.2.10 {\n}\n", document("192.0.2.10"))
    target = replace(SHOP, host="192.0.2.10")
    assert not judge(CHECK, CADDY, own, INTERNAL_ERROR, target=target)


def test_silent_when_a_site_has_the_name() -> None:
    assert not judge(CHECK, CADDY, caddy_config(), INTERNAL_ERROR)
    wildcard = caddy_config("*.example.com {\n}\n", document("*.example.com"))
    assert not judge(CHECK, CADDY, wildcard, INTERNAL_ERROR)


def test_silent_without_a_symptom_and_for_other_servers() -> None:
    assert not judge(CHECK, CADDY, OTHER, replace(ANSWER, body="a page"))
    assert not judge(CHECK, CADDY, OTHER, replace(ANSWER, body="", method="HEAD"))
    assert not judge(CHECK, CADDY, OTHER, replace(INTERNAL_ERROR, alert=None))
    assert not judge(CHECK, APACHE, apache_config(), INTERNAL_ERROR)


def test_fires_with_the_file_that_is_not_read() -> None:
    beside = replace(
        OTHER.sites[0], names=("shop.example.com",), file="/etc/caddy/sites/shop.conf", line=1
    )
    (claim,) = judge(CHECK, CADDY, replace(OTHER, unread=(beside,)), INTERNAL_ERROR, masked=False)
    assert claim.facts["unread"] == "/etc/caddy/sites/shop.conf:1"
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "+import /etc/caddy/sites/shop.conf" in edit.diff
