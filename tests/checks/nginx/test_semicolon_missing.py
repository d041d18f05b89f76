"""nginx.semicolon-missing: when it fires, and when it is silent."""

import pytest

from diagnose.model import Applicability, Edit, Severity
from tests.support.check_evidence import judge
from tests.support.nginx_evidence import BUILD, HOST, RUNNING, SITE, config

CHECK = "nginx.semicolon-missing"
NAME = "    server_name shop.example.com;\n"
SEEN = (BUILD, HOST, RUNNING)


def site(lines: str) -> str:
    return SITE.replace(NAME, lines)


def test_fires_on_a_name_that_became_a_part_of_index() -> None:
    text = site(f"    index index.html index.php\n{NAME}")
    (claim,) = judge(CHECK, config(text), *SEEN)
    assert claim.facts["swallowed"] == "server_name shop.example.com"
    assert claim.facts["site"]
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "+    index index.html index.php;\n" in edit.diff


def test_fires_over_a_comment_and_on_a_root_of_the_own_block() -> None:
    text = site("    server_name shop.example.com # the shop\n    root /srv/shop;\n")
    # What stands in server_name is masked as a name.
    (claim,) = judge(CHECK, config(text), *SEEN, masked=False)
    assert claim.facts["name"] == "root"
    assert claim.severity is None


def test_a_line_of_less_weight_is_a_warning() -> None:
    text = site("    server_name shop.example.com\n    charset utf-8;\n")
    (claim,) = judge(CHECK, config(text), *SEEN, masked=False)
    assert claim.severity is Severity.WARNING


@pytest.mark.parametrize(
    "lines",
    [
        NAME,
        "    server_name shop.example.com\n                www.example.com;\n",
        "    server_name shop.example.com root;\n",
        f"    index index.html\n          index.php;\n{NAME}",
    ],
)
def test_silent_on_lists_over_several_lines(lines: str) -> None:
    assert not judge(CHECK, config(site(lines)), *SEEN)


def test_silent_about_another_sites_name() -> None:
    blog = "    index index.html\n    server_name blog.example.com;\n"
    other = f"server {{\n    listen 443 ssl;\n{blog}}}\n"
    assert not judge(CHECK, config(SITE + other), *SEEN)
