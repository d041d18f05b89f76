from dataclasses import replace

import pytest

from diagnose.parsers.nginx.config import parse
from diagnose.parsers.nginx.locations import LocationMatch
from diagnose.parsers.nginx.rewrites import Rewritten, rewritten


def after(rules: str, path: str = "/index/save") -> Rewritten:
    http = parse(f"http {{ server {{ {rules} }} }}", "/etc/nginx/nginx.conf")[0]
    assert http.block
    return rewritten(LocationMatch((http, http.block[0])), path)


def path_after(rules: str) -> Rewritten:
    """What becomes of the path, without the rules that did it."""
    return replace(after(rules), keeps_query=True, may_end=False, applied=())


@pytest.mark.parametrize(
    "rules",
    [
        "rewrite ^(.*)$ /index.php?s=$1 last;",
        "if (!-e $request_filename) { rewrite ^(.*)$ /index.php?s=$1 last; break; }",
        "if ( !-f $request_filename ) { rewrite ^ /index.php last; }",
        "rewrite ^/index/(.*) /$1; rewrite ^/save$ /index.php last;",
        "rewrite ^/other$ /a last; rewrite ^ /index.php;",
    ],
)
def test_a_path_that_is_no_file_is_rewritten(rules: str) -> None:
    assert path_after(rules) == Rewritten("/index.php", searches=True)


@pytest.mark.parametrize(
    "rules",
    [
        "",
        "rewrite ^/other$ /index.php last;",
        "if (-f $request_filename) { rewrite ^ /index.php last; }",
        "if ($http_x = 1) { rewrite ^/other$ /index.php last; }",
        "break; rewrite ^ /index.php last;",
    ],
)
def test_a_path_that_stays(rules: str) -> None:
    assert path_after(rules) == Rewritten()


def test_break_keeps_the_location() -> None:
    assert path_after("rewrite ^ /index.php break;") == Rewritten("/index.php", searches=False)


@pytest.mark.parametrize(
    "rules",
    [
        "rewrite ^ https://www.example.org/ permanent;",
        "rewrite ^ /x redirect;",
        "return 405;",
    ],
)
def test_rules_that_end_the_request(rules: str) -> None:
    assert after(rules).ends


@pytest.mark.parametrize(
    "rules",
    [
        "if ($request_method = POST) { rewrite ^ /index.php last; }",
        "rewrite ^(?|x)$ /index.php last;",
        "rewrite ^ $somewhere last;",
        # A folder of the site: it is there.
        "if (!-e $request_filename) { rewrite ^ /index.php last; }",
    ],
)
def test_what_cannot_be_computed(rules: str) -> None:
    path = "/" if "!-e" in rules else "/index/save"
    assert not after(rules, path).is_known


def test_the_rules_that_apply_are_named_in_their_order() -> None:
    rules = after("rewrite ^/other /a last; rewrite ^/index/(.*) /$1; return 404;")
    assert [rule.args for rule in rules.applied] == [("^/index/(.*)", "/$1"), ("404",)]
    assert not after("if ($http_x) { return 404; }").applied
    assert after("if ($http_x) { return 404; }").may_end


def test_a_query_of_the_replacement_is_not_the_visitors() -> None:
    assert after("rewrite ^/index/(.*) /$1 break;").keeps_query
    assert not after("rewrite ^/index/(.*) /$1? break;").keeps_query
    assert not after("rewrite ^/index/(.*) /$1?a=b break;").keeps_query
