from dataclasses import replace

import pytest

from diagnose.model import Applicability, Edit, Failure
from diagnose.model.tls import Handshake
from tests.support.check_evidence import SHOP, judge
from tests.support.haproxy_evidence import SERVER, TEXT, config, page

CHECK = "server.haproxy-name-misspelt"
MAP = "/etc/haproxy/hosts.map"
BY_MAP = f"    use_backend %[req.hdr(host),lower,map({MAP})]\n"
BY_RULE = "    use_backend app if {{ hdr(host) -i {} }}\n"
BY_ACL = "    acl shop hdr(host) -i {}\n    use_backend app if shop\n"


def text(rules: str) -> str:
    return TEXT.replace("    default_backend app\n", rules)


@pytest.mark.parametrize(
    ("rules", "rows", "expected"),
    [
        (BY_RULE.format("shop.exmaple.com"), None, "-i shop.example.com }"),
        (BY_ACL.format("shop.exmaple.com"), None, "+    acl shop hdr(host) -i shop.example.com\n"),
        (BY_RULE.format("https://shop.example.com"), None, "-i shop.example.com }"),
        (BY_RULE.format("'shop.exmaple.com'"), None, "-i 'shop.example.com' }"),
        (BY_MAP, "# hosts\nshop.exmaple.com app\n", "+shop.example.com app\n"),
        (BY_MAP, "Shop.Example.com app\n", "+shop.example.com app\n"),
        (BY_MAP, "shop.example.com,app\n", "+shop.example.com app\n"),
        (BY_MAP, "shop.example.com: app\n", "+shop.example.com app\n"),
        (
            BY_RULE.replace("hdr(host)", "hdr_end(host)").format(".shop.example.com"),
            None,
            "-i .shop.example.com shop.example.com }",
        ),
        (BY_RULE.replace("-i ", "").format("Shop.example.com"), None, " shop.example.com }"),
        (BY_MAP, "https://shop.example.com/\tapp\n", "+shop.example.com\tapp\n"),
    ],
)
def test_fires_and_corrects_the_name(rules: str, rows: str | None, expected: str) -> None:
    (claim,) = judge(CHECK, SERVER, config(text(rules), rows), page(503), masked=False)
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert expected in edit.diff


MISSPELT = BY_RULE.format("shop.exmaple.com")
DEFAULT = f"{MISSPELT}    default_backend other\nbackend other\n    server b 127.0.0.1:3001\n"


def test_fires_where_the_default_has_no_start_page() -> None:
    assert judge(CHECK, SERVER, config(text(DEFAULT)), page(404))


def test_silent_for_a_page_that_the_default_does_not_have() -> None:
    target = replace(SHOP, path="/none")
    missing = page(404, url="https://shop.example.com/none")
    assert not judge(CHECK, SERVER, config(text(DEFAULT)), missing, target=target)


@pytest.mark.parametrize(
    "rules",
    [
        MISSPELT + BY_RULE.format("shop.example.com"),
        BY_RULE.format("Shop.Example.com"),
        BY_RULE.replace("hdr(host)", "hdr_end(host)").format(".example.com"),
        BY_RULE.format("blog.example.org"),
        BY_RULE.format("www.shop.example.com"),
        MISSPELT.replace("hdr(host)", "hdr(x-name)"),
    ],
)
def test_silent_where_the_name_is_there_or_another(rules: str) -> None:
    assert not judge(CHECK, SERVER, config(text(rules)), page(503))


def test_silent_where_the_page_comes() -> None:
    assert not judge(CHECK, SERVER, config(text(DEFAULT)), page(200))


TUNNEL = (
    "frontend tls\n    mode tcp\n    bind :443\n    tcp-request inspect-delay 5s\n"
    "    use_backend app if {{ req.ssl_sni -i {} }}\n    default_backend other\n"
    "backend app\n    mode tcp\n    server a 127.0.0.1:8443\n"
    "backend other\n    mode tcp\n    server b 127.0.0.1:9443\n"
)


def ended(**more: object) -> Handshake:
    values: dict[str, object] = {
        "address": "203.0.113.10",
        "port": 443,
        "failure": Failure("closed", "connection closed"),
    }
    return Handshake(**values | more)  # type: ignore[arg-type]


def test_fires_where_nobody_has_what_is_left_to_a_misspelt_name_of_tls() -> None:
    tunnel = config(TUNNEL.format("shop.exmaple.com"))
    (claim,) = judge(CHECK, SERVER, tunnel, ended(), masked=False)
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "+    use_backend app if { req.ssl_sni -i shop.example.com }\n" in edit.diff


def test_silent_where_tls_ends_otherwise_or_the_name_is_another() -> None:
    tunnel = config(TUNNEL.format("shop.exmaple.com"))
    late = ended(failure=Failure("timeout", "timed out"))
    assert not judge(CHECK, SERVER, tunnel, ended(), late)
    assert not judge(CHECK, SERVER, tunnel)
    assert not judge(CHECK, SERVER, config(TUNNEL.format("shop.example.com")), ended())
    assert not judge(CHECK, SERVER, config(TUNNEL.format("blog.example.org")), ended())
