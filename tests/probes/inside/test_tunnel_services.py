"""The services of tunnels, as the script prints them."""

import asyncio
import shlex

from diagnose.model.processes import TunnelService
from diagnose.probes.inside import tunnel_services as probes
from tests.support.fake_context import Looking
from tests.support.recorded_machine import RecordedMachine

OUTPUT = (
    "service frpc.service\nLoadState=loaded\nActiveState=inactive\nSubState=dead\n"
    "UnitFileState=enabled\ncommand /usr/bin/frpc -c /etc/frp/frpc.toml\n\n"
)
TOML = '[[proxies]]\ntype = "http"\nlocalPort = 8080\ncustomDomains = ["shop.example.com"]\n'


def test_a_service_and_the_names_of_its_configuration() -> None:
    command = shlex.join(("sh", "-c", probes.SCRIPT))
    looking = Looking(RecordedMachine({command: OUTPUT}, {"/etc/frp/frpc.toml": TOML}))
    asyncio.run(probes.emit_services(looking))
    (service,) = looking.observed(TunnelService)
    assert (service.unit, service.state) == ("frpc.service", "inactive")
    assert (service.file, service.names) == ("/etc/frp/frpc.toml", ("shop.example.com",))
