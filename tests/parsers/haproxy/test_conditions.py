"""What a condition of HAProxy's says about a path."""

import pytest

from diagnose.parsers.haproxy.conditions import Situation, holds, rules_of
from diagnose.parsers.haproxy.config import parse


def truth(condition: str, path: str) -> bool | None:
    text = f"frontend f\n bind :80\n use_backend b if {condition}\nbackend b\n"
    (frontend,) = parse([("/h.cfg", text)]).frontends
    (rule,) = rules_of(frontend)
    return holds(rule, Situation("shop.example.com", host="shop.example.com"), path)


@pytest.mark.parametrize(
    ("condition", "path", "expected"),
    [
        ("{ path_reg ^/api/?$ }", "/api/items", False),
        ("{ path_reg ^/api/ }", "/api/items", True),
        ("{ path -m reg -i ^/API/ }", "/api/items", True),
        ("{ path_reg (?C1)x }", "/x", None),
        ("{ path_dir jenkins }", "/jenkins/job", True),
        ("{ path_dir /jenkins }", "/a/jenkins", True),
        ("{ path_dir jenkins }", "/jenkinsx", False),
        ("{ path_dir Jenkins }", "/jenkins", False),
        ("{ path_beg -i /API/ }", "/api/items", True),
        ("{ path_beg /API/ }", "/api/items", False),
        ("{ hdr_reg(User-Agent) curl }", "/", None),
    ],
)
def test_a_path_is_compared_by_pattern_folder_and_case(
    condition: str, path: str, expected: bool | None
) -> None:
    assert truth(condition, path) is expected
