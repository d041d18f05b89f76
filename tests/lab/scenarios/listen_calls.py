"""A program listens on the loopback address alone by the call in its own script, and no web server
passes requests on to it.

https://github.com/fastify/fastify/issues/989 (on the server curl works, from outside nothing),
https://nodejs.org/en/learn/getting-started/introduction-to-nodejs (the constant `hostname`).
"""

from .. import site
from ..hosts import until
from ..lab import Lab
from ..machines import Machine
from ..scenario import healthy, scenario
from .application_services import ONE_LAYOUT, SERVER, UNIT

SCRIPT = "/srv/desk/server.js"
TARGET = f"http://{site.NAME}:3100/"
OPEN = SERVER.replace("'127.0.0.1'", "'0.0.0.0'")
CONSTANT = "const hostname = '127.0.0.1';\n" + SERVER.replace("'127.0.0.1'", "hostname")


def _beside_the_site(lab: Lab, program: str) -> None:
    server = lab.server
    assert isinstance(server, Machine)
    for words in ((), ("--permanent",)):
        server.run(["firewall-cmd", *words, "--zone=public", "--add-port=3100/tcp"], check=True)
    server.write(SCRIPT, program)
    server.sh("chmod 755 /srv/desk")
    unit = UNIT.format(unit="", service="").replace("/srv/shop/", "/srv/desk/")
    server.write("/etc/systemd/system/desk.service", unit.replace("3000", "3100"))
    server.systemctl("daemon-reload")
    lab.undo(lambda: server.sh("systemctl disable --now desk; rm -rf /srv/desk", check=False))
    server.systemctl("enable", "--now", "desk")
    until(lambda: server.listening(3100), "the desk listens")


@scenario(
    outside="tcp.refused", server="listener.loopback-only", target=TARGET,
    differs=("processes", "listeners", SCRIPT), not_on=ONE_LAYOUT,
)  # fmt: skip
def script_listens_on_the_loopback_address(lab: Lab) -> None:
    _beside_the_site(lab, SERVER)


@scenario(
    outside="tcp.refused", server="listener.loopback-only", target=TARGET,
    differs=("processes", "listeners", SCRIPT), not_on=ONE_LAYOUT,
)  # fmt: skip
def constant_of_a_script_is_the_loopback_address(lab: Lab) -> None:
    _beside_the_site(lab, CONSTANT)


@healthy(target=TARGET, not_on=ONE_LAYOUT)
def script_listens_on_all_addresses(lab: Lab) -> None:
    _beside_the_site(lab, OPEN)
