"""nginx asks for a password, and the page's scripts send a token in the same field."""

from .. import site
from ..lab import Lab
from ..scenario import healthy, scenario
from .nginx_other_requests_failed import log_of_its_own, visit

ASKS = "    auth_basic Private;\n    auth_basic_user_file /etc/nginx/htpasswd;\n    proxy_http"
BEARER = ("-H", "Authorization: Bearer eyJhbGciOiJIUzI1NiJ9.e30.c2ln")
PASSWORD = ("-u", "anna:secret")
ME = "/api/users/me"
MINE = f"https://{site.NAME}{ME}"


def behind_a_password(lab: Lab, location: str = "") -> None:
    lab.server.write("/etc/nginx/htpasswd", "anna:{PLAIN}secret\n")
    log_of_its_own(lab, location)
    lab.change("    proxy_http", ASKS)


def sign_in(lab: Lab) -> None:
    """A browser is asked for the password, and gets the page."""
    visit(lab, "/", referer="")
    visit(lab, "/", *PASSWORD, referer="")


@scenario(outside=None, server="nginx.token-refused", manual="each way opens something")
def token_takes_the_place_of_the_password(lab: Lab) -> None:
    """https://github.com/sensu/uchiwa/issues/559, https://github.com/Tmeister/wp-api-jwt-auth/issues/291,
    https://github.com/coollabsio/openclaw/pull/87"""
    behind_a_password(lab)
    sign_in(lab)
    visit(lab, ME, *BEARER)
    visit(lab, "/api/items", "-X", "PATCH", "-d", "{}", *BEARER)


@scenario(
    outside=None, server="nginx.token-refused", manual="each way opens something",
    args=("采用nginx反代并开启auth_basic验证后nginx反复要求验证或者登陆界面不工作",),
    unsure=("client",),
)  # fmt: skip
def token_and_the_window_that_comes_again(lab: Lab) -> None:
    """https://github.com/869413421/chatgpt-web/issues/105: the application's login sends its token
    at once, and the browser asks for nginx's password again."""
    behind_a_password(lab)
    sign_in(lab)
    visit(lab, "/user/auth", "-X", "POST", "-d", "{}", *BEARER)


@scenario(
    outside=None, server="nginx.password-twice", manual="each way opens something",
    args=("the login window keeps popping up although I put in the right password",),
    unsure=("client",),
)  # fmt: skip
def window_comes_again_and_no_token_reaches_the_application(lab: Lab) -> None:
    """https://github.com/NginxProxyManager/nginx-proxy-manager/issues/3309: the access list takes
    the field that the application needs."""
    behind_a_password(lab)
    lab.change("    proxy_http", '    proxy_set_header Authorization "";\n    proxy_http')


@healthy()
def interface_checks_its_token_itself(lab: Lab) -> None:
    """Healed: nginx does not ask at the interface, and the application answers."""
    passes = "    auth_basic off;\n    proxy_pass http://127.0.0.1:3000;\n"
    behind_a_password(lab, f"  location /api/ {{\n{passes}  }}\n")
    sign_in(lab)
    visit(lab, ME, *BEARER)


@healthy()
def password_is_asked_of_strangers(lab: Lab) -> None:
    """Wrong passwords, none at all, and the manifest, which browsers ask for without one."""
    behind_a_password(lab)
    sign_in(lab)
    visit(lab, "/manifest.json")
    visit(lab, "/admin", "-u", "anna:wrong")
    visit(lab, "/admin", referer="")


@scenario(
    outside=None, server="nginx.token-refused", manual="each way opens something", target=MINE
)  # fmt: skip
def token_is_refused_at_the_address_itself(lab: Lab) -> None:
    """The run is for the address that a visitor's console names."""
    behind_a_password(lab)
    sign_in(lab)
    for _ in range(2):
        visit(lab, ME, *BEARER)


@healthy(target=MINE)
def password_is_asked_at_the_address_itself(lab: Lab) -> None:
    """A stranger has no password there, and a visitor's browser sends it."""
    behind_a_password(lab)
    sign_in(lab)
    visit(lab, ME, *PASSWORD)
    visit(lab, ME, referer="")
