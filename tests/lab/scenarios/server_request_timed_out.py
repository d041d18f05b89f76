"""The page is answered, and Apache or Caddy gave up waiting for another request of a visitor: only
the logs have it."""

from .. import caddy
from ..lab import Lab
from .apache import FILES, apache_scenario, healthy_apache
from .caddy import caddy_scenario, healthy_caddy
from .nginx_other_requests_failed import visit
from .server_other_requests_failed import serve_apache, serve_caddy

ALL_SITES = "/etc/apache2/conf-enabled/wait.conf"
WAITS = """	reverse_proxy /report 127.0.0.1:3000 {
		transport http {
			response_header_timeout 2s
		}
	}"""


@apache_scenario(outside=None, server="server.request-timed-out", differs=FILES)
def apache_gave_up_waiting_for_a_report(lab: Lab) -> None:
    """https://github.com/nextcloud/all-in-one/issues/5070: 502 after the time of `Timeout`."""
    lab.application("--mode", "slow-report")
    lab.undo(lambda: lab.server.sh(f"rm -f {ALL_SITES}"))
    lab.server.write(ALL_SITES, "Timeout 2\n")
    serve_apache(lab, "")
    visit(lab, "/report", "-d", "month=11")


@apache_scenario(outside=None, server="server.request-timed-out", differs=FILES)
def apache_gave_up_by_a_parameter(lab: Lab) -> None:
    """`timeout=` of ProxyPass counts before ProxyTimeout."""
    lab.application("--mode", "slow-report")
    serve_apache(lab, "    ProxyPass /report http://127.0.0.1:3000/report timeout=2")
    visit(lab, "/report", "-d", "month=11")


@healthy_apache()
def apache_waits_as_long_as_a_report_takes(lab: Lab) -> None:
    lab.application("--mode", "slow-report")
    serve_apache(lab, "    ProxyTimeout 20")
    visit(lab, "/report", "-d", "month=11")


@caddy_scenario(outside=None, server="server.request-timed-out", differs=(caddy.CONFIG,))
def caddy_gave_up_waiting_for_a_report(lab: Lab) -> None:
    lab.application("--mode", "slow-report")
    serve_caddy(lab, WAITS)
    visit(lab, "/report", "-d", "month=11")


@healthy_caddy()
def caddy_waits_as_long_as_a_report_takes(lab: Lab) -> None:
    lab.application("--mode", "slow-report")
    serve_caddy(lab, WAITS.replace("2s", "20s"))
    visit(lab, "/report", "-d", "month=11")
