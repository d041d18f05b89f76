"""Whether browsers take a cookie (draft-ietf-httpbis-rfc6265bis, section 5.7). No I/O."""

from typing import Literal

from diagnose.parsers.hostnames import is_address
from diagnose.parsers.sanitize import clean

#: Why browsers refuse a cookie: its Domain is another site's, it is Secure and comes over http, its
#: name begins with __Secure- or __Host- and its attributes do not fit, SameSite=None without
#: Secure, it is too large, or it is not for pages of other sites. "" if they take it.
CookieRefusal = Literal["", "domain", "insecure", "prefix", "same-site", "size", "cross-site"]

#: Bytes that name and value may have together (section 5.6, step 22).
MAX_SIZE = 4096


def cookie_pair(value: str) -> tuple[str, str]:
    """Return the name and the value of a Set-Cookie field, as they are sent back."""
    name, _, content = value.partition(";")[0].partition("=")
    return name.strip(), content.strip()


def secure_cookie(value: str) -> str:
    """Return the name of the cookie of a Set-Cookie field, "" if it is not Secure."""
    pair, *attributes = value.split(";")
    is_secure = any(attribute.strip().lower() == "secure" for attribute in attributes)
    return clean(pair.partition("=")[0].strip(), 60) if is_secure else ""


def cookie_refusal(value: str, host: str, secure: bool) -> CookieRefusal:
    """Return why browsers refuse the cookie of a Set-Cookie field from this host."""
    pair, *attribute_texts = value.split(";")
    key, _, content = pair.partition("=")
    if len((key.strip() + content.strip()).encode("utf-8", "replace")) > MAX_SIZE:
        return "size"
    name = key.strip().lower()
    attributes = {
        key.strip().lower(): text.strip()
        for key, _, text in (item.partition("=") for item in attribute_texts)
    }
    domain = cookie_domain(value)
    if domain and not _covers(domain, host):
        return "domain"
    is_secure = "secure" in attributes
    if is_secure and not secure and host != "localhost":
        return "insecure"
    if name.startswith("__host-") and (domain or attributes.get("path") != "/" or not is_secure):
        return "prefix"
    if name.startswith("__secure-") and not is_secure:
        return "prefix"
    return "same-site" if attributes.get("samesite", "").lower() == "none" and not is_secure else ""


def cookie_domain(value: str) -> str:
    """Return the Domain of a Set-Cookie field in lower case, without a leading dot; "" for none."""
    pairs = (item.partition("=") for item in value.split(";")[1:])
    domains = [text.strip() for key, _, text in pairs if key.strip().lower() == "domain"]
    return clean(domains[-1].lower().lstrip("."), 253) if domains else ""


def cookie_path(value: str) -> str:
    """Return the Path of a Set-Cookie field; "" if it has none, or none that counts (section
    5.7, step 11)."""
    pairs = (item.partition("=") for item in value.split(";")[1:])
    paths = [text.strip() for key, _, text in pairs if key.strip().lower() == "path"]
    return clean(paths[-1], 200) if paths and paths[-1].startswith("/") else ""


def is_sent_for(path: str, own_path: str) -> bool:
    """Return whether browsers send a cookie whose Path is `own_path` with a request for a path
    (section 5.1.4)."""
    return path == own_path or path.startswith(
        own_path if own_path.endswith("/") else f"{own_path}/"
    )


def _covers(domain: str, host: str) -> bool:
    """Return whether the host domain-matches (section 5.1.3)."""
    host = host.lower().rstrip(".")
    return host == domain or (host.endswith(f".{domain}") and not is_address(host))
