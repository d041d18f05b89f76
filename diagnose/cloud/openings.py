"""For whom a port is opened: the visitor's network, then everybody."""

import ipaddress

from diagnose.cloud.evaluation import Flow
from diagnose.cloud.provider import ChangeKind

#: All addresses of a family.
EVERYBODY = {4: "0.0.0.0/0", 6: "::/0"}


def opened_sources(flow: Flow, visitor: str) -> list[tuple[ChangeKind, str]]:
    """Return the networks to open for a flow, the narrow one first.

    `visitor` is an address or a network; one of another family than the flow's is left out.
    """
    everybody: tuple[ChangeKind, str] = ("open-all", EVERYBODY[flow.family])
    network = _network(visitor, flow)
    return [("open-visitor", network), everybody] if network else [everybody]


def _network(address: str, flow: Flow) -> str:
    try:
        network = ipaddress.ip_network(address, strict=False)
    except ValueError:
        return ""
    return str(network) if network.version == flow.family else ""
