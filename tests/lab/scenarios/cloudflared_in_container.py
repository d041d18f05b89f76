"""cloudflared in a container of its own. Stand-ins play it and its engine: see `cloudflared` and
`nginx_in_container`."""

from .. import site
from ..containers import Engine, application
from ..lab import Lab
from ..scenario import healthy, scenario
from .addresses import OTHER, other_machine
from .cloudflared import CLIENT, CONFIG, EDGE, PROGRAM, RULES
from .nginx_in_container import PANEL


def _in_container(lab: Lab, service: str) -> None:
    server, engine = lab.server, Engine(lab)
    server.write(PROGRAM, CLIENT)
    server.sh("ln -sf /usr/bin/node /srv/cloudflared/cloudflared")
    server.write(CONFIG, RULES.format(name=site.NAME, service=service))
    lab.undo(lambda: server.sh(f"rm -rf /srv/cloudflared {CONFIG}"))
    argv = ["/srv/cloudflared/cloudflared", PROGRAM, "--config", CONFIG, "tunnel", "run"]
    engine.run(
        "cloudflared",
        argv,
        ports=((9443, 9443),),
        binds=[(path, path) for path in ("/srv/cloudflared", "/etc/cloudflared", "/etc/ssl/certs")],
        image="cloudflare/cloudflared:2024.4.0",
        hosts=f"{application(engine)} app\n",
    )
    engine.answers(9443)
    server.sh("firewall-cmd -q --add-port=9443/tcp", check=False)
    other_machine(lab, EDGE)
    lab.dns([OTHER])


@scenario(
    outside="http.not-the-site", server="server.tunnel-own-network", not_on=PANEL,
    manual="the compose file has to be changed",
)  # fmt: skip
def tunnel_in_a_container_leads_to_its_own_localhost(lab: Lab) -> None:
    """https://github.com/cloudflare/cloudflared/issues/976: the application has the port on the
    server."""
    _in_container(lab, "http://localhost:3000")


@healthy(not_on=PANEL)
def tunnel_in_a_container_leads_to_another_container(lab: Lab) -> None:
    _in_container(lab, "http://app:3000")
