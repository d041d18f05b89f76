"""Members of a balancer of Apache with which it speaks different protocols."""

from .. import apache
from ..lab import Lab
from .apache import FILES, apache_scenario, healthy_apache
from .apache_threads import site_with

MODULES = ("proxy_balancer", "lbmethod_byrequests", "slotmem_shm")
PLAIN = "http://127.0.0.1:3002"


def _serve(lab: Lab, second: str, lines: str = "", off: tuple[str, ...] = ()) -> None:
    server = lab.server
    for port in ("3001", "3002"):
        lab.spawn(server, server.application("paths_server", port, "/"), int(port))
    members = f"    BalancerMember http://127.0.0.1:3001\n    BalancerMember {second}\n"
    routes = f"{lines}ProxyPass /ws ws://127.0.0.1:3000/ws\nProxyPass / balancer://shop/"
    apache.install(lab, f"<Proxy balancer://shop>\n{members}</Proxy>\n{site_with(routes)}")
    apache.enable(lab, *MODULES)
    lab.undo(lambda: apache.disable(lab, *MODULES))
    if off:
        apache.disable(lab, *off)
        lab.undo(lambda: apache.enable(lab, *off))
    apache.start(lab)


@apache_scenario(outside="http.server-error", server="server.apache-member-tls-off", differs=FILES)
def apache_has_a_member_with_https(lab: Lab) -> None:
    """Its share of the requests fails with 500 (AH00961): nearly all, so that each run meets it."""
    _serve(lab, "https://127.0.0.1:3002 loadfactor=100")


@healthy_apache()
def apache_has_two_members_without_tls(lab: Lab) -> None:
    _serve(lab, PLAIN)


@healthy_apache()
def apache_has_two_members_and_may_speak_tls(lab: Lab) -> None:
    _serve(lab, PLAIN, "SSLProxyEngine on\n")


@apache_scenario(
    outside="http.server-error",
    server="server.apache-member-module-missing",
    differs=("/etc/apache2/mods-enabled/proxy_http.load",),
)
def apache_lacks_the_module_of_its_members(lab: Lab) -> None:
    """`a2dismod proxy_http`: 503, and AH00934 in the log."""
    _serve(lab, PLAIN, off=("proxy_http",))


def _one_out(lab: Lab, status: str, first_runs: bool = False) -> None:
    """The first of two members does not run, and the second has a status."""
    server, ports = lab.server, ("3001", "3002") if first_runs else ("3002",)
    for port in ports:
        lab.spawn(server, server.application("paths_server", port, "/"), int(port))
    members = f'    BalancerMember "http://127.0.0.1:3001"\n    BalancerMember "{PLAIN}" {status}\n'
    fields = 'RequestHeader set X-Forwarded-Proto "https"\n'
    routes = f"{fields}ProxyPass /ws ws://127.0.0.1:3000/ws\nProxyPass / balancer://shop/"
    apache.install(lab, f'<Proxy "balancer://shop">\n{members}</Proxy>\n{site_with(routes)}')
    apache.enable(lab, *MODULES)
    lab.undo(lambda: apache.disable(lab, *MODULES))
    apache.start(lab)


@apache_scenario(outside="http.server-error", server="server.apache-members-out", differs=FILES)
def apache_has_a_disabled_member(lab: Lab) -> None:
    """The other one is down: 503, AH01170."""
    _one_out(lab, "retry=5 status=+D")


@apache_scenario(outside="http.server-error", server="server.apache-members-out", differs=FILES)
def apache_has_a_stopped_member(lab: Lab) -> None:
    _one_out(lab, "status=+S")


@healthy_apache()
def apache_has_a_disabled_member_beside_one_that_works(lab: Lab) -> None:
    _one_out(lab, "status=+D", first_runs=True)


@healthy_apache()
def apache_has_a_standby_member(lab: Lab) -> None:
    _one_out(lab, "status=+H", first_runs=True)
