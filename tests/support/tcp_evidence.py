"""What tests of these checks see: connection attempts and how they ended."""

from diagnose.model import Failure
from diagnose.model.tcp import Connection, ConnectionPurpose, IcmpError
from diagnose.parsers import icmp

HERE = {4: "198.51.100.2", 6: "2001:db8:1::2"}
ROUTER = {4: "198.51.100.1", 6: "2001:db8:1::1"}

NO_ROUTE_TO_HOST = Failure("unreachable", "No route to host", 113, "EHOSTUNREACH")
PERMISSION_DENIED = Failure("unreachable", "Permission denied", 13, "EACCES")
NETWORK_UNREACHABLE = Failure("unreachable", "Network is unreachable", 101, "ENETUNREACH")
_BY_ERRNO = {
    111: Failure("refused", "Connection refused", 111, "ECONNREFUSED"),
    101: NETWORK_UNREACHABLE,
    113: NO_ROUTE_TO_HOST,
    13: PERMISSION_DENIED,
    92: Failure("unreachable", "Protocol not available", 92, "ENOPROTOOPT"),
}


def attempt(
    address: str = "203.0.113.10",
    port: int = 443,
    purpose: ConnectionPurpose = "target",
    failure: Failure | None = None,
    took: float = 0.001,
    error: IcmpError | None = None,
    on_link: bool | None = None,
    source: str | None = None,
) -> Connection:
    family = 6 if ":" in address else 4
    return Connection(
        address=address,
        port=port,
        family=family,
        purpose=purpose,
        failure=failure,
        took=took,
        icmp=error,
        on_link=on_link,
        source=HERE[family] if source is None else source,
    )


def rejected(
    address: str,
    kind: int,
    code: int,
    sender: str | None = None,
    port: int = 443,
    purpose: ConnectionPurpose = "target",
    took: float = 0.001,
    on_link: bool | None = None,
) -> Connection:
    """An attempt that an ICMP error ended, from the address itself unless another is named."""
    version = 6 if ":" in address else 4
    error = IcmpError(version, kind, code, sender or address, sender == HERE[version])
    failure = _BY_ERRNO[icmp.errno_of(version, kind, code)]
    return attempt(address, port, purpose, failure, took, error, on_link)
