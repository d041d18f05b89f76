"""nginx was started before what it needs was there; after threads about reboots."""

from .. import site
from ..lab import ROUTER, SERVER, Lab
from ..scenario import scenario
from .systemd import UNITS

APPLICATION = (
    "http://127.0.0.1:3000;\n    proxy_http_version 1.1;\n    proxy_set_header Host $http_host;\n"
    "    proxy_set_header X"
)


@scenario(outside="tcp.refused", server="nginx.not-running", not_on=UNITS)
def name_of_the_application_was_not_known_at_boot(lab: Lab) -> None:
    """ "host not found in upstream"; since then the resolver answers, after
    https://github.com/mempool/mempool/issues/1452."""
    lab.edit(APPLICATION, APPLICATION.replace("127.0.0.1", "app.example.com"))
    lab.stop_nginx()
    lab.stop_names()
    lab.try_to_start_nginx()
    lab.router.write("/run/names", f"{SERVER} {site.NAME}\n127.0.0.1 app.example.com\n")
    lab.names.start()
    lab.names.wait()


@scenario(outside="tcp.refused", server="nginx.not-running", differs=("listeners",), not_on=UNITS)
def address_was_not_there_at_boot(lab: Lab) -> None:
    """ "bind() … failed (99: Cannot assign requested address)", after
    https://github.com/NixOS/nixpkgs/issues/5832."""
    lab.edit("listen 443 ssl;", f"listen {SERVER}:443 ssl;")
    lab.stop_nginx()
    lab.server.sh(f"ip addr del {SERVER}/24 dev eth0")
    lab.try_to_start_nginx()
    lab.server.sh(f"ip addr add {SERVER}/24 dev eth0; ip route replace default via {ROUTER[1]}")
