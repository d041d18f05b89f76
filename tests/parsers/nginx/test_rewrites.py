import pytest

from diagnose.parsers.nginx.config import parse
from diagnose.parsers.nginx.locations import LocationMatch
from diagnose.parsers.nginx.rewrites import Rewritten, rewritten


def after(rules: str, path: str = "/index/save") -> Rewritten:
    http = parse(f"http {{ server {{ {rules} }} }}", "/etc/nginx/nginx.conf")[0]
    assert http.block
    return rewritten(LocationMatch((http, http.block[0])), path)


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
    assert after(rules) == Rewritten("/index.php", searches=True)


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
    assert after(rules) == Rewritten()


def test_break_keeps_the_location() -> None:
    assert after("rewrite ^ /index.php break;") == Rewritten("/index.php", searches=False)


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
