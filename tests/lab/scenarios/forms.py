"""Forms that fail where pages work: what nginx tells an application about the visitor's origin.

The applications are stand-ins with the words of the real ones (applications/guarded_server.py).
"""

from .. import apache, site
from ..lab import Lab
from ..scenario import healthy, scenario
from .apache import apache_scenario, healthy_apache
from .caddy import caddy_scenario, healthy_caddy
from .firewall import firewalld
from .hidden_reasons import application, behind_caddy, behind_nginx
from .nginx_other_requests_failed import LOG, visit

MINE = (site.CONF,)
PAGES = site.HTTPS[site.HTTPS.index("  location / {") : site.HTTPS.index("  location /ws")]
HOST = "    proxy_set_header Host $http_host;\n"
SCHEME = "    proxy_set_header X-Forwarded-Proto https;\n"
FORM = f"https://{site.NAME}/login"
POST = ("--method", "POST")
SETTINGS = "the application's settings are a person's"


def guarded(lab: Lab, mode: str, page: str = PAGES) -> None:
    """The site's pages and forms come from this application; its WebSocket as ever."""
    lab.spawn(lab.server, lab.server.application("guarded_server", mode, "3001"), 3001)
    lab.change(PAGES, page.replace("127.0.0.1:3000", "127.0.0.1:3001"))


def log_of_forms(lab: Lab, port: str) -> None:
    """The site's own access log, which is empty."""
    lab.server.sh(f"rm -f {LOG}")
    lab.undo(lambda: lab.server.sh(f"rm -f {LOG}"))
    passed = f"  location / {{\n    proxy_pass http://127.0.0.1:{port};"
    lab.change(passed, f"  access_log {LOG} combined;\n{passed}")


@scenario(
    outside=None, server="upstream.origin-mismatch", target=FORM, args=POST, differs=MINE,
)  # fmt: skip
def forms_of_django_without_the_host(lab: Lab) -> None:
    """ "Referer checking failed", after an issue of Sentry: nginx passes no Host."""
    guarded(lab, "django", PAGES.replace(HOST, ""))


@scenario(
    outside=None, server="upstream.origin-mismatch", target=FORM, args=POST, differs=MINE
)  # fmt: skip
def forms_of_django_and_a_misspelled_header(lab: Lab) -> None:
    """X-Forward-Proto in the place of X-Forwarded-Proto, after an issue of QFieldCloud."""
    guarded(lab, "django-debug", PAGES.replace("X-Forwarded-Proto", "X-Forward-Proto"))


@scenario(
    outside=None, server="upstream.origin-mismatch", target=FORM, args=POST, differs=MINE
)  # fmt: skip
def forms_of_django_without_any_header(lab: Lab) -> None:
    """proxy_pass alone: neither the scheme nor the name is passed on."""
    guarded(lab, "django", PAGES.replace(HOST, "").replace(SCHEME, ""))


@scenario(outside=None, server="upstream.origin-mismatch", differs=MINE)
def log_has_forms_that_django_refuses(lab: Lab) -> None:
    """A run for the page alone: "CSRF verification failed" for every login, after
    https://github.com/paperless-ngx/paperless-ngx/issues/712."""
    guarded(lab, "django-page", PAGES.replace(SCHEME, ""))
    log_of_forms(lab, "3001")
    visit(lab, "/login", "-d", "user=anna", "-H", f"Origin: https://{site.NAME}")


@healthy()
def log_has_a_form_that_django_refuses_for_its_token(lab: Lab) -> None:
    """nginx tells Django all: the visitor's form was old."""
    guarded(lab, "django-page")
    log_of_forms(lab, "3001")
    visit(lab, "/login", "-d", "user=anna", "-H", f"Origin: https://{site.NAME}")


@healthy()
def log_has_a_form_that_rails_got_wrong(lab: Lab) -> None:
    """422 is Rails' answer to a form that was filled in wrongly, too."""
    guarded(lab, "rails-page")
    log_of_forms(lab, "3001")
    visit(lab, "/login", "-d", "user=anna", "-H", f"Origin: https://{site.NAME}")


@scenario(outside=None, server="upstream.origin-mismatch", target=FORM, args=POST, manual=SETTINGS)
def forms_of_django_that_trusts_no_proxy(lab: Lab) -> None:
    """No SECURE_PROXY_SSL_HEADER, after an issue of hll_rcon_tool: nginx says all, and Django does
    not believe it."""
    guarded(lab, "django-blind")


@scenario(
    outside=None, server="upstream.origin-mismatch", target=FORM, args=POST, differs=MINE
)  # fmt: skip
def forms_of_rails_without_the_scheme(lab: Lab) -> None:
    """ "HTTP Origin header didn't match request.base_url", after pull requests that add
    X-Forwarded-Proto."""
    guarded(lab, "rails", PAGES.replace(SCHEME, ""))


@scenario(
    outside="http.server-error", server="upstream.origin-mismatch", target=FORM, args=POST,
    differs=MINE,
)  # fmt: skip
def server_actions_and_the_forwarded_host(lab: Lab) -> None:
    """ "x-forwarded-host header does not match origin header", after an issue of Next.js."""
    line = "    proxy_set_header X-Forwarded-Host $proxy_host;\n"
    guarded(lab, "nextjs", PAGES.replace(HOST, HOST + line))


@scenario(
    outside="http.server-error", server="upstream.origin-mismatch", args=POST,
    target=f"https://{site.NAME}:8443/login", manual="the laboratory's visitor uses port 443",
)  # fmt: skip
def server_actions_and_a_name_without_the_port(lab: Lab) -> None:
    """Issues 77556 of vercel/next.js and 2920 of formbricks/formbricks: X-Forwarded-Host $host, at
    another port than 443."""
    line = "    proxy_set_header X-Forwarded-Host $host;\n"
    firewalld(lab, "--zone=public --add-port=8443/tcp")
    lab.edit("listen 443 ssl;", "listen 8443 ssl;")
    lab.edit(site.HTTP, "")
    guarded(lab, "nextjs", PAGES.replace(HOST, HOST + line))


@scenario(
    outside=None, server="upstream.origin-mismatch", target=FORM, args=POST, differs=MINE
)  # fmt: skip
def grafana_allows_no_origin(lab: Lab) -> None:
    """ "origin not allowed", after many issues of Grafana 8.3.5 and later: nginx passes no Host."""
    guarded(lab, "grafana", PAGES.replace(HOST, ""))


@healthy(target=FORM, args=POST)
def forms_of_django_want_a_token(lab: Lab) -> None:
    """403 for an empty form, whose origin is right: the token is missing."""
    guarded(lab, "django")


@healthy(target=FORM, args=POST)
def forms_of_laravel_want_a_token(lab: Lab) -> None:
    """419 "Page Expired" for a form without its token and cookie."""
    guarded(lab, "laravel")


@healthy()
def referrer_policy_hides_the_origin(lab: Lab) -> None:
    """Referrer-Policy no-referrer on a site that checks no origin."""
    line = "  add_header Referrer-Policy no-referrer always;\n"
    lab.change(PAGES, line + PAGES)


@scenario(
    outside="http.server-error", server="upstream.wrong-header", differs=MINE
)  # fmt: skip
def application_hangs_up_on_an_upgrade(lab: Lab) -> None:
    """502 for every page: Connection "Upgrade" with each of them, and the application closes the
    connection, after an issue of Invidious."""
    lines = (
        '    proxy_set_header Upgrade $http_upgrade;\n    proxy_set_header Connection "Upgrade";\n'
    )
    guarded(lab, "upgrade-closes", PAGES.replace(HOST, HOST + lines))


@scenario(outside=None, server="upstream.origin-mismatch", target=FORM, args=POST, manual=SETTINGS)
def sveltekit_without_its_origin(lab: Lab) -> None:
    """ "Cross-site POST form submissions are forbidden": adapter-node without ORIGIN."""
    guarded(lab, "sveltekit-blind")


@scenario(
    outside=None, server="upstream.origin-mismatch", target=FORM, args=POST, differs=MINE
)  # fmt: skip
def host_is_not_inherited_beside_another_header(lab: Lab) -> None:
    """Host is set in the server block, and the location has a proxy_set_header of its own, after an
    issue of Grafana that "still doesn't work"."""
    guarded(lab, "grafana", f"  proxy_set_header Host $http_host;\n{PAGES.replace(HOST, '')}")


# Behind Apache


def _guarded_behind_apache(lab: Lab, https: str) -> None:
    lab.spawn(lab.server, lab.server.application("guarded_server", "django", "3001"), 3001)
    text = https.replace("http://127.0.0.1:3000", "http://127.0.0.1:3001")
    apache.serve(lab, f"{text}\n{apache.HTTP}")


@apache_scenario(
    outside=None, server="server.form-refused", target=FORM, args=POST, manual=SETTINGS
)
def forms_of_django_behind_apache(lab: Lab) -> None:
    """Issue 750 of sissbruecker/linkding: Apache does not say that visitors use https."""
    line = "    RequestHeader set X-Forwarded-Proto https\n"
    _guarded_behind_apache(lab, apache.HTTPS.replace(line, ""))


@healthy_apache(target=FORM, args=POST)
def forms_of_django_behind_apache_want_a_token(lab: Lab) -> None:
    """Apache says it, and an empty form is refused for its token."""
    _guarded_behind_apache(lab, apache.HTTPS)


@apache_scenario(outside=None, server="server.form-refused", differs=(apache.SITE,))
def log_of_apache_has_forms_that_django_refuses(lab: Lab) -> None:
    """A run for the page alone: Apache does not say that visitors use https, and its log has the
    login again and again, after issue 750 of sissbruecker/linkding."""
    lab.spawn(lab.server, lab.server.application("guarded_server", "django-page", "3001"), 3001)
    text = apache.HTTPS.replace("    RequestHeader set X-Forwarded-Proto https\n", "")
    apache.serve(
        lab, f"{text.replace('http://127.0.0.1:3000', 'http://127.0.0.1:3001')}\n{apache.HTTP}"
    )
    for _ in range(2):
        visit(lab, "/login", "-d", "user=anna", "-H", f"Origin: https://{site.NAME}")


@healthy_apache()
def log_of_apache_has_a_form_with_an_old_token(lab: Lab) -> None:
    """Apache says all, and one visitor's form was old."""
    lab.spawn(lab.server, lab.server.application("guarded_server", "django-page", "3001"), 3001)
    text = apache.HTTPS.replace("http://127.0.0.1:3000", "http://127.0.0.1:3001")
    apache.serve(lab, f"{text}\n{apache.HTTP}")
    visit(lab, "/login", "-d", "user=anna", "-H", f"Origin: https://{site.NAME}")


# What nginx itself leaves out or refuses


@scenario(outside=None, server="upstream.request-parts-dropped", differs=MINE)
def cookies_of_a_form_are_hidden(lab: Lab) -> None:
    """ "CSRF cookie not set": `proxy_hide_header Set-Cookie` from a guide to caching."""
    guarded(lab, "django-page", PAGES.replace(HOST, f"{HOST}    proxy_hide_header Set-Cookie;\n"))
    log_of_forms(lab, "3001")
    for _ in range(2):
        visit(lab, "/login", "-d", "user=anna", "-H", f"Origin: https://{site.NAME}")


@scenario(outside=None, server="nginx.method-denied", differs=MINE)
def forms_are_refused_by_limit_except(lab: Lab) -> None:
    """403 for a login: `limit_except GET` from a guide to pages that are read alone."""
    limit = "    limit_except GET {\n      deny all;\n    }\n"
    guarded(lab, "django-page", PAGES.replace(HOST, f"{HOST}{limit}"))
    log_of_forms(lab, "3001")
    visit(lab, "/login", "-d", "user=anna", "-H", f"Origin: https://{site.NAME}")


@scenario(
    outside=None, server="nginx.method-denied", manual="what is closed may be meant",
    args=(f"DELETE https://{site.NAME}/ 403 (Forbidden)",),
)  # fmt: skip
def deletions_are_refused_by_limit_except(lab: Lab) -> None:
    """Pages and forms work; the message names the method."""
    limit = "    limit_except GET POST {\n      deny all;\n    }\n"
    lab.change(PAGES, PAGES.replace(HOST, f"{HOST}{limit}"))


@scenario(
    outside=None, server="nginx.rule-refuses", differs=(site.CONF,),
    args=("the login form gets 405 Not Allowed",),
)  # fmt: skip
def forms_are_refused_by_a_list_of_methods(lab: Lab) -> None:
    """A condition from a guide to hardening; the message has the status alone."""
    rule = "    if ($request_method !~ ^(GET|HEAD)$ ) {\n      return 405;\n    }\n"
    lab.change(PAGES, PAGES.replace(HOST, f"{HOST}{rule}"))


@healthy(args=("the login form gets 405 Not Allowed",))
def a_list_of_methods_lets_forms_pass(lab: Lab) -> None:
    """The same list with POST in it: the message is about something else."""
    rule = "    if ($request_method !~ ^(GET|HEAD|POST)$ ) {\n      return 405;\n    }\n"
    lab.change(PAGES, PAGES.replace(HOST, f"{HOST}{rule}"))


@scenario(outside=None, server="upstream.request-header-too-large", differs=MINE)
def cookies_do_not_fit_into_a_small_buffer(lab: Lab) -> None:
    """400 for visitors with large cookies, and the page for all others."""
    line = "  client_header_buffer_size 1k;\n  large_client_header_buffers 4 1k;\n"
    lab.change(PAGES, f"{line}{PAGES}")
    log_of_forms(lab, "3000")
    for _ in range(2):
        visit(lab, "/", "-b", f"a={'x' * 3000}", referer="")


@healthy()
def cookies_fit_into_a_buffer(lab: Lab) -> None:
    """The same cookies with nginx's own buffers."""
    log_of_forms(lab, "3000")
    for _ in range(2):
        visit(lab, "/", "-b", f"a={'x' * 3000}", referer="")


BROKEN = "It appears that your reverse proxy set up is broken."


@scenario(outside=None, server="nginx.documented-setting", args=(BROKEN,), differs=MINE)
def message_of_jenkins_where_nginx_passes_no_host(lab: Lab) -> None:
    """After https://www.sergiosanchez.com/posts/broken-reverse-proxy/: its page builds itself, and
    the words are what tells the program."""
    lab.change(PAGES, PAGES.replace(HOST, "").replace(SCHEME, ""))


#: What an application answers before a login.
WITHHELD = """
import http.server, sys

class Application(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        body = b"<!doctype html><title>x</title>Authentication required"
        self.send_response(403)
        self.send_header("X-Jenkins", "2.89")
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_HEAD = do_GET
    log_message = lambda *_: None

http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Application).serve_forever()
"""


@healthy()
def jenkins_before_a_login_where_nginx_passes_no_host(lab: Lab) -> None:
    """A note says what its documentation asks for: nobody reports a fault."""
    lab.spawn(lab.server, lab.server.python("-c", WITHHELD, "8090"), 8090)
    lab.change(PAGES, PAGES.replace(HOST, "").replace(SCHEME, "").replace(":3000", ":8090"))


@healthy(args=(BROKEN,))
def message_of_jenkins_where_nginx_passes_all(lab: Lab) -> None:
    """The message is of another time."""


@caddy_scenario(outside=None, server="server.form-refused", manual=SETTINGS)
def caddy_form_whose_origin_django_does_not_trust(lab: Lab) -> None:
    """A run for the page alone. Caddy keeps no log of requests unless it is told to; Django's log
    names the origin of a login that was refused."""
    behind_caddy(lab, "form-origin")
    visit(lab, "/login", "-d", "user=anna", "-H", f"Origin: https://{site.NAME}")


@healthy_caddy()
def caddy_form_whose_token_django_does_not_know(lab: Lab) -> None:
    """The visitor's form was old."""
    behind_caddy(lab, "form-token")
    visit(lab, "/login", "-d", "user=anna", "-H", f"Origin: https://{site.NAME}")


def _sent_form(lab: Lab, mode: str) -> None:
    log_of_forms(lab, "3000")
    behind_nginx(lab, mode)
    visit(lab, "/login", "-d", "user=anna&_csrf=c1x2", "-H", f"Origin: https://{site.NAME}")


@scenario(outside=None, server="http.session-cookie-missing", manual=SETTINGS)
def form_of_a_page_without_a_session_cookie(lab: Lab) -> None:
    """express-session with `cookie.secure` and without `trust proxy`: "CSRF token mismatch" for
    every login."""
    _sent_form(lab, "form-session")


@healthy()
def form_of_a_page_with_a_session_cookie(lab: Lab) -> None:
    """A visitor's form was old: the page sets the cookie."""
    _sent_form(lab, "form-cookie")


@healthy()
def page_with_a_token_and_without_a_session_cookie(lab: Lab) -> None:
    """Nobody's form was refused: a script may set the cookie."""
    behind_nginx(lab, "form-session")


HARDENED = '  proxy_cookie_path / "/; HttpOnly; Secure; SameSite=Lax";\n'


def _pages_of(lab: Lab, mode: str) -> None:
    """The site's pages come from this application; its WebSocket as ever."""
    application(lab, mode)
    passed = f"  access_log {LOG} combined;\n  location / {{\n    proxy_pass http://127.0.0.1:"
    lab.change(f"{passed}3000;", f"{passed}3001;")


def _cookies_for_scripts(lab: Lab, lines: str, *fields: str) -> None:
    log_of_forms(lab, "3000")
    lab.change("  access_log", f"{lines}  access_log")
    _pages_of(lab, "angular")
    visit(lab, "/api/items", "-d", "{}", *fields)


@scenario(outside=None, server="http.cookie-hidden-from-scripts", differs=MINE)
def every_cookie_gets_httponly(lab: Lab) -> None:
    """A line of a list of security settings: Angular cannot read XSRF-TOKEN, and every POST of its
    pages gets 403."""
    _cookies_for_scripts(lab, HARDENED)


@healthy()
def session_cookies_get_httponly_and_requests_are_accepted(lab: Lab) -> None:
    """The same line, and nothing is refused: the front end has its token from elsewhere."""
    _cookies_for_scripts(lab, HARDENED, "-H", "X-XSRF-TOKEN: c1")


def _framed(lab: Lab, *fields: str) -> None:
    log_of_forms(lab, "3000")
    _pages_of(lab, "frame")
    for _ in range(2):
        visit(lab, "/api/me", *fields)


@scenario(outside=None, server="http.cookie-not-sent-in-frame", differs=MINE)
def cookie_is_not_sent_inside_of_another_site(lab: Lab) -> None:
    """The portal of another site shows the page, and browsers keep the cookie back."""
    _framed(lab)


@healthy()
def cookie_is_sent_to_a_page_that_may_be_embedded(lab: Lab) -> None:
    """The page may be embedded, and visitors come to its own address."""
    _framed(lab, "-b", "sid=s1")
