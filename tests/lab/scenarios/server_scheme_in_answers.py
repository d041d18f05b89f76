"""Apache or HAProxy does not tell the application that visitors use https, and the page comes all
the same: without its Secure cookie, with http: addresses, or with a login that leads to http."""

from .. import apache, haproxy, site
from ..lab import HERE, Lab
from .apache import FILES, apache_scenario, healthy_apache
from .haproxy import haproxy_scenario, healthy_haproxy
from .logins_over_http import APPLICATION as LOGIN_APPLICATION
from .logins_over_http import LOGIN, TO_HTTP
from .nginx_other_requests_failed import visit
from .server_other_requests_failed import APACHE_LOG
from .upstream_scheme_in_answers import APPLICATION as ADDRESS_APPLICATION

SESSION = "I'm getting a new sessionID for every request, login does not work behind the proxy"
ACCOUNT = f"https://{site.NAME}/account"
SCHEME = "    RequestHeader set X-Forwarded-Proto https\n"
WHOLE = "    ProxyPass / http://127.0.0.1:3000/\n"
OF_HAPROXY = "    http-request set-header X-Forwarded-Proto https\n"


def _serve_apache(lab: Lab, path: str, port: int, scheme: str = "") -> None:
    """Apache with an application of its own at a path."""
    own = f"    ProxyPass {path} http://127.0.0.1:{port}{path}\n"
    text = apache.HTTPS.replace(SCHEME, scheme).replace(WHOLE, f"{own}{WHOLE}")
    apache.serve(lab, f"{text}\n{apache.HTTP}")


def _serve_account(lab: Lab) -> None:
    argv = lab.server.python(str(HERE / "applications" / "asked_server.py"), "session", "3001")
    lab.spawn(lab.server, argv, 3001)


@apache_scenario(
    outside=None, server="server.scheme-not-passed", target=ACCOUNT, args=(SESSION,), differs=FILES
)
def apache_and_a_secure_cookie_that_is_kept_back(lab: Lab) -> None:
    """https://github.com/expressjs/session/issues/251: `cookie.secure` behind Apache."""
    _serve_account(lab)
    _serve_apache(lab, "/account", 3001)


@healthy_apache(target=ACCOUNT, args=(SESSION,))
def apache_and_a_secure_cookie_with_the_scheme(lab: Lab) -> None:
    _serve_account(lab)
    _serve_apache(lab, "/account", 3001, SCHEME)


@healthy_apache(target=ACCOUNT)
def apache_and_a_secure_cookie_that_nobody_misses(lab: Lab) -> None:
    """Without a message and without a failed form nothing is asked."""
    _serve_account(lab)
    _serve_apache(lab, "/account", 3001)


@apache_scenario(outside=None, server="server.scheme-not-passed", target=ACCOUNT, differs=FILES)
def apache_and_a_form_without_its_session(lab: Lab) -> None:
    """The same, without a message: the access log has the form that was refused."""
    _serve_account(lab)
    lab.server.sh(f"rm -f {APACHE_LOG}")
    lab.undo(lambda: lab.server.sh(f"rm -f {APACHE_LOG}"))
    own = "".join(
        f"    ProxyPass {path} http://127.0.0.1:3001{path}\n" for path in ("/account", "/token")
    )
    lines = f"    CustomLog {APACHE_LOG} combined\n{own}"
    text = apache.HTTPS.replace(SCHEME, "").replace(WHOLE, f"{lines}{WHOLE}")
    apache.serve(lab, f"{text}\n{apache.HTTP}")
    visit(lab, "/token", "-d", "user=a")


@apache_scenario(
    outside=None, server="server.scheme-not-passed", target=LOGIN, args=(TO_HTTP,), differs=FILES
)
def apache_and_a_login_that_redirects_to_http(lab: Lab) -> None:
    lab.spawn(lab.server, lab.server.python("-c", LOGIN_APPLICATION), 3022)
    _serve_apache(lab, "/login", 3022)


@healthy_apache(target=LOGIN)
def apache_and_a_login_of_which_nobody_complains(lab: Lab) -> None:
    lab.spawn(lab.server, lab.server.python("-c", LOGIN_APPLICATION), 3022)
    _serve_apache(lab, "/login", 3022)


@apache_scenario(
    outside=None, server="server.scheme-not-passed", target=f"https://{site.NAME}/api",
    differs=FILES,
)  # fmt: skip
def apache_and_an_api_with_plain_addresses(lab: Lab) -> None:
    lab.spawn(lab.server, lab.server.python("-c", ADDRESS_APPLICATION, "json"), 3019)
    _serve_apache(lab, "/api", 3019)


@healthy_apache(target=f"https://{site.NAME}/api")
def apache_and_an_api_with_secure_addresses(lab: Lab) -> None:
    lab.spawn(lab.server, lab.server.python("-c", ADDRESS_APPLICATION, "json"), 3019)
    _serve_apache(lab, "/api", 3019, SCHEME)


RULES = """\
    use_backend account if { path_beg /account }
    default_backend app
"""
BACKEND = "\nbackend account\n    server account 127.0.0.1:3001\n"


def _serve_haproxy(lab: Lab, scheme: str) -> None:
    start = haproxy.SITE.index("frontend https")
    own = haproxy.SITE[start:].replace(OF_HAPROXY, scheme).replace(
        "    default_backend app\n", RULES, 1
    )  # fmt: skip
    haproxy.serve(lab, haproxy.SITE[:start] + own + BACKEND)


@haproxy_scenario(
    outside=None, server="server.scheme-not-passed", target=ACCOUNT, args=(SESSION,),
    differs=(haproxy.CONFIG,),
)  # fmt: skip
def haproxy_and_a_secure_cookie_that_is_kept_back(lab: Lab) -> None:
    _serve_account(lab)
    _serve_haproxy(lab, "")


@healthy_haproxy(target=ACCOUNT, args=(SESSION,))
def haproxy_and_a_secure_cookie_with_the_scheme(lab: Lab) -> None:
    _serve_account(lab)
    _serve_haproxy(lab, OF_HAPROXY)
