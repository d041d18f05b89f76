from dataclasses import replace

from diagnose.model import Edit
from diagnose.model.http import Upgrade
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
