"""A program changes something by PUT, PATCH or DELETE, and the list of methods that are let in
lacks it. The same program gets the same path by GET. The server's log has it; no message tells of
it."""

from .. import apache, caddy, haproxy, site
from ..lab import Lab
from ..scenario import healthy, scenario
from .apache import FILES, apache_scenario, healthy_apache
from .apache_threads import site_with
from .caddy import caddy_scenario
from .haproxy import haproxy_scenario
from .nginx_other_requests_failed import log_of_its_own
from .server_other_requests_failed import serve_haproxy

ORDER = "/api/orders/7"
TARGET = f"https://{site.NAME}{ORDER}"
MEANT = "a person decides which methods are let in"


def _program(lab: Lab, *methods: str, path: str = ORDER) -> None:
    """A program that gets an order, and tries to change it."""
    words = ["curl", "-sk", "-o", "/dev/null", "-A", "okhttp/4.12.0"]
    for method in ("GET", *methods, *methods):
        lab.client.run([*words, "-X", method, f"https://{site.NAME}{path}"])


def _interface(lab: Lab, lines: str) -> None:
    """A location for the interface, which is answered by a block of nginx's own."""
    lab.edit(
        site.MAP,
        f"{site.MAP}\nserver {{\n  listen 127.0.0.1:3001;\n  default_type application/json;\n"
        "  location / { return 200 '{}'; }\n}\n",
    )
    passed = f"    proxy_pass http://127.0.0.1:3001;\n{lines}"
    log_of_its_own(lab, f"  location /api/ {{\n{passed}  }}\n")
    _program(lab, "PUT", "DELETE")


@scenario(outside=None, server="nginx.rule-refuses", target=TARGET, manual=MEANT)
def nginx_condition_lacks_the_methods_of_a_program(lab: Lab) -> None:
    """https://github.com/omega8cc/boa/issues/1731: PATCH gets 403 by such a condition."""
    _interface(lab, "    if ($request_method !~ ^(?:GET|HEAD|POST)$) { return 403; }\n")


@scenario(outside=None, server="nginx.method-denied", target=TARGET, manual=MEANT)
def nginx_limit_lacks_the_methods_of_a_program(lab: Lab) -> None:
    """https://github.com/pkp/ui-library/pull/98: PUT and DELETE get 403 in front of OJS."""
    _interface(lab, "    limit_except GET POST { deny all; }\n")


@healthy(target=TARGET)
def nginx_lets_the_methods_of_a_program_in(lab: Lab) -> None:
    _interface(lab, "    limit_except GET POST PUT DELETE { deny all; }\n")


@healthy()
def nginx_refuses_methods_of_strangers(lab: Lab) -> None:
    """They send them to the start page, and to what is not there."""
    log_of_its_own(lab, "  if ($request_method !~ ^(GET|HEAD|POST)$) { return 405; }\n")
    for path in ("/", "/shell.jsp", "/upload"):
        _program(lab, "PUT", "DELETE", path=path)


PASS = "ProxyPass /ws ws://127.0.0.1:3000/ws\nProxyPass / http://127.0.0.1:3000/\n"
LIST = """\
<Location />
    <LimitExcept GET POST OPTIONS>
        Require all denied
    </LimitExcept>
</Location>
"""


@apache_scenario(outside=None, server="server.logged-method-refused", target=TARGET, differs=FILES)
def apache_list_lacks_the_methods_of_a_program(lab: Lab) -> None:
    """https://github.com/shaarli/Shaarli/issues/1549: PATCH gets 403 by <LimitExcept>."""
    apache.serve(lab, site_with(LIST + PASS))
    _program(lab, "PUT", "PATCH")


@healthy_apache(target=TARGET)
def apache_list_has_the_methods_of_a_program(lab: Lab) -> None:
    apache.serve(lab, site_with(LIST.replace("OPTIONS", "OPTIONS PUT PATCH") + PASS))
    _program(lab, "PUT", "PATCH")


@haproxy_scenario(
    outside=None, server="server.logged-method-refused", target=TARGET, differs=(haproxy.CONFIG,)
)
def haproxy_list_lacks_the_method_of_a_program(lab: Lab) -> None:
    """https://github.com/OpenConext/OpenConext-deploy/pull/343: a list without PATCH."""
    listed = "    acl listed method GET HEAD OPTIONS POST PUT DELETE\n"
    serve_haproxy(lab, f"{listed}    http-request deny if !listed\n")
    _program(lab, "PATCH", "PATCH")


@caddy_scenario(
    outside=None, server="server.logged-method-refused", target=TARGET, differs=(caddy.CONFIG,)
)
def caddy_list_lacks_the_methods_of_a_program(lab: Lab) -> None:
    """https://caddyserver.com/docs/caddyfile/matchers#method"""
    lines = (
        "\tlog {\n\t\toutput file /var/log/caddy/access.log\n\t}\n"
        "\t@other not method GET HEAD POST OPTIONS\n\trespond @other 405\n\treverse_proxy"
    )
    lab.server.sh("mkdir -p /var/log/caddy")
    lab.undo(lambda: lab.server.sh("rm -rf /var/log/caddy"))
    caddy.serve(lab, caddy.SHOP.replace("\treverse_proxy", lines))
    _program(lab, "PUT", "DELETE")
