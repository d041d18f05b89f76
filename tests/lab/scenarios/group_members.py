"""Two applications behind Apache, Caddy or HAProxy, of which one is another program: the page fails
for every second request."""

from .. import apache, caddy, haproxy
from ..lab import Lab
from .apache import apache_scenario, healthy_apache
from .apache_threads import site_with
from .caddy import caddy_scenario, healthy_caddy
from .haproxy import haproxy_scenario, healthy_haproxy

AT_TIMES = ("404 every second time I reload the page",)
PERSON = "a person puts the release on the other one"
GROUP = """\
<Proxy "balancer://app">
    BalancerMember "http://127.0.0.1:3000"
    BalancerMember "http://127.0.0.1:3001"
</Proxy>
"""
TO_GROUP = """\
ProxyPreserveHost On
ProxyPass / balancer://app/
ProxyPassReverse / balancer://app/
"""
MODULES = ("proxy_balancer", "lbmethod_byrequests", "slotmem_shm")


def other_program(lab: Lab, is_alike: bool = False) -> None:
    """It has no page, or is the same program as the first one."""
    if is_alike:
        program = str(apache.__file__).replace("apache.py", "application.py")
        lab.spawn(lab.server, lab.server.python(program, "--port", "3001"), 3001)
        return
    code = "(request, response) => { response.statusCode = 404; response.end('no such site') }"
    server = f"require('http').createServer({code}).listen(3001, '127.0.0.1')"
    lab.spawn(lab.server, ["node", "-e", server], 3001)


def apache_group(lab: Lab, is_alike: bool = False) -> None:
    other_program(lab, is_alike)
    apache.install(lab, f"{GROUP}{site_with(TO_GROUP)}")
    apache.enable(lab, *MODULES)
    lab.undo(lambda: apache.disable(lab, *MODULES))
    apache.start(lab)


def caddy_group(lab: Lab, is_alike: bool = False) -> None:
    other_program(lab, is_alike)
    caddy.serve(lab, caddy.SHOP.replace("127.0.0.1:3000", "127.0.0.1:3000 127.0.0.1:3001"))


def haproxy_group(lab: Lab, is_alike: bool = False) -> None:
    other_program(lab, is_alike)
    second = f"{haproxy.BACKEND}    server app2 127.0.0.1:3001\n"
    haproxy.serve(lab, haproxy.SITE.replace(haproxy.BACKEND, second))


@apache_scenario(outside=None, server="server.members-differ", args=AT_TIMES, manual=PERSON)
def apache_balances_to_another_program(lab: Lab) -> None:
    """https://github.com/nginx-proxy/nginx-proxy/issues/1081, with Apache in front."""
    apache_group(lab)


@caddy_scenario(outside=None, server="server.members-differ", args=AT_TIMES, manual=PERSON)
def caddy_balances_to_another_program(lab: Lab) -> None:
    caddy_group(lab)


@haproxy_scenario(outside=None, server="server.members-differ", args=AT_TIMES, manual=PERSON)
def haproxy_balances_to_another_program(lab: Lab) -> None:
    haproxy_group(lab)


@healthy_apache(args=AT_TIMES)
def apache_balances_to_two_alike(lab: Lab) -> None:
    apache_group(lab, is_alike=True)


@healthy_caddy(args=AT_TIMES)
def caddy_balances_to_two_alike(lab: Lab) -> None:
    caddy_group(lab, is_alike=True)


@healthy_haproxy(args=AT_TIMES)
def haproxy_balances_to_two_alike(lab: Lab) -> None:
    haproxy_group(lab, is_alike=True)


def apache_group_redirecting(lab: Lab, fields: str = "") -> None:
    """Two programs that redirect to https until they are told that visitors use it."""
    program = str(apache.__file__).replace("apache.py", "application.py")
    mode = ("--mode", "redirect-to-https")
    lab.application(*mode)
    lab.spawn(lab.server, lab.server.python(program, "--port", "3001", *mode), 3001)
    websocket = "ProxyPass /ws ws://127.0.0.1:3000/ws\n"
    apache.install(lab, f"{GROUP}{site_with(websocket + TO_GROUP + fields)}")
    apache.enable(lab, *MODULES)
    lab.undo(lambda: apache.disable(lab, *MODULES))
    apache.start(lab)


@apache_scenario(
    outside="http.redirect-loop", server="server.scheme-not-passed", differs=(apache.SITE,)
)
def apache_tells_the_members_no_scheme(lab: Lab) -> None:
    apache_group_redirecting(lab)


@healthy_apache()
def apache_tells_the_members_the_scheme(lab: Lab) -> None:
    apache_group_redirecting(lab, "RequestHeader set X-Forwarded-Proto https\n")
