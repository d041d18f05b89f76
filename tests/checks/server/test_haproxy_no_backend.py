from dataclasses import replace

import pytest

from diagnose.model import Applicability, Edit
from tests.support.check_evidence import SHOP, judge
from tests.support.haproxy_evidence import SERVER, TEXT, config, page

CHECK = "server.haproxy-no-backend"
RULE = "    acl www hdr(host) -i www.shop.example.com\n    use_backend app if www\n"
OTHER = TEXT.replace("    default_backend app\n", RULE)


def test_fires_when_no_rule_is_for_the_name() -> None:
    (claim,) = judge(CHECK, SERVER, config(OTHER), page())
    assert claim.facts["names"] == ("www.shop.example.com",)
    assert claim.facts["frontend"] == "web"


def test_fires_with_the_edit_that_adds_the_name_to_the_rule() -> None:
    (claim,) = judge(CHECK, SERVER, config(OTHER), page(), masked=False)
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "+    acl www hdr(host) -i www.shop.example.com shop.example.com" in edit.diff
    # Another part of the rule is not true for the path.
    part = OTHER.replace("if www", "if www { path_beg /a }")
    (claim,) = judge(CHECK, SERVER, config(part), page(), masked=False)
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL
    assert claim.facts["backend"] == "app"
    two = OTHER.replace("www.shop", "blog.shop") + "backend other\n    server b 127.0.0.1:3001\n"
    (claim,) = judge(CHECK, SERVER, config(two), page(), masked=False)
    assert not claim.facts["added"]
    assert not claim.facts["backend"]


def test_fires_with_a_rule_for_the_name_where_there_is_one_backend() -> None:
    other = OTHER.replace("www.shop", "blog.shop")
    (claim,) = judge(CHECK, SERVER, config(other), page(), masked=False)
    edit = claim.fix.steps[0] if claim.fix else None
    assert isinstance(edit, Edit)
    assert "+    use_backend app if { hdr(host) -i shop.example.com }\n" in edit.diff
    for rule in ("http-request deny if www { src 10.0.0.0/8 }", "redirect prefix https://a if www",
                 "http-request deny if { hdr(host) -i blog.shop.example.com }"):  # fmt: skip
        text = other.replace("    use_backend", f"    {rule}\n    use_backend")
        (claim,) = judge(CHECK, SERVER, config(text), page(), masked=False)
        assert claim.fix
        assert claim.fix.applicability is Applicability.MANUAL
    for old, new in (("if www", "if www { path_beg /a }"), ("acl www hdr(host)", "acl www path")):
        for claim in judge(CHECK, SERVER, config(other.replace(old, new)), page(), masked=False):
            assert claim.fix
            assert claim.fix.applicability is Applicability.MANUAL


@pytest.mark.parametrize(
    "rule",
    [
        "http-request deny if www !{ src 10.0.0.0/8 }",
        "redirect prefix https://shop.example.com if www",
    ],
)
def test_fires_and_leaves_a_condition_that_closes_or_redirects_too(rule: str) -> None:
    text = OTHER.replace("    use_backend app if www", f"    {rule}\n    use_backend app if www")
    (claim,) = judge(CHECK, SERVER, config(text), page(), masked=False)
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL


def test_fires_when_the_map_lacks_the_name_or_names_no_backend() -> None:
    rule = "    use_backend %[req.hdr(host),map(/etc/haproxy/hosts.map)]\n"
    text = TEXT.replace("    default_backend app\n", rule)
    (claim,) = judge(CHECK, SERVER, config(text, "www.example.com app\n"), page())
    assert (claim.facts["map"], claim.facts["missing"]) == ("/etc/haproxy/hosts.map", "")
    (claim,) = judge(CHECK, SERVER, config(text, "shop.example.com shop\n"), page())
    assert claim.facts["missing"] == "shop"
    assert not judge(CHECK, SERVER, config(text, "shop.example.com app\n"), page())
    assert not judge(CHECK, SERVER, config(text), page()), "the map was not read"


def test_silent_when_a_rule_or_the_default_takes_it_or_one_is_not_known() -> None:
    assert not judge(CHECK, SERVER, config(), page())
    assert not judge(CHECK, SERVER, config(OTHER.replace("www.shop", "shop")), page())
    unknown = OTHER.replace("hdr(host) -i www.shop.example.com", "src 10.0.0.0/8")
    assert not judge(CHECK, SERVER, config(unknown), page())
    assert not judge(CHECK, SERVER, config(OTHER), page(200))


def test_fires_and_takes_the_port_off_where_it_decides() -> None:
    """Pull request 734 of rancher/cattle."""
    text = OTHER.replace("www.shop", "shop").replace(":443", ":8443")
    answer = replace(page(), port=8443, url="https://shop.example.com:8443/")
    given = (replace(SERVER, ports=(8443,)), config(text), answer)
    (claim,) = judge(CHECK, *given, target=replace(SHOP, port=8443), masked=False)
    assert claim.facts["port_decides"]
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "+    acl www hdr(host),field(1,:) -i shop.example.com" in edit.diff
    (claim,) = judge(CHECK, SERVER, config(OTHER), page())
    assert not claim.facts["port_decides"]


@pytest.mark.parametrize("ending", ["if !own", "unless own"])
def test_fires_and_adds_no_rule_for_a_name_that_is_left_out(ending: str) -> None:
    rule = f"    acl own hdr(host) -i shop.example.com\n    use_backend app {ending}\n"
    text = TEXT.replace("    default_backend app\n", rule)
    (claim,) = judge(CHECK, SERVER, config(text), page(), masked=False)
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL
