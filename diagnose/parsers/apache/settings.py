"""Which files of Apache's hold lines that a remedy may have to change, besides those that define
sites. No I/O."""

import re

_SETTINGS = re.compile(
    r"(?im)^[ \t]*(?:Header|RequestHeader|SSLProtocol|SSLCipherSuite|SSLOpenSSLConfCmd"
    r"|SSLVerifyClient|AddType|AddDefaultCharset|ExpiresDefault|ExpiresByType"
    r"|ProxyErrorOverride|MaxRequestWorkers|MaxClients|ServerLimit|ThreadsPerChild"
    r"|LimitRequestBody|RemoteIP\w{1,30})[ \t]"
)


def holds_settings(text: str) -> bool:
    """Return whether a file sets fields of requests or responses, types, what TLS allows, whose
    error pages are sent, how many workers there are, how large a request may be, or from whom the
    visitor's address is taken."""
    return _SETTINGS.search(text) is not None
