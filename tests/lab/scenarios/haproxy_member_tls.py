"""Of two servers of a backend of HAProxy one has `ssl` and the other none, and one of the lines is
wrong: every second request fails. After the Configuration Manual, section 5.2, and questions about
"SSL handshake failure" on a server line that was copied from another."""

from .. import haproxy
from ..haproxy import BACKEND, SITE
from ..lab import Lab
from .haproxy import haproxy_scenario, healthy_haproxy

AT_TIMES = ("503 Service Unavailable now and then",)


def _second(lab: Lab, line: str, other: str = "server app1 127.0.0.1:3000") -> None:
    lab.spawn(lab.server, lab.server.application("paths_server", "3001", "/:html"), 3001)
    text = f"backend app\n    balance roundrobin\n    {other}\n    {line}\n"
    haproxy.serve(lab, SITE.replace(BACKEND, text))


def _nginx(lab: Lab, line: str, other: str = "server app1 127.0.0.1:3000") -> None:
    haproxy.behind(lab, "listen 443 ssl;", "listen 127.0.0.1:8443 ssl;")
    text = f"backend app\n    balance roundrobin\n    {other}\n    {line}\n"
    haproxy.serve(lab, SITE.replace(BACKEND, text), keep_nginx=True)


@haproxy_scenario(
    outside=None, server="server.haproxy-member-tls", args=AT_TIMES, differs=(haproxy.CONFIG,)
)
def one_of_two_lines_has_tls_for_a_plain_port(lab: Lab) -> None:
    # Most requests go to the first: a visit from outside finds nothing wrong.
    first = "server app1 127.0.0.1:3000 weight 250"
    _second(lab, "server app2 127.0.0.1:3001 ssl verify none weight 1", first)


@healthy_haproxy()
def servers_of_one_backend_speak_each_their_protocol(lab: Lab) -> None:
    _nginx(lab, "server app2 127.0.0.1:8443 ssl verify none")


@haproxy_scenario(outside=None, server="server.haproxy-member-tls", differs=(haproxy.CONFIG,))
def one_of_three_lines_has_no_tls_for_a_port_with_tls(lab: Lab) -> None:
    lines = "server app2 127.0.0.1:8443 ssl verify none\n    server app3 127.0.0.1:8443"
    _nginx(lab, lines)
