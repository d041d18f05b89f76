"""A load balancer or CDN of a provider stands in front of the server.

HAProxy on the router plays it, with real health checks, and with the error pages of the product.
"""

from .. import certificates, haproxy, site
from ..lab import SERVER, Lab
from ..scenario import healthy, scenario
from .addresses import FOLDER, OTHER, PASSED_ON, hold, other_machine

NAME = site.NAME
CONSOLE = "the console of the load balancer"

#: What AWS's balancer answers itself.
AWS_503 = """\
HTTP/1.0 503 Service Temporarily Unavailable
Server: awselb/2.0
Content-Type: text/html
Connection: close

<html>
<head><title>503 Service Temporarily Unavailable</title></head>
<body>
<center><h1>503 Service Temporarily Unavailable</h1></center>
</body>
</html>
"""
GLOBAL = """\
global
  user root
defaults
  mode http
  timeout connect 2s
  timeout client 20s
  timeout server 20s
  {errors}
"""
HTTPS = """\
frontend https
  bind {address}:443 ssl crt {folder}/balancer.pem
  http-request set-header X-Forwarded-Proto https
  default_backend servers
"""
HTTP = """\
frontend http
  bind {address}:80
  http-request redirect scheme https code 301
"""


def balancer(lab: Lab, backend: str, *, https: bool = True, aws: bool = False) -> None:
    """A load balancer at the other machine's address, with these lines as its backend."""
    hold(lab)
    router = lab.router
    router.sh(f"mkdir -p {FOLDER}")
    router.write(f"{FOLDER}/balancer.pem", haproxy.bundle(certificates.leaf(NAME)), 0o600)
    router.write(f"{FOLDER}/503.http", AWS_503)
    errors = f"errorfile 503 {FOLDER}/503.http" if aws else ""
    parts = [GLOBAL.format(errors=errors), HTTP.format(address=OTHER)]
    parts += [HTTPS.format(address=OTHER, folder=FOLDER)] if https else []
    router.write(f"{FOLDER}/haproxy.cfg", "".join([*parts, "backend servers\n", backend]))
    ports = (80, 443) if https else (80,)
    lab.spawn(
        router,
        ["haproxy", "-db", "-f", f"{FOLDER}/haproxy.cfg"],
        lambda: all(router.listening(port) for port in ports),
    )
    lab.dns([OTHER])


def until_down(lab: Lab) -> None:
    """Wait until the health check has failed."""
    from ..hosts import until

    ask = ["curl", "-sko", "/dev/null", "-w", "%{http_code}", f"https://{OTHER}/"]
    until(lambda: lab.router.run(ask).stdout == "503", "the balancer answers 503")


def http_only(lab: Lab) -> None:
    """The server speaks http alone: the balancer ends TLS."""
    plain = site.HTTPS.replace("listen 443 ssl;", "listen 80;")
    lines = [line for line in plain.split("\n") if "ssl_" not in line]
    lab.server.write(site.CONF, f"{site.MAP}\n" + "\n".join(lines))
    lab.restart_nginx()


#: The health check asks for "/" over http, and the server redirects to https.
REDIRECTED = f"""\
  option httpchk GET /
  http-check expect status 200
  server web {SERVER}:443 ssl verify none check port 80 no-check-ssl inter 200 fall 1
"""


@scenario(
    outside="cloud.balancer-health-check",
    manual=CONSOLE,
    needs=haproxy.needs_haproxy,
    not_on={"nginx.org": "its default block answers the check with a page"},
)
def health_check_gets_a_redirect(lab: Lab) -> None:
    """The check asks for `/` over http and wants 200; the server answers 301 there.

    After threads about AWS's and Alibaba Cloud's balancers ("target unhealthy, health checks failed
    with these codes: [301]").
    """
    balancer(lab, REDIRECTED, aws=True)
    until_down(lab)


@scenario(
    outside="http.server-error",
    server="cloud.balancer-health-check",
    manual=CONSOLE,
    needs=haproxy.needs_haproxy,
    not_on={"nginx.org": "its default block answers the check with a page"},
)
def health_check_of_an_own_balancer_fails(lab: Lab) -> None:
    """The same at a balancer that says nothing of a provider: HAProxy on another machine."""
    balancer(lab, REDIRECTED)
    until_down(lab)


@scenario(outside="cloud.balancer-health-check", manual=CONSOLE, needs=haproxy.needs_haproxy)
def balancer_asks_a_port_that_is_closed(lab: Lab) -> None:
    """The balancer ends TLS, the server speaks http on 80 alone, and the group has port 8080."""
    http_only(lab)
    backend = f"  server web {SERVER}:8080 check inter 200 fall 1\n"
    balancer(lab, backend, aws=True)
    until_down(lab)


@scenario(outside="http.plain-to-tls-port", manual=CONSOLE, needs=haproxy.needs_haproxy)
def balancer_speaks_http_to_the_tls_port(lab: Lab) -> None:
    """The balancer ends TLS and passes plain HTTP on to port 443.

    After Alibaba Cloud's document on CLB's status codes and a thread ("400 The plain HTTP request
    was sent to HTTPS port, only through the load balancer").
    """
    balancer(lab, f"  server web {SERVER}:443\n")


@scenario(outside="cloud.balancer-no-listener", manual=CONSOLE, needs=haproxy.needs_haproxy)
def balancer_without_a_listener_for_https(lab: Lab) -> None:
    """The balancer has a listener for port 80 only, whose default sends to https."""
    balancer(lab, f"  server web {SERVER}:80\n", https=False)
    balancer_name = "web-1234.us-west-2.elb.amazonaws.com"
    lab.zone({NAME: {"CNAME": [f"{balancer_name}."]}, balancer_name: {"A": [OTHER]}})


@scenario(outside="certificate.in-front", manual=CONSOLE)
def cdn_with_an_expired_certificate(lab: Lab) -> None:
    """The CDN has its own copy of the certificate, which nobody renewed; its answer says who it is.

    After threads about Alibaba Cloud's CDN and SLB ("renewed on the server, still expired").
    """
    sign = "add_header EagleId 241bda9515589383376774139e always;"
    old = certificates.leaf(NAME, starts=-100, ends=-10)
    other_machine(lab, sign + PASSED_ON, old)
    lab.dns([OTHER])


@scenario(outside="http.cdn-error", manual=CONSOLE)
def edgeone_that_the_server_refuses(lab: Lab) -> None:
    """Tencent EdgeOne's 521: the server's port is closed to it."""
    sign = "add_header EO-LOG-UUID 1234567890 always;"
    other_machine(lab, f"{sign} return 521 '';")
    lab.dns([OTHER])


@healthy(needs=haproxy.needs_haproxy)
def balancer_that_ends_tls(lab: Lab) -> None:
    """The balancer ends TLS, the server speaks http alone."""
    http_only(lab)
    balancer(lab, f"  server web {SERVER}:80 check inter 200\n")


@healthy(needs=haproxy.needs_haproxy)
def balancer_with_a_certificate_of_its_own(lab: Lab) -> None:
    """TLS on both sides, two certificates, and a health check that the server answers."""
    backend = f"  server web {SERVER}:443 ssl verify none check inter 200\n"
    balancer(lab, backend, aws=True)
