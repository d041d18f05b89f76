"""The names, numbers and reasons of errors that say more than the words around them: those of
Chromium, NSS, OpenSSL, errno(3), WinHTTP, CFNetwork and of the runtimes of programs. No I/O.

Sources: net/base/net_error_list.h, mozpkix and SSLerrs.h, openssl/sslerr.h and x509_txt.c,
winhttp.h, winerror.h, CFNetworkErrors.h, and the sources of the libraries that are named.
"""

from diagnose.model.symptom import SymptomKind

#: Before "(", as WinHTTP and WinINet are told: the number is one of theirs.
_WIN = (
    r"(?:win(?:http|inet)\w{0,40}|internet\w{0,20}|(?<!port )\b(?:errors?|status|code))\b\D{0,16}"
)

#: Numbers that a message may hold for another reason: they are looked for first, and with their
#: domain.
NUMBERED_ERRORS: tuple[tuple[SymptomKind, str], ...] = (
    ("timeout", rf"{_WIN}12002\b|0x80072EE2\b|NSURLErrorDomain.{{0,30}}-1001\b"),
    ("name", rf"{_WIN}12007\b|0x80072EE7\b"),
    ("not-connected", rf"{_WIN}12029\b|0x80072EFD\b|NSURLErrorDomain.{{0,30}}-1009\b"),
    ("reset", rf"{_WIN}12031\b"),
    ("closed", rf"{_WIN}12030\b|0x80072EFE\b|NSURLErrorDomain.{{0,30}}-1005\b"),
    ("certificate-date", rf"{_WIN}12037\b|0x80072F05\b|0x800B0101\b"),
    ("certificate-name", rf"{_WIN}12038\b|0x80072F06\b|0x800B010F\b"),
    ("certificate-untrusted", rf"{_WIN}12045\b|0x80072F0D\b|0x800B0109\b|0x80090325\b"),
    ("certificate-status", rf"{_WIN}12057\b|0x80092013\b"),
    ("certificate-revoked", rf"{_WIN}12170\b"),
    ("invalid-response", rf"{_WIN}12152\b|0x80072F76\b|NSURLErrorDomain.{{0,30}}-1017\b"),
    ("tls-parameters", r"0x80090331\b"),
    ("tls", rf"{_WIN}121(?:57|75)\b|0x80072F8F\b|0x80090326\b"),
)

#: Before what says less: "TLS", "certificate", "timed out", "the connection was closed".
ERROR_REASONS: tuple[tuple[SymptomKind, str], ...] = (
    ("certificate-status", r"\bSEC_ERROR_OCSP_\w{1,40}|ERR_CERT_(?:UNABLE_TO_CHECK_REVOCATION|NO_REVOCATION_MECHANISM)"
        r"|bad[ _]certificate[ _]status[ _]response"),
    ("certificate-constraint", r"ERR_CERT_NAME_CONSTRAINT_VIOLATION"),
    ("certificate-expired", r"SEC_ERROR_EXPIRED_ISSUER_CERTIFICATE|SSL_ERROR_EXPIRED_CERT_ALERT"),
    ("certificate-weak", r"signature digest algorithm too weak|digest[ _]too[ _]big[ _]for[ _]rsa[ _]key"),
    ("certificate-untrusted", r"SEC_ERROR_UNTRUSTED_(?:CERT|ISSUER)|\bunknown certificate authority\b|\b(?:SSL routines|tls|alert)\b.{0,40}?\bunknown[ _]ca\b"
        # Java without a store of authorities
        r"|the trustAnchors parameter must be non-empty"),
    ("certificate-name", r"\bhostname \"[^\"\s]{1,253}\" does not match the server certificate"),
    ("tls-client-certificate", r"ERR_SSL_CLIENT_AUTH_CERT_NEEDED|\btls: certificate required\b|peer[ _]did[ _]not[ _]return[ _]a[ _]certificate"
        r"|could not load PEM client certificate"),
    ("plain-to-tls", r"SSL routines:\w{0,60}:https?[ _](?:proxy[ _])?request\b|\bSSL connection to a non-SSL\b"
        r"|Invalid character found in method name"),
    ("tls-plain", r"not an SSL/TLS record|corrupt message of type InvalidContentType|(?<!preface: )http2: frame too large"),
    ("tls-parameters", r"SSL_OBSOLETE_CIPHER|WEAK_SERVER_EPHEMERAL_DH_KEY|no[ _]suitable[ _](?:signature[ _]algorithm|key[ _]share)"
        r"|\binappropriate[ _]fallback\b|\bwrong[ _]signature[ _]type\b|\bNo appropriate protocol \(|offered only unsupported versions"
        r"|no cipher suite supported by both|alert: HandshakeFailure\b|\bERR_(?:ALPN_NEGOTIATION_FAILED|TLS13_DOWNGRADE_DETECTED)"),
    ("tls", r"\bERR_(?:WRONG_VERSION_ON_)?EARLY_DATA\w{0,20}|\btls: (?:internal error|bad record MAC|decode error|decrypt error|unexpected message|illegal parameter)\b"
        r"|\bSSL_ERROR_BAD_CERT_ALERT\b"),
    ("http2", r"ConnectionShutdownException\b|StreamResetException\b|HTTP/2 client preface string|sent GOAWAY and closed|\bSending GOAWAY failed"),
    ("outgoing", r"could not translate host name \"|\bError establishing a database connection\b|password authentication failed for user \""),
    # A client of web servers, and no server: its class stands before the words
    ("name", r"\bERR_DNS_\w{1,40}|\bERR_NAME_RESOLUTION_FAILED|UnresolvedAddressException\b"),
    ("server-application-slow", r"\[CRITICAL\] WORKER TIMEOUT \(pid"),
    ("server-application", r"\bWorker (?:\(pid:\d{1,9}\)|with pid \d{1,9}) was (?:terminated due to|sent) (?:signal|SIG)|\bchild \d{1,9} exited on signal \d"
        r"|An unhandled lowlevel error occurred"),
    # Go's own proxy, and that of JupyterHub
    ("server-application", r"\bhttp: proxy error: (?!context canceled)|\[ConfigProxy\] error: 50[0-4] "),
    ("port-in-use", r"\bEADDRINUSE\b|\baddress already in use\b"),
    ("port-permission", r"forbidden by its access permissions"),
    ("server-workers", r"server reached pm\.max_children"),
    ("body-size", r"POST Content-Length of \d{1,15} bytes exceeds the limit"),
    ("csrf", r"\bTokenMismatchException\b|InvalidAuthenticityToken\b"),
    ("method", r"MethodNotAllowedHttpException: The (?:POST|PUT|PATCH|DELETE) method is not supported"),
    ("incomplete", r"NS_ERROR_NET_PARTIAL_TRANSFER|hyper::Error\(IncompleteMessage|ERR_INVALID_CHUNKED_ENCODING|ERR_RESPONSE_HEADERS_TRUNCATED"),
    ("decoding", r"ERR_CONTENT_DECODING\w{0,20}|bad HTTP Content or Transfer-Encoding"),
    ("invalid-response", r"\bERR_INVALID_RESPONSE\b"),
    ("data", r"\bhtml\b[^.;\n]{0,40}?\binstead of (?:the |an? )?json\b|\bjson\b[^.;\n]{0,60}?\bbut\b[^.;\n]{0,40}?\breturn(?:s|ed|ing)? (?:the |an? )?html\b|返回.{0,6}?html.{0,6}?不是.{0,4}?json|\bJSONDecodeError\b|Attempt to decode JSON with unexpected mimetype"),
    ("closed", r"ERR_CONNECTION_ABORTED|\bECONNABORTED\b|\bEPIPE\b|(?<!with )\bbroken pipe\b|NS_ERROR_NET_EMPTY_RESPONSE|NoHttpResponseException\b"
        r"|software caused connection abort|unexpected end of stream\b|without sending (?:a )?TLS close_notify|receiving peer's close_notify"
        r"|\bBadStatusLine: ''|EOFException: \\n not found"),
    ("websocket-closed", r"without completing the close handshake|WebSocketConnectionClosedException\b"),
    ("unreachable", r"\bEHOSTDOWN\b|\bhost is down\b|ERR_ADDRESS_INVALID"),
    ("csp", r"violates the following directive: .?[a-z-]{2,20}-(?:src|uri|action|ancestors)\b"),
    ("proxy", r"Can't complete SOCKS[45] connection"),
    ("timeout", r"\b(?:httpx|asyncio|aiohttp|requests|urllib3)(?:\.\w{1,20}){0,2}\.\w{0,20}Timeout(?:Error)?\b"),
    ("not-connected", r"\bXMLHttpRequest error\b"),
    ("server-no-backend", r"^\W{0,3}no healthy upstream\b"),
)  # fmt: skip
