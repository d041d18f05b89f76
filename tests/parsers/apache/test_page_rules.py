from diagnose.parsers.apache.page_rules import PageRule, page_rule
from diagnose.parsers.server_request import ServerRequest

NO_FILE = "RewriteCond %{DOCUMENT_ROOT}%{REQUEST_URI} !-f"
PAGE = "RewriteRule ^ /index.html [L]"
API = ServerRequest("/api/products", host="shop.example.com")
SOCKET = ServerRequest("/ws", host="shop.example.com", websocket=True)
UPGRADE = "RewriteCond %{HTTP:Upgrade} =websocket [NC]"
PASS = "RewriteRule ^/ws(.*) ws://127.0.0.1:3000/ws$1 [P,L]"


def rule(*lines: str, request: ServerRequest = API) -> PageRule | None:
    text = "\n".join(("<VirtualHost *:443>", "RewriteEngine On", *lines, "</VirtualHost>"))
    return page_rule(text, 1, len(lines) + 3, request)


def test_a_rule_for_every_path_without_a_file_takes_that_of_an_application() -> None:
    assert rule(NO_FILE, PAGE) == PageRule(4, 3, "/index.html")
    assert rule(PAGE) == PageRule(3, 3, "/index.html")
    assert rule("RewriteRule !^/assets/ /index.html") == PageRule(3, 3, "/index.html")


def test_a_condition_spares_the_path() -> None:
    spare = "RewriteCond %{REQUEST_URI} !^/api/"
    assert rule(spare, NO_FILE, PAGE) is None
    assert rule("RewriteCond %{HTTP_USER_AGENT} bot", PAGE) is None
    assert rule("RewriteRule ^/(?!api/) /index.html [L]") is None


def test_a_rule_that_passes_on_first_or_elsewhere_is_another_one() -> None:
    assert rule(UPGRADE, PASS, NO_FILE, PAGE, request=SOCKET) is None
    assert rule(NO_FILE, PAGE, UPGRADE, PASS, request=SOCKET) == PageRule(4, 3, "/index.html")
    assert rule("RewriteRule ^/api/(.*) http://127.0.0.1:3000/$1 [P]", PAGE) is None
    assert rule("RewriteRule ^ https://www.example.com/ [R,L]", PAGE) is None
    assert rule("RewriteRule ^/api/ - [L]", PAGE) is None
    assert rule("RewriteRule ^ - [E=x:1]", PAGE) == PageRule(4, 4, "/index.html")
    assert rule("RewriteRule ^ /index.html [PT]") is None


def test_what_is_not_known_is_none() -> None:
    assert rule("RewriteCond %{DOCUMENT_ROOT}/off -f", PAGE) is None
    assert rule("RewriteRule ^", PAGE) is None
    assert page_rule("RewriteEngine Off\nRewriteRule ^ /index.html [L]", 1, 2, API) is None
