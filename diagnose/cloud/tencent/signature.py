"""Signatures of Tencent's API, version 3 (TC3-HMAC-SHA256). Pure.

Source: Tencent Cloud, "Signature v3" (document 213/30654, in English 213/31579).
"""

import hashlib
import hmac
from collections.abc import Mapping
from datetime import UTC, datetime

ALGORITHM = "TC3-HMAC-SHA256"
#: The only type that is signed here. The type is part of the signature.
CONTENT_TYPE = "application/json; charset=utf-8"


def authorization(
    secret_id: str,
    secret_key: str,
    service: str,
    headers: Mapping[str, str],
    payload: bytes,
    timestamp: int,
) -> str:
    """Return the value of the field Authorization for a POST to `/`.

    All of `headers` are signed; Content-Type and Host have to be among them. `timestamp` is in
    seconds since the epoch, and the same as in the field X-TC-Timestamp.
    """
    scope = f"{_date(timestamp)}/{service}/tc3_request"
    canonical = canonical_request(headers, payload)
    text = f"{ALGORITHM}\n{timestamp}\n{scope}\n{_digest(canonical.encode())}"
    signature = _keyed(_signing_key(secret_key, service, timestamp), text).hex()
    return (
        f"{ALGORITHM} Credential={secret_id}/{scope}, SignedHeaders={_names(headers)}, "
        f"Signature={signature}"
    )


def canonical_request(headers: Mapping[str, str], payload: bytes) -> str:
    """Return what is hashed of a request: names and values of its fields in lower case, sorted."""
    fields = sorted((name.lower(), value.strip().lower()) for name, value in headers.items())
    lines = "".join(f"{name}:{value}\n" for name, value in fields)
    return f"POST\n/\n\n{lines}\n{_names(headers)}\n{_digest(payload)}"


def signed_headers(
    secret_id: str,
    secret_key: str,
    token: str,
    host: str,
    action: str,
    version: str,
    region: str,
    payload: bytes,
    timestamp: int,
) -> dict[str, str]:
    """Return all fields of a call. `token` is "" for a key that is not temporary."""
    signed = {"Content-Type": CONTENT_TYPE, "Host": host, "X-TC-Action": action}
    service = host.partition(".")[0]
    fields = signed | {
        "Authorization": authorization(secret_id, secret_key, service, signed, payload, timestamp),
        "X-TC-Timestamp": str(timestamp),
        "X-TC-Version": version,
    }
    if region:
        fields["X-TC-Region"] = region
    if token:
        fields["X-TC-Token"] = token
    return fields


def _names(headers: Mapping[str, str]) -> str:
    return ";".join(sorted(name.lower() for name in headers))


def _date(timestamp: int) -> str:
    """Return the day in UTC."""
    return datetime.fromtimestamp(timestamp, UTC).strftime("%Y-%m-%d")


def _signing_key(secret_key: str, service: str, timestamp: int) -> bytes:
    day_key = _keyed(f"TC3{secret_key}".encode(), _date(timestamp))
    return _keyed(_keyed(day_key, service), "tc3_request")


def _keyed(key: bytes, text: str) -> bytes:
    return hmac.digest(key, text.encode(), hashlib.sha256)


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
