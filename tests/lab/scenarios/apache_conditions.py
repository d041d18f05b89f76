"""Apache: conditions and patterns of RewriteRule that miss requests."""

from .. import apache
from ..lab import Lab
from .apache import FILES, WS, apache_scenario, healthy_apache
from .apache_threads import site_with
from .logged_websockets import _browser

RULES = """\
RewriteEngine On
RewriteCond %{HTTP:Upgrade} websocket [NC]
RewriteCond %{HTTP:Connection} ^Upgrade$ [NC]
RewriteRule ^/?(.*) "ws://127.0.0.1:3000/$1" [P,L]
ProxyPass / http://127.0.0.1:3000/
"""


@apache_scenario(outside=None, server="websocket.connection-compared", args=WS, differs=FILES)
def apache_compares_the_whole_connection_field(lab: Lab) -> None:
    """`^Upgrade$` is true for Chrome's handshake, and false for Firefox's."""
    apache.serve(lab, site_with(RULES))


@healthy_apache(args=WS)
def apache_compares_a_part_of_the_connection_field(lab: Lab) -> None:
    apache.serve(lab, site_with(RULES.replace("^Upgrade$", "upgrade")))


@healthy_apache(args=WS)
def apache_compares_a_connection_field_that_decides_nothing(lab: Lab) -> None:
    """ProxyPass itself passes the upgrade on, so Firefox's handshake opens too."""
    rules = RULES.replace(":3000/\n", ":3000/ upgrade=websocket\n")
    apache.serve(lab, site_with(rules))


# A rule of a virtual host whose pattern is that of an .htaccess

UNSLASHED = """\
RewriteEngine On
RewriteCond %{HTTP:Upgrade} websocket [NC]
RewriteRule ^ws(.*) ws://127.0.0.1:3000/ws$1 [P,L]
ProxyPass / http://127.0.0.1:3000/
"""


@apache_scenario(
    outside="websocket.not-upgraded",
    server="server.apache-pattern-without-slash",
    args=WS,
    differs=FILES,
)
def apache_rule_of_a_virtual_host_lacks_the_slash(lab: Lab) -> None:
    """A path begins with a slash there; in an .htaccess it does not."""
    apache.serve(lab, site_with(UNSLASHED))


@healthy_apache(args=WS)
def apache_rule_of_a_virtual_host_has_the_slash(lab: Lab) -> None:
    apache.serve(lab, site_with(UNSLASHED.replace("^ws", "^/ws")))


# Rules of the virtual host that refuse what the site's page sends, by the access log

PAGES = """\
{}ProxyPass /ws ws://127.0.0.1:3000/ws
ProxyPass / http://127.0.0.1:3000/
"""
LIMITED = """\
<Location />
    <LimitExcept GET>
        Require all denied
    </LimitExcept>
</Location>
"""


def _send_login(lab: Lab, lines: str) -> None:
    apache.serve(lab, site_with(PAGES.format(lines)))
    _browser(lab, "/login", "-e", "https://shop.example.com/", "-d", "user=anna")


@apache_scenario(
    outside=None, server="server.visitors-refused", differs=FILES, manual="a rule of access"
)
def apache_refuses_every_post(lab: Lab) -> None:
    """A GET of the page is answered, and a login is not."""
    _send_login(lab, LIMITED)


@healthy_apache()
def apache_refuses_a_method_that_no_page_sends(lab: Lab) -> None:
    """A program that looks for weak sites sends it, and comes from no page."""
    apache.serve(lab, site_with(PAGES.format(LIMITED.replace("GET", "GET POST"))))
    _browser(lab, "/login", "-X", "PUT", "-d", "user=anna")


# A path in another case

SOCKET = "ProxyPass {} ws://127.0.0.1:3000/ws\nProxyPass / http://127.0.0.1:3000/\n"


@apache_scenario(
    outside="websocket.not-upgraded",
    server="server.apache-path-misspelt",
    args=WS,
    differs=FILES,
)
def apache_path_of_the_websocket_is_in_upper_case(lab: Lab) -> None:
    apache.serve(lab, site_with(SOCKET.format("/WS")))


@healthy_apache(args=WS)
def apache_has_a_path_in_both_cases(lab: Lab) -> None:
    both = "ProxyPass /WS http://127.0.0.1:3000/\n" + SOCKET.format("/ws")
    apache.serve(lab, site_with(both))


# A path that is excluded, and of which Apache has no file

EXCLUDED = "{}ProxyPass / http://127.0.0.1:3001/\n"


def _serve_pages(lab: Lab, lines: str) -> None:
    words = lab.server.application("paths_server", "3001", "/:/assets/app.js", "/assets/app.js")
    lab.spawn(lab.server, words, 3001)
    apache.serve(lab, site_with(EXCLUDED.format(lines)))


@apache_scenario(
    outside="http.page-file-missing",
    server="server.path-excluded",
    differs=FILES,
    manual="the application has no WebSocket",
)
def apache_excludes_a_file_that_the_application_has(lab: Lab) -> None:
    _serve_pages(lab, "ProxyPass /assets !\n")


@healthy_apache()
def apache_excludes_nothing_of_the_application(lab: Lab) -> None:
    _serve_pages(lab, "ProxyPass /status !\n")
