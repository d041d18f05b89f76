"""A program listens on the loopback address alone by the call in its own script, and no web server
passes requests on to it.

https://github.com/fastify/fastify/issues/989 (on the server curl works, from outside nothing),
https://nodejs.org/en/learn/getting-started/introduction-to-nodejs (the constant `hostname`).
"""

from .. import site
from ..lab import Lab
from ..scenario import healthy, scenario
from .application_services import ONE_LAYOUT, SERVER, start

SCRIPT = "/srv/shop/server.js"
TARGET = f"http://{site.NAME}:3000/"
OPEN = SERVER.replace("'127.0.0.1'", "'0.0.0.0'")
CONSTANT = "const hostname = '127.0.0.1';\n" + SERVER.replace("'127.0.0.1'", "hostname")


def _alone(lab: Lab, program: str) -> None:
    lab.stop_nginx()
    for words in ((), ("--permanent",)):
        lab.server.run(["firewall-cmd", *words, "--zone=public", "--add-port=3000/tcp"], check=True)
    start(lab, program=program).systemctl("enable", "shop")


@scenario(
    outside="tcp.refused", server="listener.loopback-only", target=TARGET,
    differs=("processes", SCRIPT), not_on=ONE_LAYOUT,
)  # fmt: skip
def script_listens_on_the_loopback_address(lab: Lab) -> None:
    _alone(lab, SERVER)


@scenario(
    outside="tcp.refused", server="listener.loopback-only", target=TARGET,
    differs=("processes", SCRIPT), not_on=ONE_LAYOUT,
)  # fmt: skip
def constant_of_a_script_is_the_loopback_address(lab: Lab) -> None:
    _alone(lab, CONSTANT)


@healthy(target=TARGET, not_on=ONE_LAYOUT)
def script_listens_on_all_addresses(lab: Lab) -> None:
    _alone(lab, OPEN)
