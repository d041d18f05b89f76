from dataclasses import replace

from diagnose.model import Edit, Severity
from diagnose.model.http import Exchange, Upgrade
from tests.support.check_evidence import SHOP, judge
from tests.support.haproxy_evidence import SERVER, TEXT, config

CHECK = "server.haproxy-rule-shadowed"
RULES = "    use_backend static if { path_beg / }\n    use_backend app if { path_beg /ws }\n"
STATIC = "backend static\n    server s 127.0.0.1:3001\n"
SHADOWED = TEXT.replace("    default_backend app\n", RULES) + STATIC
TARGET = replace(SHOP, websockets=("/ws",))
URL = "wss://shop.example.com/ws"
REFUSED = Upgrade(url=URL, path="/ws", address="203.0.113.10", port=443, status=404)


def test_fires_and_moves_the_narrower_rule() -> None:
    (claim,) = judge(CHECK, SERVER, config(SHADOWED), REFUSED, target=TARGET)
    assert claim.facts["later_backend"] == "app"
    assert claim.fix
    assert isinstance(claim.fix.steps[0], Edit)
    assert (
        "+    use_backend app if { path_beg /ws }\n     use_backend static"
        in claim.fix.steps[0].diff
    )


def test_silent_in_the_right_order_or_without_a_refusal() -> None:
    lines = RULES.splitlines(keepends=True)
    right = TEXT.replace("    default_backend app\n", lines[1] + lines[0]) + STATIC
    assert not judge(CHECK, SERVER, config(right), REFUSED, target=TARGET)
    unauthorized = replace(REFUSED, status=401)
    assert not judge(CHECK, SERVER, config(SHADOWED), unauthorized, target=TARGET)


APPLE = """\
    acl app path_beg /app
    use_backend static if app
    acl apple path_beg /apple
    use_backend app if apple
"""
APPLES = TEXT.replace("    default_backend app\n", APPLE) + STATIC
PAGE = Exchange(
    url="https://shop.example.com/apple/",
    address="203.0.113.10",
    port=443,
    purpose="target",
    method="GET",
    status=404,
)


def test_fires_where_a_path_begins_with_the_same_characters() -> None:
    """The first rule goes down: the ACL of the other one is declared between them."""
    (claim,) = judge(CHECK, SERVER, config(APPLES), PAGE, target=replace(SHOP, path="/apple/"))
    assert (claim.facts["backend"], claim.facts["later_backend"]) == ("static", "app")
    assert claim.fix
    assert isinstance(claim.fix.steps[0], Edit)
    assert "use_backend app if apple\n+    use_backend static if app" in claim.fix.steps[0].diff


def test_silent_where_the_first_rule_takes_the_folder_alone() -> None:
    folder = APPLES.replace("path_beg /app\n", "path_beg /app/\n")
    target = replace(SHOP, path="/apple/")
    assert not judge(CHECK, SERVER, config(folder), PAGE, target=target)
    exact = APPLES.replace("path_beg /app\n", "path /app\n")
    assert not judge(CHECK, SERVER, config(exact), PAGE, target=target)


ACME = """\
    use_backend static if { ssl_fc_sni shop.example.com }
    acl acme path_beg /.well-known/acme-challenge/
    use_backend app if acme
"""
RENEWED = TEXT.replace("    default_backend app\n", f"    bind :80\n{ACME}") + STATIC
TOKEN = "/.well-known/acme-challenge/token"
PLAIN = replace(SHOP, scheme="http", port=80, path=TOKEN)
REDIRECTED = replace(PAGE, url=f"https://shop.example.com{TOKEN}", purpose="redirect")


def test_fires_behind_a_redirect_to_https() -> None:
    (claim,) = judge(CHECK, SERVER, config(RENEWED), REDIRECTED, target=PLAIN)
    assert (claim.facts["backend"], claim.facts["later_backend"]) == ("static", "app")
    assert claim.about.port == 80


def test_silent_where_the_redirect_leads_to_another_page_or_comes_to_its_end() -> None:
    elsewhere = replace(REDIRECTED, url="https://shop.example.com/login")
    assert not judge(CHECK, SERVER, config(RENEWED), elsewhere, target=PLAIN)
    there = replace(REDIRECTED, status=200)
    assert not judge(CHECK, SERVER, config(RENEWED), there, target=PLAIN)


NAMES = """\
    acl api {0}(host) -i {1}
    use_backend static if api
    acl shop {0}(host) -i shop.example.com
    use_backend app if shop
"""
HOME = replace(PAGE, url="https://shop.example.com/", status=200)


def named(method: str, name: str = "example.com", more: str = "") -> str:
    rules = NAMES.format(method, name).replace("if api", f"if api{more}")
    return TEXT.replace("    default_backend app\n", rules) + STATIC


def test_fires_where_a_part_of_the_name_comes_first() -> None:
    """The page comes, and it is the one of another site."""
    for method in ("hdr_dom", "hdr_end", "hdr_sub"):
        (claim,) = judge(CHECK, SERVER, config(named(method)), HOME)
        assert claim.facts["pattern"] == "example.com"
        assert (claim.facts["backend"], claim.facts["later_backend"]) == ("static", "app")
        assert claim.fix
        assert isinstance(claim.fix.steps[0], Edit)
        # Which site is meant nobody said, and the page comes.
        assert claim.severity is Severity.WARNING


def test_silent_where_the_first_rule_does_not_take_the_name() -> None:
    assert not judge(CHECK, SERVER, config(named("hdr")), HOME)
    assert not judge(CHECK, SERVER, config(named("hdr_dom", "example.org")), HOME)
    both = named("hdr_dom", "example.com shop.example.com")
    assert not judge(CHECK, SERVER, config(both), HOME), "the name is meant"
    narrowed = named("hdr_dom", more=" { path_beg /api }")
    assert not judge(CHECK, SERVER, config(narrowed), HOME)
    same = named("hdr_dom").replace("use_backend app if shop", "use_backend static if shop")
    assert not judge(CHECK, SERVER, config(same), HOME)
