"""A balancer on another machine takes a working server out, since its health check is refused. The
router plays the balancer, with HAProxy, which ends TLS."""

from .. import certificates, haproxy, site
from ..lab import SERVER, Lab
from ..scenario import healthy, scenario
from .addresses import FOLDER, OTHER, hold

BALANCER = f"""\
defaults
  mode http
  timeout connect 5s
  timeout client 1m
  timeout server 1m
  timeout check 2s
frontend tls
  bind {OTHER}:443 ssl crt {FOLDER}/lb.pem
  http-request set-header X-Forwarded-Proto https
  default_backend web
frontend plain
  bind {OTHER}:80
  http-request redirect scheme https code 301
backend web
  option httpchk
  http-check send meth GET uri PATH
  server web1 {SERVER}:80 check inter 1s fall 2 rise 1
"""
#: Who asks without a name of a site gets nothing.
CLOSED = "server {\n  listen 80 default_server;\n  server_name _;\n  return 404;\n}\n"


def _balancer(lab: Lab, path: str) -> None:
    """nginx has plain HTTP, and the balancer asks for this path without a name."""
    page = site.HTTPS.replace("443 ssl", "80")
    page = "\n".join(line for line in page.split("\n") if "ssl_" not in line)
    lab.server.write(site.CONF, f"{site.MAP}\n{CLOSED}\n{page}")
    lab.restart_nginx()
    hold(lab)
    issued = certificates.leaf(site.NAME)
    lab.router.sh(f"mkdir -p {FOLDER}")
    lab.router.write(f"{FOLDER}/lb.pem", issued.chain + issued.key_pem, 0o600)
    lab.router.write(f"{FOLDER}/lb.cfg", BALANCER.replace("PATH", path))
    lab.spawn(lab.router, ["haproxy", "-f", f"{FOLDER}/lb.cfg"], 443)
    lab.dns([OTHER])
    lab.client.sh("sleep 6")


@scenario(
    outside="http.server-error", server="cloud.balancer-health-check", differs=(site.CONF,),
    needs=haproxy.needs_haproxy,
)  # fmt: skip
def balancer_checks_a_path_that_the_default_block_closes(lab: Lab) -> None:
    """After https://github.com/digitalocean/digitalocean-cloud-controller-manager/issues/195: the
    check has no Host, and the server for no name answers 404."""
    _balancer(lab, "/healthz")


@healthy(needs=haproxy.needs_haproxy)
def balancer_checks_a_path_that_is_answered(lab: Lab) -> None:
    own = CLOSED.replace("return 404;", "location = /healthz { return 200; }\n  return 404;")
    answered = own.replace("  return 404;", "  location / { return 404; }")
    _balancer(lab, "/healthz")
    text = lab.server.read(site.CONF).replace(CLOSED, answered)
    lab.server.write(site.CONF, text)
    lab.restart_nginx()
    lab.client.sh("sleep 4")
