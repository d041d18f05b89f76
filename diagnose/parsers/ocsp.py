"""Parse the OCSP response that a server staples to its certificate (RFC 6960, RFC 6066 section 8).
No I/O. Importing cryptography takes about 40 ms: this runs only where a response came.
"""

import warnings

from diagnose.model.tls import Revocation, RevocationStatus
from diagnose.parsers import tls

_STATUSES: dict[str, RevocationStatus] = {"GOOD": "good", "REVOKED": "revoked"}


def stapled_response(data: bytes) -> bytes:
    """Return the OCSP response in a server's first flight of TLS 1.2, in DER; b"" if there is
    none."""
    handshake = b"".join(content for kind, content in tls.records(data) if kind == tls.HANDSHAKE)
    bodies = (body for kind, body in tls.messages(handshake) if kind == tls.CERTIFICATE_STATUS)
    body = next(bodies, b"")
    size = int.from_bytes(body[1:4], "big")
    return body[4 : 4 + size] if body[:1] == b"\x01" and len(body) >= 4 + size else b""


def parse_response(der: bytes) -> Revocation:
    """Return what a response says of one certificate. Raises ValueError if it says nothing."""
    from cryptography.x509 import ocsp

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of serial numbers that are not positive
        try:
            response = ocsp.load_der_ocsp_response(der)
            if response.response_status is not ocsp.OCSPResponseStatus.SUCCESSFUL:
                raise ValueError(f"the responder says {response.response_status.name.lower()}")
            status = response.certificate_status.name
            reason = response.revocation_reason
            return Revocation(
                serial=f"{response.serial_number:x}",
                status=_STATUSES.get(status, "unknown"),
                stapled=True,
                revoked_at=response.revocation_time_utc,
                reason=reason.value if reason else "",
                this_update=response.this_update_utc,
                next_update=response.next_update_utc,
            )
        except ValueError:
            raise
        except Exception as error:  # cryptography's own kinds, for what it does not support
            raise ValueError(f"no OCSP response: {type(error).__name__}") from error
