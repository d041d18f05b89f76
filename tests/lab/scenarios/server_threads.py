"""Apache, Caddy and HAProxy as people asked about them in threads: a rule answers in the place of
the application, or nothing takes the request. Each has its source."""

from .. import apache, caddy, haproxy
from ..apache import HTTP, HTTPS
from ..lab import Lab
from ..site import NAME
from .apache import FILES, WS, apache_scenario, healthy_apache
from .caddy import caddy_scenario, healthy_caddy
from .haproxy import haproxy_scenario, healthy_haproxy

HOST_LINE = "    ProxyPreserveHost On\n"
WS_LINE = "    ProxyPass /ws ws://127.0.0.1:3000/ws\n"
PERSON = "a person knows what the rule is for"
SLASH = f"https://{NAME}/api/mdb/%2FCcsds%2FHeader"


def with_lines(*lines: str) -> str:
    """Apache's site of HTTPS with these lines, and that of HTTP."""
    added = "".join(f"    {line}\n" for line in lines)
    return f"{HTTPS.replace(HOST_LINE, HOST_LINE + added)}\n{HTTP}"


def serve_caddy(lab: Lab, *lines: str) -> None:
    text = "".join(f"\t{line}\n" for line in lines)
    caddy.serve(lab, f"{NAME} {{\n\ttls {caddy.PEM} {caddy.KEY}\n{text}}}\n")


# Apache


@apache_scenario(
    outside=None, server="server.apache-path-decoded", target=SLASH, differs=(apache.SITE,)
)
def apache_refuses_an_encoded_slash(lab: Lab) -> None:
    """Issue 793 of yamcs/yamcs: 404 for paths with %2F, which the application knows."""
    apache.serve(lab)


@healthy_apache(target=SLASH)
def apache_allows_an_encoded_slash(lab: Lab) -> None:
    """The same with AllowEncodedSlashes NoDecode."""
    apache.serve(lab, with_lines("AllowEncodedSlashes NoDecode"))


@apache_scenario(outside=None, server="server.rule-refuses", manual=PERSON)
def apache_forbids_by_a_rewrite_rule(lab: Lab) -> None:
    """After questions about "403 Forbidden" behind a list of names: the new name is not in it."""
    condition = "RewriteCond %{HTTP_HOST} !^www\\.shop\\.example\\.com$ [NC]"
    lines = ("RewriteEngine On", condition, "RewriteRule ^ - [F]")
    apache.serve(lab, with_lines(*lines))


@healthy_apache()
def apache_forbids_other_names_alone(lab: Lab) -> None:
    """The same list with the name, a list of bad robots, and a closed folder beside the site."""
    apache.serve(
        lab,
        with_lines(
            "RewriteEngine On",
            "RewriteCond %{HTTP_HOST} !^(www\\.)?shop\\.example\\.com$ [NC]",
            "RewriteRule ^ - [F]",
            "RewriteCond %{HTTP_USER_AGENT} (SemrushBot|AhrefsBot) [NC]",
            "RewriteRule ^ - [F]",
            "<Location /server-status>",
            "    Require local",
            "</Location>",
        ),
    )


@healthy_apache(target=f"https://{NAME}/settings/admin")
def apache_lets_an_office_in(lab: Lab) -> None:
    """After issue 5856 of nextcloud/server: <LocationMatch> with Require ip. A note names it."""
    section = '<LocationMatch "^(/index.php)?/settings/admin">'
    apache.serve(lab, with_lines(section, "    Require ip 192.168.0.0/24", "</LocationMatch>"))


@apache_scenario(
    outside=None,
    server="server.rule-refuses",
    target=f"https://{NAME}/.well-known/host-meta",
    manual=PERSON,
)
def apache_hides_well_known_too(lab: Lab) -> None:
    """After issue 6466 of friendica/friendica: the rule against hidden files takes .well-known."""
    lab.server.sh("mkdir -p /var/www/html/.well-known")
    lab.server.write("/var/www/html/.well-known/host-meta", "<XRD/>\n")
    files = "".join(line for line in HTTPS.splitlines(keepends=True) if "Proxy" not in line)
    rule = '    RedirectMatch 403 "/\\..*$"\n'
    apache.serve(lab, f"{files.replace('    SSLEngine', f'{rule}    SSLEngine')}\n{HTTP}")


@apache_scenario(
    outside="websocket.not-upgraded",
    server="server.websocket-not-passed",
    args=WS,
    differs=FILES,
)
def apache_rewrites_another_websocket(lab: Lab) -> None:
    """Issue 217 of magne4000/quassel-webserver: the pattern is for /p/socket."""
    lines = (
        "RewriteEngine On",
        "RewriteCond %{HTTP:Connection} Upgrade [NC]",
        "RewriteCond %{HTTP:Upgrade} websocket [NC]",
        "RewriteRule /p/socket(.*) ws://127.0.0.1:3000/p/socket$1 [P,L]",
    )
    apache.serve(lab, with_lines(*lines).replace(WS_LINE, ""))


def rewrite_websockets(lab: Lab, test: str, target: str) -> None:
    """Apache with a RewriteRule for WebSockets in place of the line of ProxyPass."""
    lines = (
        "RewriteEngine On",
        f"RewriteCond %{{HTTP:Upgrade}} {test}",
        f'RewriteRule ^/?(.*) "{target}/$1" [P,L]',
    )
    apache.serve(lab, with_lines(*lines).replace(WS_LINE, ""))


@healthy_apache(args=WS)
def apache_rewrites_websockets(lab: Lab) -> None:
    """As the documentation of mod_proxy_wstunnel has it."""
    rewrite_websockets(lab, "websocket [NC]", "ws://127.0.0.1:3000")


@apache_scenario(
    outside="websocket.not-upgraded",
    server="server.websocket-not-passed",
    args=WS,
    differs=FILES,
)
def apache_rewrites_websockets_to_http(lab: Lab) -> None:
    """After threads about [P] with http://: the upgrade is lost."""
    rewrite_websockets(lab, "websocket [NC]", "http://127.0.0.1:3000")


@apache_scenario(
    outside="websocket.not-upgraded",
    server="server.websocket-not-passed",
    args=WS,
    differs=FILES,
)
def apache_wants_another_upgrade(lab: Lab) -> None:
    """After threads with "=WebSocket": browsers send it in small letters."""
    rewrite_websockets(lab, "=WebSocket", "ws://127.0.0.1:3000")


@apache_scenario(
    outside="websocket.not-upgraded",
    server="server.application-down",
    args=WS,
    manual="a person starts the application",
)
def apache_rewrites_websockets_to_a_dead_port(lab: Lab) -> None:
    """The port of an application that does not run."""
    rewrite_websockets(lab, "websocket [NC]", "ws://127.0.0.1:3999")


@apache_scenario(
    outside="http.last-slash",
    server="server.path-not-handled",
    target=f"https://{NAME}/webmentions",
    manual="a person chooses which of both paths is to be the site's",
)
def apache_location_ends_with_a_slash(lab: Lab) -> None:
    """Issue 8 of zerok/webmentiond: <Location /webmentions/>, and visitors leave the slash out."""
    files = "".join(line for line in HTTPS.splitlines(keepends=True) if "Proxy" not in line)
    section = (
        "    <Location /webmentions/>\n        ProxyPass http://127.0.0.1:3000/\n    </Location>\n"
    )
    apache.serve(lab, f"{files.replace('    SSLEngine', f'{section}    SSLEngine')}\n{HTTP}")


# Caddy


@healthy_caddy()
def caddy_lets_private_addresses_in(lab: Lab) -> None:
    """Issue 6774 of caddyserver/caddy: respond @external 403. A note names it."""
    external = "@external not remote_ip private_ranges"
    serve_caddy(lab, external, "respond @external 403", "reverse_proxy 127.0.0.1:3000")


@caddy_scenario(outside="http.server-error", server="server.rule-refuses", manual=PERSON)
def caddy_announces_maintenance(lab: Lab) -> None:
    """After threads of Caddy's forum about maintenance pages: "respond 503" was left, and takes all
    paths before reverse_proxy."""
    serve_caddy(lab, "respond /* maintenance 503", "reverse_proxy 127.0.0.1:3000")


@caddy_scenario(
    outside=None,
    server="server.rule-refuses",
    args=WS,
    manual=PERSON,
    unsure=("client",),
)
def caddy_asks_the_websocket_for_a_password(lab: Lab) -> None:
    """Issue 28 of Hal0ai/hal0: basicauth covers what has a login of its own."""
    digest = "$2a$14$Gu6PvXql32E5y9stuTmtruA.eC8pSSbsgZ8iQa4alCKyCBmXxKqSW"
    serve_caddy(lab, "basicauth /ws* {", f"\tbob {digest}", "}", "reverse_proxy 127.0.0.1:3000")


@caddy_scenario(outside=None, server="server.path-not-handled", manual=PERSON)
def caddy_host_matcher_has_another_name(lab: Lab) -> None:
    """Issue 3805 of dgtlmoon/changedetection.io: an empty page, handle @name does not match."""
    lines = ("@shop host shop.local.example.com", "handle @shop {")
    serve_caddy(lab, *lines, "\treverse_proxy 127.0.0.1:3000", "}")


@caddy_scenario(outside=None, server="server.path-not-handled", manual=PERSON)
def caddy_passes_websockets_on_alone(lab: Lab) -> None:
    """Issue 939 of slskd/slskd: a matcher for WebSockets was copied, and pages are blank."""
    fields = ("@sockets {", "\theader Connection *Upgrade*", "\theader Upgrade websocket", "}")
    serve_caddy(lab, *fields, "reverse_proxy @sockets 127.0.0.1:3000")


@healthy_caddy(args=WS)
def caddy_has_rules_beside_the_site(lab: Lab) -> None:
    """A closed path, a matcher for WebSockets with a second line for the pages, and a method."""
    serve_caddy(
        lab,
        "respond /private/* 403",
        "@odd method TRACE",
        "respond @odd 405",
        "@sockets header Upgrade websocket",
        "reverse_proxy @sockets 127.0.0.1:3000",
        "reverse_proxy 127.0.0.1:3000",
    )


# HAProxy


@haproxy_scenario(
    outside="http.host-refused",
    server="server.host-not-passed",
    manual="a person knows which name the application wants",
)
def haproxy_sends_a_fixed_host(lab: Lab) -> None:
    """Issue 2514 of haproxy/haproxy: replace-header Host, and the application knows its own name
    only."""
    lab.application("--mode", "site-host")
    rule = "    http-request replace-header Host .* service.domain.tld\n"
    haproxy.serve(lab, haproxy.SITE.replace("backend app\n", f"backend app\n{rule}"))


@healthy_haproxy()
def haproxy_sends_a_fixed_host_as_wanted(lab: Lab) -> None:
    """The application wants its own name, and gets it."""
    lab.application("--mode", "own-host")
    rule = "    http-request set-header Host app.internal\n"
    haproxy.serve(lab, haproxy.SITE.replace("backend app\n", f"backend app\n{rule}"))
