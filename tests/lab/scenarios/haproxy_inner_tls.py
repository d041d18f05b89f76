"""TLS between HAProxy and the server behind it, and health checks with and without it."""

from .. import haproxy, site
from ..haproxy import BACKEND, GLOBAL, PEM, SITE
from ..hosts import until
from ..lab import Lab
from .haproxy import haproxy_scenario, healthy_haproxy


def inner_tls(lab: Lab, options: str, lines: str = "") -> None:
    """nginx has TLS on a port of its own, and HAProxy ends the TLS of visitors before it."""
    haproxy.behind(lab, "listen 443 ssl;", "listen 127.0.0.1:8443 ssl;")
    server = f"backend app\n{lines}    server app1 127.0.0.1:8443 {options}\n"
    haproxy.serve(lab, SITE.replace(BACKEND, server), keep_nginx=True)


CHECKED = (
    f"    timeout check 5s\n    option httpchk GET /\n    http-check send hdr Host {site.NAME}\n"
)


@haproxy_scenario(
    outside="http.plain-to-tls-port",
    server="server.application-speaks-tls",
    differs=(haproxy.CONFIG,),
)
def haproxy_server_line_without_ssl(lab: Lab) -> None:
    """https://github.com/haproxy/haproxy/issues/3025: 400 with the port 443 and no `ssl`."""
    inner_tls(lab, "check")


@haproxy_scenario(
    outside="http.server-error",
    server="server.application-speaks-tls",
    differs=(haproxy.CONFIG,),
)
def haproxy_checks_a_tls_port_in_plain_http(lab: Lab) -> None:
    """The same with a health check, L7STS/400: HAProxy has no server, and visitors get 503."""
    inner_tls(lab, "check inter 300ms fall 2", CHECKED)
    haproxy.until_unavailable(lab)


@healthy_haproxy(args=("--ws", "/ws"))
def haproxy_checks_a_tls_port_with_ssl(lab: Lab) -> None:
    inner_tls(lab, "ssl verify none check inter 300ms fall 2", CHECKED)


VERIFIED = "ssl verify required ca-file /etc/ssl/certs/ca-certificates.crt verifyhost"


@haproxy_scenario(
    outside="http.server-error", server="server.backend-tls-fails", differs=(haproxy.CONFIG,)
)
def haproxy_verifies_another_name(lab: Lab) -> None:
    """https://github.com/haproxy/haproxy/issues/795, and threads about `verifyhost`: the server's
    certificate has another name."""
    inner_tls(lab, f"{VERIFIED} app.example.com")


@healthy_haproxy(args=("--ws", "/ws"))
def haproxy_verifies_the_name_of_its_server(lab: Lab) -> None:
    inner_tls(lab, f"{VERIFIED} {site.NAME}")


def passed_on(lab: Lab, options: str) -> None:
    """HAProxy passes the TLS of visitors on to nginx, with a health check over HTTP."""
    haproxy.behind(lab, "listen 443 ssl;", "listen 127.0.0.1:8443 ssl;")
    frontend = "\nfrontend tls\n    mode tcp\n    bind :443\n    default_backend app\n"
    lines = "    mode tcp\n    option httpchk GET /\n    http-check send hdr Host"
    server = f"    server app1 127.0.0.1:8443 check inter 300ms fall 1 {options}\n"
    backend = f"\nbackend app\n{lines} {site.NAME}\n{server}"
    haproxy.serve(lab, f"{GLOBAL}\n{haproxy.HTTP}{frontend}{backend}", keep_nginx=True)


@haproxy_scenario(
    outside="tls.closed",
    server="server.haproxy-no-server",
    both="server.haproxy-no-server",
    differs=(haproxy.CONFIG,),
)
def haproxy_check_of_passed_tls_is_plain(lab: Lab) -> None:
    """https://f-o.org.uk/2017/haproxy-tls-passthrough-with-https-checks.html: `check-ssl` is
    missing, and the health check sends plain HTTP to nginx's TLS."""
    passed_on(lab, "")
    until(lambda: closes(lab), "haproxy closes connections")


def closes(lab: Lab) -> bool:
    """Whether HAProxy closes the connections of visitors to the port of https."""
    return lab.server.run(["curl", "-sko", "/dev/null", "https://127.0.0.1/"]).returncode != 0


@healthy_haproxy(args=("--ws", "/ws"))
def haproxy_check_of_passed_tls_has_tls(lab: Lab) -> None:
    passed_on(lab, "check-ssl verify none")


@haproxy_scenario(outside="tls.closed", server="nginx.not-running", differs=("listeners",))
def haproxy_passes_tls_to_nobody(lab: Lab) -> None:
    """mode tcp, and nginx was stopped: HAProxy closes each connection."""
    passed_on(lab, "check-ssl verify none")
    lab.stop_nginx()
    until(lambda: closes(lab), "haproxy closes connections")


@haproxy_scenario(
    outside="http.server-error",
    server="server.application-down",
    manual="start the application",
)
def haproxy_ends_tls_in_mode_tcp_before_nobody(lab: Lab) -> None:
    """mode tcp with `ssl`, and the port of the application is another."""
    frontend = f"\nfrontend tls\n    mode tcp\n    bind :443 ssl crt {PEM}\n"
    backend = "    default_backend app\n\nbackend app\n    mode tcp\n    server a 127.0.0.1:3001\n"
    haproxy.serve(lab, f"{GLOBAL}\n{haproxy.HTTP}{frontend}{backend}")


MODELESS = GLOBAL.replace("    mode http\n", "")
BY_PATH = "    acl api path_beg /api\n    use_backend other if api\n"


def by_path(lab: Lab, head: str) -> None:
    """HAProxy ends TLS, and sends a path to another backend."""
    http = haproxy.HTTP.replace("frontend http\n", "frontend http\n    mode http\n")
    https = f"\nfrontend https\n    bind :443 ssl crt {PEM}\n{BY_PATH}    default_backend app\n"
    other = "\nbackend other\n    server other1 127.0.0.1:3000\n"
    haproxy.serve(lab, f"{head}\n{http}{https}\n{BACKEND}{other}")


@haproxy_scenario(
    outside=None, server="server.haproxy-rules-in-tcp-mode", differs=(haproxy.CONFIG,)
)
def haproxy_rule_of_a_path_in_mode_tcp(lab: Lab) -> None:
    """https://github.com/netdata/netdata/issues/6446: no `mode http`, and "never matches"."""
    by_path(lab, MODELESS)


@healthy_haproxy(args=("--ws", "/ws"))
def haproxy_rule_of_a_path_in_mode_http(lab: Lab) -> None:
    by_path(lab, GLOBAL)
