import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnose.parsers.apache.config import parse
from diagnose.parsers.apache.rewrite_flags import listed_flags, rewrite_flags


@pytest.mark.parametrize(
    ("line", "flags"),
    [
        ("RewriteRule ^ /a [R=301,L]", {"R": "301", "L": ""}),
        ("RewriteRule ^ /a [redirect=301, last]", {"R": "301", "L": ""}),
        ('RewriteRule ^ /a "[R=301, L]"', {"R": "301", "L": ""}),
        ("RewriteRule ^ /a [L,E=SYNC:1]", {"L": "", "E": "SYNC:1"}),
        ("RewriteCond %{HTTPS} off [nocase,ORNext]", {"NC": "", "OR": ""}),
        ("RewriteRule ^ /a", {}),
        ("RewriteRule ^ /a []", {}),
    ],
)
def test_flags_by_their_short_names(line: str, flags: dict[str, str]) -> None:
    (directive,) = parse(line, "a.conf")
    assert rewrite_flags(directive) == flags


@given(st.text())
def test_every_text_gives_flags(text: str) -> None:
    assert "" not in listed_flags(text)
