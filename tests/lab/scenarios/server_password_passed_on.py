"""Apache, Caddy or HAProxy asks for a password, and passes the field Authorization on to an
application that takes it for a login of its own.

After https://github.com/caddyserver/caddy/issues/1324.
"""

import subprocess

from .. import caddy, haproxy, site
from ..lab import Lab
from .apache import apache_scenario, healthy_apache
from .caddy import caddy_scenario, healthy_caddy
from .haproxy import haproxy_scenario, healthy_haproxy
from .nginx_other_requests_failed import visit
from .server_other_requests_failed import (
    run_application,
    serve_apache,
    serve_caddy,
    serve_haproxy,
)

PASSWORD = ("-u", "anna:secret")
CHECK = "server.password-passed-on"
USERS = "\nuserlist people\n    user anna insecure-password secret\n"
ADMIN = f"https://{site.NAME}/admin"
MESSAGE = ('{"message":"Basic auth failed"}',)


def visit_with_password(lab: Lab) -> None:
    """A browser is asked for the password, and sends it."""
    visit(lab, "/admin", referer="")
    visit(lab, "/admin", *PASSWORD, referer="")
    visit(lab, "/admin", *PASSWORD, referer="")


def in_apache(lab: Lab, line: str = "", mode: str = "own-login") -> None:
    run_application(lab, "--mode", mode)
    lab.server.sh("rm -f /var/log/apache2/error.log /var/log/apache2/shop-error.log")
    lab.server.sh("htpasswd -bc /etc/apache2/people anna secret")
    lab.undo(lambda: lab.server.sh("rm -f /etc/apache2/people"))
    words = ("AuthType Basic", "AuthName Private", "AuthUserFile /etc/apache2/people", line)
    asks = "".join(f"        {word}\n" for word in (*words, "Require valid-user") if word)
    serve_apache(
        lab,
        "    ErrorLog /var/log/apache2/shop-error.log\n"
        "    ProxyPass /admin http://127.0.0.1:3009/admin\n"
        f"    <Location /admin>\n{asks}    </Location>\n",
    )


def in_caddy(lab: Lab, line: str = "", mode: str = "own-login") -> None:
    run_application(lab, "--mode", mode)
    words = ("caddy", "hash-password", "--plaintext", "secret")
    hashed = subprocess.run(words, capture_output=True, text=True, check=True).stdout.strip()
    serve_caddy(
        lab,
        f"\tbasicauth /admin* {{\n\t\tanna {hashed}\n\t}}\n{line}"
        "\treverse_proxy /admin* 127.0.0.1:3009\n",
    )


def in_haproxy(lab: Lab, line: str = "", mode: str = "own-login") -> None:
    run_application(lab, "--mode", mode)
    condition = "{ path_beg /admin } !{ http_auth(people) }"
    rules = f"    http-request auth realm Private if {condition}\n{line}"
    serve_haproxy(lab, f"{rules}    use_backend other if {{ path_beg /admin }}\n", sections=USERS)


@apache_scenario(outside=None, server=CHECK)
def password_of_apache_reaches_the_application(lab: Lab) -> None:
    in_apache(lab)
    visit_with_password(lab)


@healthy_apache()
def apache_removes_its_password(lab: Lab) -> None:
    in_apache(lab, "RequestHeader unset Authorization")
    visit_with_password(lab)


@healthy_apache()
def apache_is_given_a_wrong_password(lab: Lab) -> None:
    """The application would refuse it too; Apache was the first."""
    in_apache(lab)
    visit(lab, "/admin", "-u", "anna:wrong", referer="")


@caddy_scenario(outside=None, server=CHECK, differs=(caddy.CONFIG,))
def password_of_caddy_reaches_the_application(lab: Lab) -> None:
    in_caddy(lab)
    visit_with_password(lab)


@caddy_scenario(
    outside=None,
    server=CHECK,
    target=ADMIN,
    args=MESSAGE,
    differs=(caddy.CONFIG,),
)
def password_of_caddy_is_reported(lab: Lab) -> None:
    """Nobody but the person who asks has met it."""
    in_caddy(lab)


@healthy_caddy()
def caddy_removes_its_password(lab: Lab) -> None:
    in_caddy(lab, "\trequest_header /admin* -Authorization\n")
    visit_with_password(lab)


@healthy_caddy(target=ADMIN)
def caddy_asks_before_an_application_without_a_login(lab: Lab) -> None:
    """The field reaches it, and it does not care; a wrong password is Caddy's to refuse."""
    in_caddy(lab, mode="echo")
    visit_with_password(lab)
    visit(lab, "/admin", "-u", "anna:wrong", referer="")


@haproxy_scenario(outside=None, server=CHECK, differs=(haproxy.CONFIG,))
def password_of_haproxy_reaches_the_application(lab: Lab) -> None:
    in_haproxy(lab)
    visit_with_password(lab)


@healthy_haproxy()
def haproxy_removes_its_password(lab: Lab) -> None:
    in_haproxy(lab, "    http-request del-header Authorization if { http_auth(people) }\n")
    visit_with_password(lab)
