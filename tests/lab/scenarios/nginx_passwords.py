"""nginx asks for a password, and the application behind it has a login of its own: both want the
one field Authorization. What nginx closes stays closed."""

from .. import site
from ..lab import Lab
from ..scenario import healthy, scenario

REFUSED = "Invalid username or password"
LOGIN = "I can see the login page, but it refuses my credentials"
ASKS = '    auth_basic "Restricted";\n    auth_basic_user_file /etc/nginx/htpasswd;\n    proxy_http'
PLACE = "    proxy_pass http://127.0.0.1:3000;\n    proxy_http"
#: As Grafana (a password is tried), Komga (its interface wants one), and a page without a login.
APPLICATION = """
import http.server, sys
MODE = sys.argv[1]

class Application(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        field = self.headers.get("Authorization", "")
        status, kind, body = 200, "text/html", (
            "<!doctype html><title>Shop</title><h1>Books of the shop</h1>"
            "<script src='/js/app.js'></script>")
        if self.path == "/js/app.js":
            kind, body = "text/javascript", "axios.get('/api/v1/users/me').then(show)"
        elif MODE == "tries" and field.startswith("Basic "):
            status, kind, body = 401, "text/plain", "Invalid username or password"
        elif MODE == "guards" and self.path.startswith("/api/"):
            status, kind, body = 401, "application/json", '{"error":"Unauthorized"}'
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body.encode())

    do_HEAD = do_GET
    log_message = lambda *_: None

http.server.ThreadingHTTPServer(("127.0.0.1", 3013), Application).serve_forever()
"""


def _closed(lab: Lab, mode: str, lines: str = ASKS) -> None:
    lab.server.write("/etc/nginx/htpasswd", "admin:{PLAIN}secret\n")
    lab.undo(lambda: lab.server.sh("rm -f /etc/nginx/htpasswd"))
    lab.spawn(lab.server, lab.server.python("-c", APPLICATION, mode), 3013)
    passed = PLACE.replace("127.0.0.1:3000", "127.0.0.1:3013").replace("    proxy_http", lines)
    lab.change(PLACE, passed)


@scenario(
    outside=None,
    server="nginx.password-passed-on",
    args=(REFUSED,),
    differs=(site.CONF,),
    manual="the site stays closed: a person tries the password",
)
def application_tries_the_password_of_nginx(lab: Lab) -> None:
    """After Grafana behind auth_basic ("Invalid username or password")."""
    _closed(lab, "tries")


@scenario(
    outside=None, server="nginx.password-twice", args=(LOGIN,), manual="a person decides who asks"
)
def scripts_of_the_application_have_a_login_of_their_own(lab: Lab) -> None:
    """After issue 161 of gotson/komga."""
    _closed(lab, "guards")


@healthy(args=(LOGIN,))
def application_behind_a_password_has_no_login(lab: Lab) -> None:
    """The message is about a password that the person does not know."""
    _closed(lab, "open")


@healthy(args=(LOGIN,))
def password_of_nginx_is_not_passed_on(lab: Lab) -> None:
    _closed(lab, "tries", f'    proxy_set_header Authorization "";\n{ASKS}')


@scenario(
    outside=None, server="nginx.visitor-denied", args=("403 Forbidden after the right password",),
    manual="whether the password is enough, a person decides", unsure=("client",),
)  # fmt: skip
def an_address_is_wanted_beside_the_password(lab: Lab) -> None:
    """https://github.com/openhab/openhab-docs/issues/211: `satisfy any` is missing."""
    rules = ASKS.replace(
        "    proxy_http", "    allow 192.168.1.0/24;\n    deny all;\n    proxy_http"
    )
    lab.server.write("/etc/nginx/htpasswd", "admin:{PLAIN}secret\n")
    lab.undo(lambda: lab.server.sh("rm -f /etc/nginx/htpasswd"))
    lab.change(PLACE, PLACE.replace("    proxy_http", rules))
