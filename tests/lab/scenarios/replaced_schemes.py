"""Several servers, one behind the other, and the visitors' scheme that gets lost on the way."""

from functools import partial

from .. import apache, caddy, haproxy, site
from ..haproxy import GLOBAL
from ..lab import HERE, SERVER, Lab
from ..scenario import healthy, scenario
from .addresses import OTHER, WEBSOCKETS, other_machine
from .apache import apache_scenario, healthy_apache
from .caddy import caddy_scenario
from .haproxy import haproxy_scenario, healthy_haproxy

CHECK = "upstream.scheme-replaced"
INNER = f"{site.CONF.removesuffix('.conf')}_inner.conf"
replaced = partial(scenario, outside="http.redirect-loop", server=CHECK)
MAP = """\
map $http_x_forwarded_proto $visitors_scheme {
  default $scheme;
  https https;
}
"""


def _forces_https(lab: Lab) -> None:
    lab.application("--mode", "redirect-to-https")


def _front(lab: Lab) -> None:
    """A load balancer ends TLS, and says so."""
    other_machine(
        lab,
        f"proxy_pass http://{SERVER}; proxy_set_header Host $host;"
        f" proxy_set_header X-Forwarded-Proto https; proxy_http_version 1.1;{WEBSOCKETS}",
    )
    lab.dns([OTHER])


def _nginx(listen: str, scheme: str, name: str = site.NAME) -> str:
    return (
        f"server {{\n  listen {listen};\n  server_name {name};\n  location / {{\n"
        "    proxy_pass http://127.0.0.1:3000;\n    proxy_set_header Host $http_host;\n"
        f"    proxy_set_header X-Forwarded-Proto {scheme};\n  }}\n"
        "  location /ws {\n    proxy_pass http://127.0.0.1:3000;\n    proxy_http_version 1.1;\n"
        "    proxy_set_header Host $http_host;\n    proxy_set_header Upgrade $http_upgrade;\n"
        "    proxy_set_header Connection upgrade;\n"
        f"    proxy_set_header X-Forwarded-Proto {scheme};\n  }}\n}}\n"
    )


def _behind_a_balancer(lab: Lab, scheme: str, before: str = "") -> None:
    _forces_https(lab)
    lab.server.write(site.CONF, before + _nginx("80", scheme))
    lab.restart_nginx()
    _front(lab)


@replaced(differs=(site.CONF,))
def nginx_replaces_the_scheme_of_a_balancer(lab: Lab) -> None:
    """https://github.com/bitnami/bitnami-docker-wordpress/issues/231: `$scheme` behind the load
    balancer that ends TLS."""
    _behind_a_balancer(lab, "$scheme")


@replaced(differs=(site.CONF,))
def nginx_has_a_map_for_the_scheme_and_does_not_use_it(lab: Lab) -> None:
    _behind_a_balancer(lab, "http", MAP)


@healthy()
def nginx_maps_the_scheme_of_a_balancer(lab: Lab) -> None:
    _behind_a_balancer(lab, "$visitors_scheme", MAP)


HAPROXY = f"""\
{GLOBAL}
frontend http-in
    bind :80
    acl shop hdr(host) -i shop.example.com
    http-request del-header X-Forwarded-Proto
    http-request add-header X-Forwarded-Proto http
    use_backend app if shop
backend app
    server app1 127.0.0.1:3000
"""


@replaced(manual="healed, the run is one from outside: nothing on the server has the name")
def nginx_of_every_name_replaces_the_scheme_of_a_balancer(lab: Lab) -> None:
    """Nothing on the server has the name: it is known by who asks it."""
    _forces_https(lab)
    lab.server.write(site.CONF, _nginx("80 default_server", "$scheme", "_"))
    lab.restart_nginx()
    _front(lab)


@haproxy_scenario(outside="http.redirect-loop", server=CHECK, differs=(haproxy.CONFIG,))
def haproxy_replaces_the_scheme_of_a_balancer(lab: Lab) -> None:
    """https://github.com/cloudfoundry/haproxy-boshrelease/issues/5: removed, and written anew."""
    _forces_https(lab)
    haproxy.serve(lab, HAPROXY, 80)
    _front(lab)


@healthy_haproxy()
def haproxy_keeps_the_scheme_of_a_balancer(lab: Lab) -> None:
    line = "set-header X-Forwarded-Proto http unless { req.hdr(X-Forwarded-Proto) -m found }"
    kept = HAPROXY.replace("    http-request del-header X-Forwarded-Proto\n", "")
    _forces_https(lab)
    haproxy.serve(lab, kept.replace("add-header X-Forwarded-Proto http", line), 80)
    _front(lab)


APACHE = """\
<VirtualHost *:80>
    ServerName shop.example.com
    ProxyPreserveHost On
    ProxyPass /ws ws://127.0.0.1:3000/ws
    ProxyPass / http://127.0.0.1:3000/
    RequestHeader set X-Forwarded-Proto http
</VirtualHost>
"""


@apache_scenario(outside="http.redirect-loop", server=CHECK, differs=(apache.SITE,))
def apache_replaces_the_scheme_of_a_balancer(lab: Lab) -> None:
    _forces_https(lab)
    apache.serve(lab, APACHE, 80)
    _front(lab)


@healthy_apache()
def apache_passes_the_scheme_of_a_balancer_on(lab: Lab) -> None:
    _forces_https(lab)
    apache.serve(lab, APACHE.replace("Header set", "Header setifempty"), 80)
    _front(lab)


@caddy_scenario(
    outside="http.redirect-loop",
    server=CHECK,
    heals="server",
    differs=(caddy.CONFIG,),
)
def caddy_does_not_trust_the_balancer(lab: Lab) -> None:
    _forces_https(lab)
    caddy.serve(lab, "http://shop.example.com {\n\treverse_proxy 127.0.0.1:3000\n}\n", 80)
    _front(lab)


def _behind_haproxy(lab: Lab, scheme: str) -> None:
    _forces_https(lab)
    lab.server.write(site.CONF, _nginx("127.0.0.1:8080", scheme))
    lab.restart_nginx()
    haproxy.serve(lab, haproxy.SITE.replace(":3000", ":8080"), keep_nginx=True)


@haproxy_scenario(outside="http.redirect-loop", server=CHECK, differs=(site.CONF,))
def nginx_behind_haproxy_says_its_own_scheme(lab: Lab) -> None:
    """HAProxy ends TLS and says so, nginx behind it writes `$scheme` over it."""
    _behind_haproxy(lab, "$scheme")


@healthy_haproxy()
def nginx_behind_haproxy_passes_the_scheme_on(lab: Lab) -> None:
    _behind_haproxy(lab, "$http_x_forwarded_proto")


COOKIE = "after login I am sent back to the login page, no session cookie is set"


def _two_blocks(lab: Lab, scheme: str) -> None:
    """The visitors' block has TLS. The inner one is another virtual host on purpose, and sends the
    application the site's name."""
    program = str(HERE / "applications" / "asked_server.py")
    lab.spawn(lab.server, lab.server.python(program, "session", "3001"), 3001)
    page = "location / {\n    proxy_pass http://127.0.0.1:3000"  # not its WebSocket
    lab.edit(page, page.replace("3000", "8080"))
    inner = _nginx("127.0.0.1:8080", scheme).replace("3000", "3001")
    lab.server.write(INNER, inner)
    lab.undo(lambda: lab.server.sh(f"rm -f {INNER}"))
    lab.restart_nginx()


@scenario(outside=None, server=CHECK, args=(COOKIE,), differs=(INNER,))
def inner_block_loses_the_scheme_and_the_cookie(lab: Lab) -> None:
    """express-session with cookie.secure behind two proxies."""
    _two_blocks(lab, "$scheme")


@healthy(args=(COOKIE,))
def inner_block_keeps_the_scheme_and_the_cookie(lab: Lab) -> None:
    _two_blocks(lab, "$http_x_forwarded_proto")


# The upgrade of a WebSocket, lost on the same ways


def _without_upgrades(listen: str) -> str:
    return _nginx(listen, "$http_x_forwarded_proto").partition("  location /ws")[0] + "}\n"


SOCKETS = ("--ws", "/ws")


@scenario(
    outside="websocket.not-upgraded",
    server="websocket.upgrade-headers-missing",
    args=SOCKETS,
    differs=(site.CONF,),
)
def nginx_behind_a_balancer_loses_the_upgrade(lab: Lab) -> None:
    """The front passes WebSockets on, and the server behind it does not."""
    lab.server.write(site.CONF, _without_upgrades("80"))
    lab.restart_nginx()
    _front(lab)


@healthy(args=SOCKETS)
def nginx_behind_a_balancer_passes_the_upgrade(lab: Lab) -> None:
    lab.server.write(site.CONF, _nginx("80", "$http_x_forwarded_proto"))
    lab.restart_nginx()
    _front(lab)


@scenario(
    outside="websocket.not-upgraded",
    server="websocket.upgrade-headers-missing",
    args=SOCKETS,
    differs=(INNER,),
)
def inner_block_answers_505_without_the_upgrade(lab: Lab) -> None:
    """The application of websockets answers 505 to HTTP/1.0."""
    lab.edit("http://127.0.0.1:3000", "http://127.0.0.1:8080")
    lab.server.write(INNER, _without_upgrades("127.0.0.1:8080"))
    lab.undo(lambda: lab.server.sh(f"rm -f {INNER}"))
    lab.restart_nginx()
