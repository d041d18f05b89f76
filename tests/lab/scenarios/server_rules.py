"""The application works, and a rule of the web server in front of it refuses the request or changes
it: Apache, Caddy and HAProxy."""

from .. import apache, caddy, haproxy
from ..apache import HTTP, HTTPS
from ..hosts import until
from ..lab import Lab
from .apache import FILES, WS, apache_scenario, healthy_apache
from .caddy import caddy_scenario
from .haproxy import haproxy_scenario, healthy_haproxy

WS_LINE = "    ProxyPass /ws ws://127.0.0.1:3000/ws\n"
HOST_LINE = "    ProxyPreserveHost On\n"
RULE = "a person reads the rule"


def caddy_site(lab: Lab, text: str) -> None:
    caddy.serve(lab, f"shop.example.com {{\n\ttls {caddy.PEM} {caddy.KEY}\n{text}}}\n")


# Paths

#: A WebSocket whose query has a token.
NAMED = ("--ws", "/ws?token=a")


@apache_scenario(
    outside="websocket.not-upgraded",
    server="server.path-changed",
    args=WS,
    differs=FILES,
)
def apache_cuts_the_path_of_the_websocket(lab: Lab) -> None:
    """After issue 893 of websockets/ws and issue 1144 of ThingsBoard: ProxyPass /ws ws://…:3000/."""
    apache.serve(lab, f"{HTTPS}\n{HTTP}".replace(":3000/ws\n", ":3000/\n"))


@apache_scenario(
    outside="websocket.not-upgraded",
    server="server.path-changed",
    args=NAMED,
    differs=FILES,
)
def apache_cuts_the_path_of_a_websocket_with_a_query(lab: Lab) -> None:
    """https://github.com/gotify/website/pull/12: the token stands in the query."""
    apache.serve(lab, f"{HTTPS}\n{HTTP}".replace(":3000/ws\n", ":3000/\n"))


@healthy_apache(args=NAMED)
def apache_keeps_the_path_of_a_websocket_with_a_query(lab: Lab) -> None:
    apache.serve(lab)


@caddy_scenario(
    outside="websocket.not-upgraded",
    server="server.path-changed",
    args=WS,
    differs=(caddy.CONFIG,),
)
def caddy_handle_path_cuts_the_path(lab: Lab) -> None:
    """After a pull request of Socket.IO's website and Caddy's documentation of handle_path, which
    strips the prefix: the application has its WebSocket at /ws."""
    proxy = "\t\treverse_proxy 127.0.0.1:3000\n\t}\n"
    caddy_site(lab, f"\thandle_path /ws* {{\n{proxy}\thandle {{\n{proxy}")


@apache_scenario(
    outside=None,
    server="websocket.idle-timeout",
    args=WS,
    differs=FILES,
)
def apache_cuts_idle_websockets(lab: Lab) -> None:
    """After questions on Stack Overflow about mod_proxy_wstunnel ("WebSocket disconnects after 30
    seconds"): TimeOut was lowered against slow clients."""
    text = HTTPS.replace(HOST_LINE, HOST_LINE + "    TimeOut 30\n")
    apache.serve(lab, f"{text}\n{HTTP}")


@healthy_apache(args=WS)
def apache_waits_for_its_websockets(lab: Lab) -> None:
    """The same, and the line of the WebSocket has a longer timeout: the longer one counts."""
    text = HTTPS.replace(HOST_LINE, HOST_LINE + "    TimeOut 30\n")
    apache.serve(lab, f"{text}\n{HTTP}".replace(":3000/ws\n", ":3000/ws timeout=3600\n"))


@apache_scenario(
    outside="websocket.not-upgraded",
    server="server.websocket-not-passed",
    args=WS,
    differs=FILES,
)
def apache_line_of_the_websocket_comes_too_late(lab: Lab) -> None:
    """After issue 1144 of ThingsBoard: ProxyPass / stands before ProxyPass /ws, and takes all."""
    text = HTTPS.replace(WS_LINE, "").replace("    RequestHeader", f"{WS_LINE}    RequestHeader")
    apache.serve(lab, f"{text}\n{HTTP}")


@apache_scenario(
    outside="websocket.not-upgraded",
    server="server.apache-variable-unmarked",
    args=WS,
    differs=FILES,
)
def apache_variable_has_no_mark(lab: Lab) -> None:
    """After issue 259 of homebridge-config-ui-x: the template had {REQUEST_URI} without "%"."""
    rules = (
        "    RewriteEngine On\n"
        "    RewriteCond %{HTTP:Upgrade} websocket [NC]\n"
        "    RewriteRule .* ws://127.0.0.1:3000/{REQUEST_URI} [P,L]\n"
    )
    text = HTTPS.replace(WS_LINE, "").replace(HOST_LINE, HOST_LINE + rules)
    apache.serve(lab, f"{text}\n{HTTP}")


@healthy_apache(args=WS)
def apache_passes_the_websocket_by_a_rewrite_rule(lab: Lab) -> None:
    """RewriteCond on Upgrade and RewriteRule [P], the form of many documentations."""
    rules = (
        "    RewriteEngine On\n"
        "    RewriteCond %{HTTP:Upgrade} websocket [NC]\n"
        "    RewriteRule ^/?(.*) ws://127.0.0.1:3000/$1 [P,L]\n"
    )
    text = HTTPS.replace(WS_LINE, "").replace(HOST_LINE, HOST_LINE + rules)
    apache.serve(lab, f"{text}\n{HTTP}")


# Rules


@apache_scenario(
    outside="websocket.unauthorized",
    server="server.rule-refuses",
    args=WS,
    manual=RULE,
)
def apache_forbids_the_websocket(lab: Lab) -> None:
    """After questions about "Unexpected response code: 403": a <Location> for an office alone."""
    rule = "    <Location /ws>\n        Require ip 10.0.0.0/8\n    </Location>\n"
    apache.serve(lab, f"{HTTPS.replace(HOST_LINE, HOST_LINE + rule)}\n{HTTP}")


@apache_scenario(
    outside="websocket.not-upgraded",
    server="server.application-answers",
    args=WS,
    differs=(apache.SITE,),
)
def apache_removes_the_upgrade_field(lab: Lab) -> None:
    """RequestHeader unset Upgrade, written against h2c, after the advice about httpoxy-like
    attacks by Upgrade: h2c."""
    text = HTTPS.replace(WS_LINE, "").replace(
        ":3000/\n    ProxyPassR", ":3000/ upgrade=websocket\n    ProxyPassR"
    )
    line = "    RequestHeader unset Upgrade early\n"
    apache.serve(lab, f"{text.replace(HOST_LINE, HOST_LINE + line)}\n{HTTP}")


@caddy_scenario(
    outside="http.server-error",
    server="server.caddy-health-check-fails",
    manual=RULE,
)
def caddy_health_check_fails(lab: Lab) -> None:
    """After threads of Caddy's forum about "no upstreams available": health_uri is a path that the
    application has not, and its page is fine."""
    caddy_site(
        lab,
        "\treverse_proxy 127.0.0.1:3000 {\n\t\thealth_uri /healthz\n\t\thealth_status 204\n"
        "\t\thealth_interval 1s\n\t}\n",
    )
    name = ["--resolve", "shop.example.com:443:127.0.0.1", "https://shop.example.com/"]
    ask = ["curl", "-sko", "/dev/null", "-w", "%{http_code}", *name]
    until(lambda: lab.server.run(ask).stdout == "503", "caddy answers 503")


@caddy_scenario(
    outside="http.server-error",
    server="server.application-answers",
    differs=(caddy.CONFIG,),
)
def caddy_speaks_h2c_to_an_application_without_it(lab: Lab) -> None:
    """After questions about gRPC behind Caddy: h2c:// was copied, and the application speaks
    HTTP/1.1."""
    caddy_site(lab, "\treverse_proxy h2c://127.0.0.1:3000\n")


@haproxy_scenario(
    outside="http.server-error",
    server="server.application-answers",
    differs=(haproxy.CONFIG,),
)
def haproxy_speaks_h2_to_an_application_without_it(lab: Lab) -> None:
    """After issue 1402 of HAProxy: "proto h2" on the server line, and the application speaks
    HTTP/1.1."""
    haproxy.serve(lab, haproxy.SITE.replace(":3000", ":3000 proto h2"))


@haproxy_scenario(
    outside="websocket.unauthorized",
    server="server.haproxy-rule-refuses",
    args=WS,
    manual=RULE,
)
def haproxy_forbids_the_websocket(lab: Lab) -> None:
    """http-request deny for a path, except from an office."""
    rule = "    http-request deny if { path_beg /ws } !{ src 10.0.0.0/8 }\n"
    haproxy.serve(lab, haproxy.SITE.replace("    option f", f"{rule}    option f"))


@haproxy_scenario(
    outside="websocket.not-upgraded",
    server="server.path-changed",
    args=WS,
    manual=RULE,
)
def haproxy_cuts_the_path_of_the_websocket(lab: Lab) -> None:
    """After threads on HAProxy's forum about replace-path: it was meant for the pages below /app,
    and takes every path."""
    rule = "    http-request replace-path /[a-z]+(.*) /\\1\n"
    haproxy.serve(lab, haproxy.SITE.replace("    option f", f"{rule}    option f"))


@haproxy_scenario(
    outside="http.host-refused",
    server="server.host-not-passed",
    differs=(haproxy.CONFIG,),
)
def haproxy_replaces_the_host(lab: Lab) -> None:
    """After questions about ALLOWED_HOSTS behind HAProxy: http-request set-header Host."""
    lab.application("--mode", "site-host")
    rule = "    http-request set-header Host app.internal\n"
    haproxy.serve(lab, haproxy.SITE.replace("    option f", f"{rule}    option f"))


@caddy_scenario(
    outside="http.host-refused",
    server="server.host-not-passed",
    differs=(caddy.CONFIG,),
)
def caddy_replaces_the_host(lab: Lab) -> None:
    """After a guide for applications elsewhere: `header_up Host {upstream_hostport}`."""
    lab.application("--mode", "site-host")
    lines = "127.0.0.1:3000 {\n\t\theader_up Host {upstream_hostport}\n\t}"
    caddy.serve(lab, caddy.SHOP.replace("127.0.0.1:3000", lines))


def ends_tls_in_tcp_mode(alpn: str) -> str:
    """The site in mode tcp, with TLS ended by HAProxy."""
    text = haproxy.SITE.replace("frontend https\n", "frontend https\n    mode tcp\n")
    text = text.replace("backend app\n    s", "backend app\n    mode tcp\n    s")
    rules = "    http-request set-header X-Forwarded-Proto https\n    option forwardfor\n"
    return text.replace(rules, "").replace("h2,http/1.1", alpn)


@haproxy_scenario(
    outside="http.http2-broken",
    server="server.haproxy-h2-in-tcp-mode",
    differs=(haproxy.CONFIG,),
)
def haproxy_offers_h2_in_tcp_mode(lab: Lab) -> None:
    """After issues about alpn h2 in mode tcp: TLS is ended, the bytes are passed on, and the
    application speaks HTTP/1.1."""
    haproxy.serve(lab, ends_tls_in_tcp_mode("h2,http/1.1"))


@healthy_haproxy(args=WS)
def haproxy_ends_tls_in_tcp_mode(lab: Lab) -> None:
    """The same with alpn http/1.1."""
    haproxy.serve(lab, ends_tls_in_tcp_mode("http/1.1"))


@healthy_haproxy(args=WS)
def haproxy_offers_h2_alone(lab: Lab) -> None:
    """alpn h2: a WebSocket offers http/1.1, gets no protocol, and HAProxy speaks HTTP/1.1."""
    haproxy.serve(lab, haproxy.SITE.replace("alpn h2,http/1.1", "alpn h2"))


@healthy_haproxy()
def haproxy_limits_the_rate(lab: Lab) -> None:
    """429 from a stick table that our own requests fill: a note, and no fault."""
    rules = (
        "    stick-table type ip size 100k expire 60s store http_req_rate(60s)\n"
        "    http-request track-sc0 src\n"
        "    http-request deny deny_status 429 if { sc_http_req_rate(0) gt 0 }\n"
    )
    haproxy.serve(lab, haproxy.SITE.replace("    option f", f"{rules}    option f"))


@healthy_haproxy()
def haproxy_forbids_the_page_on_purpose(lab: Lab) -> None:
    """403 for all outside of the office: the application would answer, and that is only a note."""
    rule = "    http-request deny unless { src 10.0.0.0/8 }\n"
    haproxy.serve(lab, haproxy.SITE.replace("    option f", f"{rule}    option f"))
