"""Signs requests to Alibaba Cloud's API: ACS3-HMAC-SHA256.

Source: "V3 request body and signature mechanism" in the vendor's documents. The older signatures
with HMAC-SHA1 are discontinued.
"""

import hashlib
import hmac
from collections.abc import Mapping
from urllib.parse import quote

from diagnose.cloud.provider import ApiRequest, Credentials

ALGORITHM = "ACS3-HMAC-SHA256"
_EMPTY_HASH = hashlib.sha256(b"").hexdigest()


def signed_request(
    endpoint: str,
    action: str,
    version: str,
    parameters: Mapping[str, str],
    credentials: Credentials,
    date: str,
    nonce: str,
) -> ApiRequest:
    """Return a signed request of the RPC style: all parameters stand in the query.

    `endpoint` is "https://host[:port]", `date` a time in UTC ("2023-10-26T10:22:32Z"), `nonce` a
    text that is used once.
    """
    _, _, host = endpoint.partition("://")
    headers = {
        "host": host,
        "x-acs-action": action,
        "x-acs-content-sha256": _EMPTY_HASH,
        "x-acs-date": date,
        "x-acs-signature-nonce": nonce,
        "x-acs-version": version,
    }
    if credentials.token:
        headers["x-acs-security-token"] = credentials.token
    query = "&".join(
        f"{_encoded(name)}={_encoded(value)}" for name, value in sorted(parameters.items())
    )
    authorization = _authorization("POST", query, headers, credentials)
    fields = (*headers.items(), ("authorization", authorization), ("accept", "application/json"))
    return ApiRequest("POST", f"{endpoint}/?{query}", fields)


def _encoded(text: str) -> str:
    """Percent-encode all but the unreserved characters of RFC 3986."""
    return quote(text, safe="-_.~")


def _authorization(
    method: str, query: str, headers: Mapping[str, str], credentials: Credentials
) -> str:
    names = ";".join(sorted(headers))
    lines = "".join(f"{name}:{headers[name].strip()}\n" for name in sorted(headers))
    canonical = f"{method}\n/\n{query}\n{lines}\n{names}\n{_EMPTY_HASH}"
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    text = f"{ALGORITHM}\n{digest}"
    signature = hmac.new(credentials.secret.encode(), text.encode(), hashlib.sha256).hexdigest()
    key_id = credentials.key_id
    return f"{ALGORITHM} Credential={key_id},SignedHeaders={names},Signature={signature}"
