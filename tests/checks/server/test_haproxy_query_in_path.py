from dataclasses import replace

from diagnose.model import Claim, Confidence, Edit, Manual, Observation, Severity, Target
from diagnose.model.http import Upgrade
from tests.support.check_evidence import SHOP
from tests.support.check_evidence import judge as judge_both
from tests.support.haproxy_evidence import SERVER, TEXT, config, page

CHECK = "server.haproxy-query-in-path"


def judge(*seen: Observation, target: Target) -> list[Claim]:
    """Judge; a masked query is equal to every other one, so that nothing is said of it."""
    return judge_both(CHECK, *seen, target=target, masked=False)


RULE = "    use_backend api if { path_beg -i /index.php?route=api }\n"
API = "backend api\n    server b 127.0.0.1:3001\n"
SITE = TEXT.replace("    default_backend", f"{RULE}    default_backend") + API
TARGET = replace(SHOP, path="/index.php?route=api/users")
MISSING = page(404, url=f"https://shop.example.com{TARGET.path}")


def test_fires_and_compares_with_the_query() -> None:
    (claim,) = judge(SERVER, config(SITE), MISSING, target=TARGET)
    assert (claim.confidence, claim.facts["backend"]) == (Confidence.LIKELY, "api")
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "+    use_backend api if { pathq -m beg -i /index.php?route=api }\n" in edit.diff


def test_fires_for_a_named_acl_and_by_hand_beside_other_values() -> None:
    acl = "    acl api path /a /index.php?route=api/users\n    use_backend api if api\n"
    text = SITE.replace(RULE, acl)
    (claim,) = judge(SERVER, config(text), MISSING, target=TARGET)
    assert claim.facts["place"] == "/etc/haproxy/haproxy.cfg:7"
    assert claim.fix
    assert isinstance(claim.fix.steps[0], Manual)
    text = text.replace("path /a /", "path /")
    (claim,) = judge(SERVER, config(text), MISSING, target=TARGET)
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "+    acl api pathq -m str /index.php?route=api/users\n" in edit.diff


def test_fires_for_a_path_that_is_to_be_changed_by_its_query() -> None:
    change = r"    http-request replace-path /(.*)?endpoint=one(.*) /\1\2"
    text = TEXT.replace("    option httpchk", f"{change}\n    option httpchk")
    path = "/?endpoint=one/api/kernels"
    refused = Upgrade(
        url=f"wss://shop.example.com{path}", path=path, address="203.0.113.10", port=443,
        status=302,
    )  # fmt: skip
    target = replace(SHOP, path=path, websockets=(path,))
    (claim,) = judge(SERVER, config(text), refused, target=target)
    assert (claim.severity, claim.facts["changes"]) == (Severity.ERROR, True)
    assert claim.fix
    assert isinstance(claim.fix.steps[0], Manual)
    # A backend that is chosen by what is not evaluated.
    chosen = "    use_backend app if { url_sub endpoint=one }\n    default_backend app"
    unknown = text.replace("    default_backend app", chosen)
    assert judge(SERVER, config(unknown), refused, target=target)


def test_silent_where_the_query_is_compared_or_the_rule_is_for_another() -> None:
    right = SITE.replace("path_beg -i", "pathq -m beg -i")
    assert not judge(SERVER, config(right), MISSING, target=TARGET)
    other = replace(SHOP, path="/index.php?route=shop")
    missing = page(404, url=f"https://shop.example.com{other.path}")
    assert not judge(SERVER, config(SITE), missing, target=other)
    assert not judge(SERVER, config(SITE), page(404), target=SHOP)
    assert not judge(SERVER, config(SITE), replace(MISSING, status=200), target=TARGET)


def test_silent_where_the_pattern_matches_the_path_or_never() -> None:
    for pattern in ("^/index(.*)", r"^/other\?(.*)", r"^/index\.php\?route=(", "(?R)"):
        change = rf"    http-request replace-path {pattern} /\1"
        text = TEXT.replace("    option httpchk", f"{change}\n    option httpchk")
        assert not judge(SERVER, config(text), MISSING, target=TARGET)


def test_silent_where_the_query_is_masked() -> None:
    masked = replace(SHOP, path="/index.php?route=***")
    missing = page(404, url=f"https://shop.example.com{masked.path}")
    text = SITE.replace("route=api", "route=***")
    assert not judge(SERVER, config(text), missing, target=masked)
