"""What the tests of these checks make their evidence of."""

from diagnose.model import Failure
from diagnose.model.http import Through, Upgrade, UpgradeFault, UpgradeVariant


def upgrade(
    status: int | None = 404,
    variant: UpgradeVariant = "normal",
    accepted: bool = False,
    fault: UpgradeFault = "status",
    headers: tuple[tuple[str, str], ...] = (),
    body: str = "",
    address: str = "203.0.113.10",
    failure: Failure | None = None,
    through: Through = "front",
    offered: tuple[str, ...] = (),
    subprotocol: str | None = None,
) -> Upgrade:
    """An opening handshake at /ws, refused with 404 unless told otherwise."""
    return Upgrade(
        url="wss://shop.example.com/ws",
        path="/ws",
        address=address,
        port=443,
        variant=variant,
        through=through,
        status=status,
        headers=headers,
        body=body,
        accepted=accepted,
        fault="" if accepted else fault,
        failure=failure,
        offered=offered,
        subprotocol=subprotocol,
    )
