"""The backends of one site in a frontend of several."""

from diagnose.parsers.haproxy.config import parse
from diagnose.parsers.haproxy.site_backends import own_backends
from tests.support.check_evidence import SHOP

START = "frontend web\n    bind :443 ssl crt /a.pem\n"
ENDS = "".join(f"backend {name}\n    server a 127.0.0.1:3000\n" for name in ("app", "api", "blog"))
IS_SHOP, IS_BLOG = "{ hdr(host) -i shop.example.com }", "{ hdr(host) -i blog.example.com }"
NAMES = {"shop.example.com"}


def own(*lines: str) -> set[str]:
    text = START + "".join(f"    {line}\n" for line in lines) + ENDS
    return set(own_backends(parse([("/h.cfg", text)]), SHOP, NAMES))


def test_the_backends_of_the_sites_rules() -> None:
    rules = (f"use_backend api if {IS_SHOP} {{ path_beg /api/ }}", f"use_backend app if {IS_SHOP}")
    assert own(*rules, f"use_backend blog if {IS_BLOG}") == {"api", "app"}
    assert own(*rules, "default_backend blog") == {"api", "app"}


def test_what_other_sites_reach_too_is_nobodys_own() -> None:
    both = (f"use_backend app if {IS_SHOP}", f"use_backend app if {IS_BLOG}")
    assert own(*both) == set()
    assert own("default_backend app") == set()
    assert own(f"use_backend app if {IS_SHOP}", "default_backend app") == set()
    assert own(f"use_backend blog if {IS_BLOG}") == set()
