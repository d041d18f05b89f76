"""The application refuses the page below 500, or redirects it to itself, because of one part of the
request that nginx sends; and healthy sites that answer 4xx on purpose.

After threads on GitHub, Stack Overflow, Server Fault and the forums of Home Assistant and Plesk.
The applications are stand-ins that answer as the real ones do (applications/refusing_server.py).
"""

from .. import site
from ..lab import HERE, Lab
from ..scenario import healthy, scenario

MINE = (site.CONF,)
APPLICATION = "the application has to be configured"
PAGES = site.HTTPS[site.HTTPS.index("  location / {") : site.HTTPS.index("  location /ws")]
SCHEME = "    proxy_set_header X-Forwarded-Proto https;\n"
UPGRADE = "    proxy_set_header Upgrade $http_upgrade;\n"
HOST = "    proxy_set_header Host $http_host;\n"
PORT = "127.0.0.1:3001"
APP = f"https://{site.NAME}/app/"


def _refuses(lab: Lab, mode: str, page: str = PAGES, *options: str) -> None:
    """The site's page comes from this application; its WebSocket as ever."""
    program = str(HERE / "applications" / "refusing_server.py")
    lab.spawn(lab.server, lab.server.python(program, mode, "3001", *options), 3001)
    lab.change(PAGES, page.replace("127.0.0.1:3000", PORT))


def _serves_below(lab: Lab, mode: str, proxied: str) -> None:
    """The pages below /app/ come from this application, all others as ever."""
    program = str(HERE / "applications" / "refusing_server.py")
    lab.spawn(lab.server, lab.server.python(program, mode, "3001"), 3001)
    lab.change(PAGES, f"{PAGES}  location /app/ {{\n    proxy_pass {proxied};\n  }}\n")


# Headers


@scenario(outside=None, server="upstream.wrong-header", differs=MINE)
def every_page_asks_for_an_upgrade(lab: Lab) -> None:
    """Connection 'upgrade' in the location of all pages: Kestrel answers 400, after an issue of
    ASP.NET Core about a common nginx configuration."""
    lines = f"{UPGRADE}    proxy_set_header Connection 'upgrade';\n"
    _refuses(lab, "kestrel", PAGES.replace(HOST, HOST + lines))


@scenario(outside=None, server="upstream.wrong-header", differs=MINE)
def every_page_asks_for_an_upgrade_and_there_is_no_map(lab: Lab) -> None:
    """The same in the server block, for all its locations, and the map has to be written."""
    lines = "  proxy_set_header Upgrade $http_upgrade;\n  proxy_set_header Connection upgrade;\n"
    lab.edit(site.MAP, "")
    socket = site.HTTPS[site.HTTPS.index("    proxy_set_header Upgrade") :]
    lab.edit(socket, socket.replace("$connection_upgrade", "upgrade"))
    own = "".join(line for line in PAGES.splitlines(True) if "proxy_set_header" in line)
    above = f"  proxy_set_header Host $host;\n{lines}"
    lab.edit("  ssl_session_timeout", f"{above}  ssl_session_timeout")
    _refuses(lab, "kestrel", PAGES.replace(own, ""))


@scenario(outside=None, server="upstream.proxy-not-trusted", manual=APPLICATION)
def proxy_that_is_not_trusted(lab: Lab) -> None:
    """Home Assistant without trusted_proxies: "400: Bad Request"."""
    _refuses(lab, "home-assistant")


@scenario(outside=None, server="upstream.scheme-not-passed", differs=MINE)
def scheme_is_not_passed_and_https_is_required(lab: Lab) -> None:
    """Keycloak behind nginx: "HTTPS required"."""
    _refuses(lab, "keycloak", PAGES.replace(SCHEME, ""))


@scenario(outside=None, server="upstream.scheme-not-passed", differs=MINE)
def scheme_is_passed_wrong(lab: Lab) -> None:
    """X-Forwarded-Proto http, from the time before there was a certificate."""
    _refuses(lab, "keycloak", PAGES.replace(SCHEME, SCHEME.replace("https", "http")))


@scenario(outside=None, server="upstream.wrong-header", differs=MINE)
def forwarded_host_of_another_site(lab: Lab) -> None:
    """X-Forwarded-Host was copied from another site's configuration."""
    line = "    proxy_set_header X-Forwarded-Host www.example.org;\n"
    _refuses(lab, "forwarded-host", PAGES.replace(HOST, HOST + line))


@scenario(
    outside=None,
    server="upstream.wrong-header",
    args=("--header", "Authorization: Basic c2hvcDpzZWNyZXQ="),
    both=None,
    manual="only a visitor with a password sees it",
)
def password_of_nginx_reaches_the_application(lab: Lab) -> None:
    """auth_basic in front of an application with accounts of its own: "Invalid username or
    password", after threads about Grafana."""
    lab.server.write("/etc/nginx/shop.passwords", "shop:{PLAIN}secret\n")
    lines = "    auth_basic shop;\n    auth_basic_user_file /etc/nginx/shop.passwords;\n"
    _refuses(lab, "own-passwords", PAGES.replace(HOST, HOST + lines))


# The host name


@scenario(outside="http.host-refused", server="upstream.host-not-allowed", manual=APPLICATION)
def host_is_not_among_vites_allowed_hosts(lab: Lab) -> None:
    """Blocked request. This host ("shop.example.com") is not allowed."""
    _refuses(lab, "vite")


@scenario(outside="http.host-refused", server="upstream.host-not-allowed", manual=APPLICATION)
def host_is_not_among_webpacks_hosts(lab: Lab) -> None:
    """Version 3 says "Invalid Host header" with 200, after
    https://stackoverflow.com/questions/43619644."""
    _refuses(lab, "webpack")


@scenario(outside="http.host-refused", server="upstream.host-not-allowed", manual=APPLICATION)
def host_is_not_among_rails_hosts(lab: Lab) -> None:
    """Blocked hosts: shop.example.com, below a long style sheet."""
    _refuses(lab, "rails")


@scenario(outside="http.host-refused", server="upstream.host-not-allowed", manual=APPLICATION)
def host_is_not_among_djangos_allowed_hosts(lab: Lab) -> None:
    """DEBUG = False: "Bad Request (400)", and no word about the host."""
    _refuses(lab, "django")


@scenario(outside="http.host-refused", server="upstream.host-not-allowed", manual=APPLICATION)
def django_allows_another_name_alone(lab: Lab) -> None:
    """ALLOWED_HOSTS has neither the site's name nor localhost."""
    _refuses(lab, "django-alone")


# TLS and HTTP


@scenario(outside="http.misdirected", server="upstream.wrong-server-name", differs=MINE)
def apache_gets_no_server_name(lab: Lab) -> None:
    """Apache 2.4.64 came with a security update: 421 Misdirected Request for every site of a
    hosting panel, whose nginx sends no SNI."""
    tls = ("--certificate", site.PEM, "--key", site.KEY)
    _refuses(lab, "apache", PAGES.replace("http://127.0.0.1", "https://127.0.0.1"), *tls)


@scenario(outside="http.misdirected", server="upstream.wrong-server-name", differs=MINE)
def apache_gets_another_server_name(lab: Lab) -> None:
    """proxy_ssl_name is that of another site."""
    tls = ("--certificate", site.PEM, "--key", site.KEY)
    name = "    proxy_ssl_server_name on;\n    proxy_ssl_name www.example.org;\n"
    page = PAGES.replace("http://127.0.0.1", "https://127.0.0.1").replace(HOST, HOST + name)
    _refuses(lab, "apache", page, *tls)


VERSION = "    proxy_http_version 1.1;\n"


@scenario(outside=None, server="upstream.http-1-0", differs=MINE)
def envoy_refuses_http_1_0(lab: Lab) -> None:
    """426 Upgrade Required: nginx speaks HTTP/1.0 unless it is told otherwise."""
    _refuses(lab, "envoy", PAGES.replace(VERSION, ""))


# The path


@scenario(outside=None, server="upstream.wrong-path", target=APP, differs=MINE)
def prefix_is_cut_off(lab: Lab) -> None:
    """proxy_pass with a slash, and an application with a base path: 404."""
    _serves_below(lab, "sub-path", f"http://{PORT}/")


@scenario(outside="http.redirect-loop", server="upstream.wrong-path", target=APP, differs=MINE)
def prefix_is_cut_off_and_redirected_to(lab: Lab) -> None:
    """Grafana with serve_from_sub_path: it redirects to /app/ for ever."""
    _serves_below(lab, "sub-path-redirects", f"http://{PORT}/")


@scenario(outside=None, server="upstream.wrong-path", target=APP, differs=MINE)
def prefix_is_kept(lab: Lab) -> None:
    """proxy_pass without a slash, and an application at its root: "Cannot GET /app/"."""
    _serves_below(lab, "whole-site", f"http://{PORT}")


def _twice(lab: Lab, location: str) -> None:
    """The location of the prefix has the application and the settings of `location /`."""
    program = str(HERE / "applications" / "refusing_server.py")
    lab.spawn(lab.server, lab.server.python(program, "whole-site", "3001"), 3001)
    page = PAGES.replace("127.0.0.1:3000", PORT)
    lab.change(PAGES, page + page.replace("location /", location, 1))


MISSED = f"the custom location is not working, 404 not found on {APP}"


@scenario(
    outside=None, server="upstream.wrong-path", target=APP, args=(MISSED,), differs=MINE,
    unsure=("client",),
)  # fmt: skip
def prefix_is_kept_with_the_same_settings(lab: Lab) -> None:
    """https://github.com/NginxProxyManager/nginx-proxy-manager/issues/4220: a custom location
    without a slash behind its target."""
    _twice(lab, "location /app/")


@healthy(target=APP)
def location_with_the_same_settings_and_no_message(lab: Lab) -> None:
    """An interface has no page at its own path."""
    _twice(lab, "location /app/")


# Another protocol


def _gateway(lab: Lab, protocol: str) -> None:
    program = str(HERE / "applications" / "gateway_server.py")
    lab.spawn(lab.server, lab.server.python(program, protocol, "9000"), 9000)
    lab.change(PAGES, PAGES.replace("127.0.0.1:3000", "127.0.0.1:9000"))


@scenario(outside="http.server-error", server="upstream.wrong-protocol", manual="a PHP application")
def proxied_to_php(lab: Lab) -> None:
    """proxy_pass http://127.0.0.1:9000, which is PHP-FPM."""
    _gateway(lab, "php")


@scenario(outside="http.server-error", server="upstream.wrong-protocol", manual="a broker")
def proxied_to_mqtt(lab: Lab) -> None:
    """The port of MQTT over TCP, after issues of mosca and Paho."""
    _gateway(lab, "mqtt")


@scenario(outside="http.server-error", server="upstream.wrong-protocol", manual="a listener of it")
def proxied_without_a_proxy_header(lab: Lab) -> None:
    """The listener wants a PROXY header, after an issue of EMQX."""
    _gateway(lab, "proxy")


@scenario(outside="http.server-error", server="upstream.wrong-protocol", manual="its page is 400")
def proxied_to_a_uwsgi_socket(lab: Lab) -> None:
    """uWSGI's `socket` in place of `http-socket`."""
    _gateway(lab, "uwsgi")


# Healthy


@healthy()
def application_wants_a_login(lab: Lab) -> None:
    _refuses(lab, "login")


@healthy()
def application_refuses_robots(lab: Lab) -> None:
    """403 for everything that is no browser, whatever nginx sends."""
    _refuses(lab, "no-bots")


@healthy()
def application_lets_the_office_in(lab: Lab) -> None:
    """403 by the visitor's address in X-Forwarded-For. Without the field it would answer 200, and
    that is no reason to remove it."""
    _refuses(lab, "lan-only")


@healthy()
def application_that_takes_posts_alone(lab: Lab) -> None:
    _refuses(lab, "post-only")


@healthy()
def application_that_wants_parameters(lab: Lab) -> None:
    """400 at its root, with any header."""
    _refuses(lab, "parameters")


@healthy(target=APP)
def interface_without_a_root(lab: Lab) -> None:
    """An interface under /app/ has no page there, and a number at its own root."""
    _serves_below(lab, "api", f"http://{PORT}")


@healthy(target=APP)
def interface_of_a_site_that_answers_everything(lab: Lab) -> None:
    """The same application serves / and /app/: the prefix is kept on purpose."""
    below = f"  location /app/ {{\n    proxy_pass http://{PORT};\n  }}\n"
    _refuses(lab, "catch-all", f"{PAGES}{below}")


@healthy()
def upgrade_on_every_page_that_nobody_minds(lab: Lab) -> None:
    """Connection 'upgrade' on every request, and an application that asks for a login."""
    _refuses(lab, "login", PAGES.replace(HOST, HOST + "    proxy_set_header Connection upgrade;\n"))


@healthy()
def application_that_answers_one_in_two(lab: Lab) -> None:
    """400 by turns: a change that seems to help is not the reason, and a control says so."""
    _refuses(lab, "one-in-two", PAGES.replace(VERSION, ""))


@healthy()
def page_about_blocked_hosts(lab: Lab) -> None:
    """The page of a filter of advertisements: it talks of blocked hosts, and refuses none."""
    _refuses(lab, "blocklist")
