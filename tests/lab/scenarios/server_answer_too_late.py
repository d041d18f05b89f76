"""Scenarios of server.answer-too-late: the page takes four seconds, and the server in front waits
two."""

from .. import apache, caddy, haproxy, site
from ..apache import HTTP, HTTPS
from ..lab import Lab
from .apache import FILES, apache_scenario, healthy_apache
from .caddy import caddy_scenario
from .haproxy import haproxy_scenario, healthy_haproxy
from .nginx_other_requests_failed import visit
from .server_other_requests_failed import serve_haproxy

WAITS = """reverse_proxy 127.0.0.1:3000 {
		transport http {
			response_header_timeout 2s
		}
	}"""


@apache_scenario(outside="http.server-error", server="server.answer-too-late", differs=FILES)
def apache_waits_less_than_the_page_takes(lab: Lab) -> None:
    """https://github.com/Kozea/Radicale/issues/1286: AH01102, and a longer ProxyTimeout helps."""
    lab.application("--mode", "thinks")
    apache.serve(lab, f"ProxyTimeout 2\n{HTTPS}\n{HTTP}")


@healthy_apache()
def apache_waits_longer_than_the_page_takes(lab: Lab) -> None:
    lab.application("--mode", "thinks")
    apache.serve(lab, f"ProxyTimeout 20\n{HTTPS}\n{HTTP}")


@haproxy_scenario(
    outside="http.server-error", server="server.answer-too-late", differs=(haproxy.CONFIG,)
)
def haproxy_waits_less_than_the_page_takes(lab: Lab) -> None:
    """https://github.com/blueboxgroup/ursula/pull/1415 and
    https://github.com/tutumcloud/haproxy/issues/133: 504 for long requests."""
    lab.application("--mode", "thinks")
    haproxy.install(lab)
    haproxy.edit(lab, "timeout server", "timeout server 2s\n    #")
    haproxy.start(lab)


@haproxy_scenario(
    outside="http.server-error", server="server.haproxy-server-timeout", differs=(haproxy.CONFIG,)
)
def haproxy_waits_milliseconds(lab: Lab) -> None:
    """https://github.com/aptos-labs/aptos-core/pull/4763: a number without a unit is meant as
    seconds."""
    lab.application("--mode", "thinks-a-moment")
    haproxy.serve(lab, haproxy.SITE.replace("timeout server 1m", "timeout server 60"))


@haproxy_scenario(outside=None, server="server.haproxy-server-timeout", differs=(haproxy.CONFIG,))
def haproxy_waits_less_than_a_report_takes(lab: Lab) -> None:
    """https://github.com/rancher/rancher/issues/2859: 504 for long queries, and the page comes."""
    lab.application("--mode", "slow-report")
    serve_haproxy(lab, "", "    timeout server 2s\n")
    for _ in range(3):
        visit(lab, "/report")


@haproxy_scenario(
    outside="http.server-error",
    server="server.haproxy-server-timeout",
    target=f"https://{site.NAME}/report",
    args=("--timeout", "8"),
    manual="a person finds out why it hangs",
)
def haproxy_logged_what_this_run_does_not_wait_for(lab: Lab) -> None:
    """https://github.com/unicef/etools/issues/47: this run waits for less than HAProxy does, and
    the log says how earlier requests ended."""
    lab.application("--mode", "hang")
    serve_haproxy(lab, "", "    timeout server 6s\n")
    visit(lab, "/report")


@healthy_haproxy()
def haproxy_waits_as_long_as_a_report_takes(lab: Lab) -> None:
    lab.application("--mode", "slow-report")
    serve_haproxy(lab, "")
    visit(lab, "/report")


@caddy_scenario(
    outside="http.server-error", server="server.answer-too-late", differs=(caddy.CONFIG,)
)
def caddy_waits_less_than_the_page_takes(lab: Lab) -> None:
    """The same with `response_header_timeout`; without it Caddy waits for ever."""
    lab.application("--mode", "thinks")
    caddy.install(lab, caddy.SHOP.replace("reverse_proxy 127.0.0.1:3000", WAITS))
    caddy.start(lab)
