from dataclasses import replace

import pytest

from diagnose.model import Applicability, Edit
from tests.support.check_evidence import SHOP, judge
from tests.support.haproxy_evidence import SERVER, TEXT, config, page

CHECK = "server.haproxy-path-changed-first"
TARGET = replace(SHOP, path="/api/items")
CHANGE = "    http-request replace-path ^/api(/.*)?$ /v1\\1 if api\n"
RULES = f"    acl api path_beg /api\n{CHANGE}    use_backend api if api\n"
OLD = TEXT.replace("    default_backend", f"{RULES}    default_backend")
CHANGED = f"{OLD}backend api\n    server b 127.0.0.1:3001\n"
MISSING = page(404, url="https://shop.example.com/api/items")


def test_fires_and_moves_the_line_into_the_backend() -> None:
    (claim,) = judge(CHECK, SERVER, config(CHANGED), MISSING, target=TARGET)
    assert (claim.facts["backend"], claim.facts["other_backend"]) == ("api", "app")
    assert claim.facts["new_path"] == "/v1/items"
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert f"-{CHANGE}" in edit.diff
    assert " backend api\n+    http-request replace-path ^/api(/.*)?$ /v1\\1\n" in edit.diff


@pytest.mark.parametrize(
    "text",
    [
        CHANGED.replace("/v1", "/api/v1"),
        CHANGED.replace(" /v1\\1", " %[path,lower]"),
        CHANGED.replace(CHANGE, ""),
        CHANGED.replace(" if api\n    use", " if { src 10.0.0.1 }\n    use"),
    ],
)
def test_silent_when_the_rule_is_still_true_or_the_path_stays(text: str) -> None:
    assert not judge(CHECK, SERVER, config(text), MISSING, target=TARGET)


def test_silent_when_the_page_comes() -> None:
    found = page(200, url="https://shop.example.com/api/items")
    assert not judge(CHECK, SERVER, config(CHANGED), found, target=TARGET)
