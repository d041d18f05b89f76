"""The page's script signs in at another port without credentials, and the browser keeps no cookie.

After https://github.com/Binaryify/NeteaseCloudMusicApi/issues/426.
"""

from .. import site
from ..lab import Lab
from ..scenario import healthy, scenario
from .cross_origin_uses import PASS, PORTS, SILENT, TOKEN, _script, _site

WORDS = (
    "登录成功了，后面需要登录的接口都报需要登录，没有设置cookie。但在浏览器地址栏和POSTMAN正常",
)
ENGLISH = ("Login succeeds but the cookie is not set in the browser, in Postman it works",)
CODE = "the page's source is a person's"
#: The application signs in by a GET, and permits the page's cookies.
INTERFACE = SILENT.replace(
    'self.send_header("Content-Type"',
    f'self.send_header("Access-Control-Allow-Origin", "https://{site.NAME}")\n'
    '        self.send_header("Access-Control-Allow-Credentials", "true")\n'
    '        self.send_header("Access-Control-Allow-Headers", "authorization,content-type")\n'
    '        if self.path == "/login":\n'
    '            self.send_header("Set-Cookie", "USER=abc; Path=/; Secure; HttpOnly")\n'
    '        if self.path == "/pool":\n'
    '            self.send_header("Set-Cookie", "SERVERID=a; Path=/")\n'
    '        self.send_header("Content-Type"',
).replace("answer(405)", "answer(204)")
JSON = ", {method: 'POST', headers: {'Content-Type': 'application/json'}}"


def _sign_in(lab: Lab, path: str = "/login", more: str = "") -> None:
    lab.spawn(lab.server, lab.server.python("-c", INTERFACE), 3010)
    block = f"  location / {{ {PASS} }}\n"
    _site(lab, _script(8443, path, more), block, port=8443, name=site.NAME)


@scenario(outside="http.cookies-not-sent", args=WORDS, manual=CODE, not_on=PORTS)
def sign_in_at_another_port_without_credentials(lab: Lab) -> None:
    _sign_in(lab)


@scenario(outside="http.cookies-not-sent", args=ENGLISH, manual=CODE, not_on=PORTS)
def sign_in_by_post_at_another_port_without_credentials(lab: Lab) -> None:
    """The preflight shows that cookies are permitted, and no cookie: it is merely possible."""
    _sign_in(lab, more=JSON)


@healthy(not_on=PORTS)
def sign_in_without_credentials_and_nobody_complains(lab: Lab) -> None:
    _sign_in(lab)


@healthy(args=ENGLISH, not_on=PORTS)
def sign_in_at_another_port_with_credentials(lab: Lab) -> None:
    """What heals the fault."""
    _sign_in(lab, more=", {credentials: 'include'}")


@healthy(args=ENGLISH, not_on=PORTS)
def sign_in_at_another_port_by_a_token(lab: Lab) -> None:
    _sign_in(lab, more=TOKEN)
