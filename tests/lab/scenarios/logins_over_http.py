"""A login by POST whose answer depends on X-Forwarded-Proto: nobody repeats it, and the page itself
is the same with and without the field. Only the message tells what happens.
"""

from .. import site
from ..lab import Lab
from ..scenario import healthy, scenario
from .page_assets import PAGE

MINE = (site.CONF,)
LOGIN = f"https://{site.NAME}/login"
TO_HTTP = "After login seafile redirects to HTTP not HTTPS"
TO_HTTP_ZH = "登录后会跳转到http协议"
NO_SESSION = "login does not persist, the session cookie is not set"
#: Express with express-session: after a login a Secure cookie, and a redirect with its own address.
APPLICATION = """
import http.server

PAGE = b"<!doctype html><title>Login</title><form method=post action=/login><input name=user>"
PAGE += b"<input type=password name=password></form><p>Please log in to the shop here.</p>"

class Application(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        is_known = "sid=" in self.headers.get("Cookie", "")
        at_login = self.path != "/me" or is_known
        self.answer(200 if at_login else 302, [] if at_login else [("Location", "/login")])

    def do_POST(self):
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        scheme = self.headers.get("X-Forwarded-Proto", "http")
        fields = [("Location", f"{scheme}://{self.headers['Host']}/me")]
        if scheme == "https":
            fields.append(("Set-Cookie", "sid=1; Path=/; HttpOnly; Secure"))
        self.answer(302, fields)

    def answer(self, status, fields):
        self.send_response(status)
        for name, value in fields:
            self.send_header(name, value)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(PAGE)))
        self.end_headers()
        self.wfile.write(PAGE)

http.server.ThreadingHTTPServer(("127.0.0.1", 3022), Application).serve_forever()
"""
HOST = "    proxy_set_header Host $host;\n"
TOLD = f"{HOST}    proxy_set_header X-Forwarded-Proto $scheme;\n"


FORM = APPLICATION[APPLICATION.index("<form") : APPLICATION.index("<p>Please")]
BY_SCRIPT = "点登录之后页面刷新，账号没登上"


def _serve(lab: Lab, fields: str, application: str = APPLICATION) -> None:
    lab.spawn(lab.server, lab.server.python("-c", application), 3022)
    passed = "    proxy_pass http://127.0.0.1:3022;\n"
    lab.change(PAGE, f"  location / {{\n{passed}{fields}  }}\n\n")


@scenario(
    outside=None, server="upstream.scheme-not-passed", target=LOGIN, args=(TO_HTTP,), differs=MINE
)
def login_redirects_to_http(lab: Lab) -> None:
    """https://github.com/haiwen/seafile/issues/1949"""
    _serve(lab, HOST)


@scenario(
    outside=None, server="upstream.scheme-not-passed", target=LOGIN, args=(TO_HTTP_ZH,),
    differs=MINE,
)  # fmt: skip
def login_redirects_to_http_in_chinese(lab: Lab) -> None:
    _serve(lab, HOST)


@scenario(
    outside=None, server="upstream.scheme-not-passed", target=LOGIN, args=(NO_SESSION,),
    differs=MINE,
)  # fmt: skip
def login_sets_no_cookie_for_http(lab: Lab) -> None:
    """https://github.com/bytedance/deer-flow/pull/3793: "login silently fails"."""
    _serve(lab, HOST)


@healthy(target=LOGIN)
def login_is_told_nothing_and_nobody_complains(lab: Lab) -> None:
    """Whether it depends on the field nobody knows."""
    _serve(lab, HOST)


@healthy(target=LOGIN, args=(TO_HTTP,))
def login_is_told_of_https(lab: Lab) -> None:
    _serve(lab, TOLD)


@healthy(target=LOGIN, args=(NO_SESSION,))
def login_with_a_cookie_is_told_of_https(lab: Lab) -> None:
    _serve(lab, TOLD)


def _discourse(lab: Lab, fields: str) -> None:
    """Its pages make the form by a script, and it is known by a field of its answers."""
    named = 'self.send_header("X-Discourse-Route", "list/latest")\n        '
    before = 'self.send_header("Content-Type"'
    _serve(lab, fields, APPLICATION.replace(FORM, "Shop").replace(before, named + before))


@scenario(outside=None, server="upstream.scheme-not-passed", args=(BY_SCRIPT,), differs=MINE)
def login_by_a_script_without_the_scheme(lab: Lab) -> None:
    """https://github.com/chaitin/SafeLine/issues/758"""
    _discourse(lab, HOST)


@healthy(args=(BY_SCRIPT,))
def login_by_a_script_with_the_scheme(lab: Lab) -> None:
    """The message is of the time before."""
    _discourse(lab, TOLD)
