"""A browser's preflight was refused: nginx's access log has it, and it is refused again. After
issue 126 of Dream4ever/Knowledge-Base and https://stackoverflow.com/q/41760128."""

from .. import apache, site
from ..apache import HTTP, HTTPS
from ..lab import Lab
from ..scenario import healthy, scenario
from .apache import apache_scenario, healthy_apache
from .nginx_other_requests_failed import log_of_its_own, visit

OTHER = "https://app.example.net/"
#: Node without a CORS setting: 405 for OPTIONS, 200 for the rest.
STRICT = """
import http.server

class Orders(http.server.BaseHTTPRequestHandler):
    def answer(self, status):
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")
    def do_GET(self):
        self.answer(200)
    def do_OPTIONS(self):
        self.answer(405)

http.server.ThreadingHTTPServer(("127.0.0.1", 3009), Orders).serve_forever()
"""
PASS = "proxy_pass http://127.0.0.1:3009;"


def _orders(lab: Lab, lines: str) -> None:
    lab.spawn(lab.server, lab.server.python("-c", STRICT), 3009)
    log_of_its_own(lab, f"  location /api/ {{ {lines} {PASS} }}\n")
    visit(lab, "/api/orders", "-X", "OPTIONS", referer=OTHER)


@healthy()
def preflight_refused_by_the_application(lab: Lab) -> None:
    _orders(lab, "")


ALLOWED = "add_header Access-Control-Allow-Origin *;"


@scenario(outside=None, server="http.preflight-refused", differs=(site.CONF,))
def preflight_refused_where_nginx_allows_other_sites(lab: Lab) -> None:
    """After https://github.com/zhongxia245/blog/issues/33: `add_header` alone lets GET through, and
    DELETE needs a preflight, to which the application answers 405. `always` would not help."""
    _orders(lab, ALLOWED)


@scenario(
    outside="http.cors-refused", server="http.preflight-refused",
    target=f"https://{site.NAME}/api/orders", differs=(site.CONF,),
    args=(
        f"Access to fetch at 'https://{site.NAME}/api/orders' from origin 'https://app.example.net'"
        " has been blocked by CORS policy: Response to preflight request doesn't pass access"
        " control check: It does not have HTTP ok status.",
    ),
)  # fmt: skip
def preflight_refused_by_its_message(lab: Lab) -> None:
    """The same with the browser's message."""
    _orders(lab, ALLOWED)


@healthy()
def preflight_answered_where_nginx_allows_other_sites(lab: Lab) -> None:
    """The thread's answer."""
    answer = f"if ($request_method = OPTIONS) {{ {ALLOWED} return 204; }}"
    _orders(lab, f"{ALLOWED} {answer}")


@healthy()
def preflight_refused_by_limit_except(lab: Lab) -> None:
    _orders(lab, "limit_except GET POST { deny all; }")


@healthy()
def preflight_refused_by_a_condition(lab: Lab) -> None:
    _orders(lab, "if ($request_method !~ ^(GET|POST)$) { return 405; }")


BLOCKED = (
    f"Access to fetch at 'https://{site.NAME}/api/orders' from origin 'https://app.example.net' "
    "has been blocked by CORS policy: Response to preflight request doesn't pass access control "
    "check: It does not have HTTP ok status."
)
CHOICE = "which sites may ask is a person's choice"


@scenario(
    outside="http.cors-refused", server="nginx.rule-refuses", args=(BLOCKED,), manual=CHOICE,
    target=f"https://{site.NAME}/api/orders",
)  # fmt: skip
def message_about_a_preflight_that_a_condition_refuses(lab: Lab) -> None:
    """https://github.com/filegator/filegator/issues/142, with the condition in nginx: the line is
    the cause, and that the browser keeps the answer to itself its consequence."""
    _orders(lab, "if ($request_method !~ ^(GET|POST)$) { return 405; }")


@apache_scenario(
    outside="http.cors-refused", args=(BLOCKED,), manual=CHOICE,
    target=f"https://{site.NAME}/api/orders",
)  # fmt: skip
def message_about_a_preflight_that_an_application_behind_apache_refuses(lab: Lab) -> None:
    """After https://github.com/sabre-io/Baikal/issues/1087, behind Apache: the application treats
    OPTIONS as any request. The step has Apache's lines."""
    lab.spawn(lab.server, lab.server.python("-c", STRICT), 3009)
    apache.serve(lab, f"{HTTPS.replace('3000', '3009')}\n{HTTP}")


@healthy_apache(args=(BLOCKED,), target=f"https://{site.NAME}/api/orders")
def preflight_that_apache_answers_for_the_application(lab: Lab) -> None:
    """Those lines."""
    lab.spawn(lab.server, lab.server.python("-c", STRICT), 3009)
    method = "\"expr=%{REQUEST_METHOD} == 'OPTIONS'\""
    lines = (
        "RewriteEngine On",
        "RewriteCond %{REQUEST_METHOD} =OPTIONS",
        "RewriteRule ^/api/ - [R=204,L]",
        "Header always set Access-Control-Allow-Origin https://app.example.net",
        f'Header always set Access-Control-Allow-Methods "GET, POST" {method}',
        f'Header always set Access-Control-Allow-Headers "content-type" {method}',
        "ProxyPreserveHost",
    )
    text = HTTPS.replace("3000", "3009").replace("ProxyPreserveHost", "\n    ".join(lines))
    apache.install(lab, f"{text}\n{HTTP}")
    apache.enable(lab, "rewrite", "headers")
    apache.start(lab)


@healthy()
def preflight_refused_before_nginx_answered_it(lab: Lab) -> None:
    """It is well again: nothing is said."""
    _orders(lab, "")
    lab.change(PASS, f"if ($request_method = OPTIONS) {{ return 204; }} {PASS}")


@healthy_apache()
def preflight_refused_behind_apache(lab: Lab) -> None:
    lab.spawn(lab.server, lab.server.python("-c", STRICT), 3009)
    passed = "    ProxyPass /api/ http://127.0.0.1:3009/api/\n    ProxyPass / "
    apache.serve(lab, f"{HTTPS}\n{HTTP}".replace("    ProxyPass / ", passed, 1))
    words = ["curl", "-sk", "-o", "/dev/null", "-A", "Mozilla/5.0", "-X", "OPTIONS", "-e", OTHER]
    lab.client.run([*words, f"https://{site.NAME}/api/orders"])
