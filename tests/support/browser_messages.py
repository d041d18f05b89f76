"""Error messages of browsers, with what they say and the site that they name."""

from typing import NamedTuple

from diagnose.model.symptom import SymptomKind

HTTPS = "https://shop.example.com:443/"
WSS = "wss://shop.example.com:443/ws"


class Example(NamedTuple):
    """A message, what it says, its number, and the site that it names ("" for none)."""

    message: str
    kind: SymptomKind
    site: str = HTTPS
    number: int | None = None


BROWSER_MESSAGES: dict[str, tuple[Example, ...]] = {
    "Chrome, Edge": (
        Example("This site can’t be reached shop.example.com refused to connect. "
                "ERR_CONNECTION_REFUSED", "refused"),
        Example("This site can’t be reached shop.example.com took too long to respond. "
                "ERR_CONNECTION_TIMED_OUT", "timeout"),
        Example("This site can’t be reached The connection was reset. ERR_CONNECTION_RESET "
                "https://shop.example.com/", "reset"),
        Example("This site can’t be reached shop.example.com unexpectedly closed the connection. "
                "ERR_CONNECTION_CLOSED", "closed"),
        Example("This page isn’t working shop.example.com didn’t send any data. ERR_EMPTY_RESPONSE",
                "closed"),
        Example("This site can’t be reached shop.example.com is unreachable. "
                "ERR_ADDRESS_UNREACHABLE", "unreachable"),
        Example("shop.example.com’s server IP address could not be found. DNS_PROBE_FINISHED_"
                "NXDOMAIN", "name"),
        Example("Your connection is not private Attackers might be trying to steal your information "
                "from shop.example.com (for example, passwords, messages, or credit cards). "
                "NET::ERR_CERT_AUTHORITY_INVALID", "certificate-untrusted"),
        Example("GET https://shop.example.com/ net::ERR_CERT_DATE_INVALID", "certificate-date"),
        Example("This server could not prove that it is shop.example.com; its security certificate "
                "is from blog.example.com. NET::ERR_CERT_COMMON_NAME_INVALID", "certificate-name"),
        Example("You cannot visit shop.example.com right now because its certificate has been "
                "revoked. NET::ERR_CERT_REVOKED", "certificate-revoked"),
        Example("https://shop.example.com/ NET::ERR_CERT_WEAK_KEY", "certificate-weak"),
        Example("https://shop.example.com/ NET::ERR_CERTIFICATE_TRANSPARENCY_REQUIRED",
                "certificate-transparency"),
        Example("Refused to display 'https://shop.example.com/' in a frame because it set "
                "'X-Frame-Options' to 'deny'.", "frame"),
        Example("https://shop.example.com/ This Set-Cookie was blocked because it had the "
                '"SameSite=None" attribute but did not have the "Secure" attribute', "cookie"),
        Example("Uncaught (in promise) SyntaxError: Unexpected token '<', \"<!doctype \"... is not "
                "valid JSON", "data", ""),
        Example("ChunkLoadError: Loading chunk 319 failed. (error: "
                "https://shop.example.com/static/js/319.9f2c.js)", "page-files",
                "https://shop.example.com:443/static/js/319.9f2c.js"),
        Example("TypeError: Failed to fetch dynamically imported module: "
                "https://shop.example.com/assets/Home-8d2.js", "page-files",
                "https://shop.example.com:443/assets/Home-8d2.js"),
        Example("You cannot visit shop.example.com right now because the website uses HSTS.",
                "hsts"),
        Example("You cannot visit shop.example.com right now because the website uses certificate "
                "pinning. ERR_SSL_PINNED_KEY_NOT_IN_CERT_CHAIN", "pinned"),
        Example("This site can’t provide a secure connection shop.example.com sent an invalid "
                "response. ERR_SSL_PROTOCOL_ERROR", "tls"),
        Example("shop.example.com uses an unsupported protocol. ERR_SSL_VERSION_OR_CIPHER_MISMATCH",
                "tls-parameters"),
        Example("shop.example.com didn’t accept your login certificate, or one may not have been "
                "provided. ERR_BAD_SSL_CLIENT_AUTH_CERT", "tls-client-certificate"),
        Example("This page isn’t working shop.example.com is currently unable to handle this "
                "request. HTTP ERROR 502", "status", number=502),
        Example("This page isn’t working shop.example.com redirected you too many times. "
                "ERR_TOO_MANY_REDIRECTS", "redirects"),
        Example("GET https://shop.example.com/ net::ERR_CONTENT_LENGTH_MISMATCH 200 (OK)",
                "incomplete"),
        Example("GET https://shop.example.com/ net::ERR_INCOMPLETE_CHUNKED_ENCODING 200 (OK)",
                "incomplete"),
        Example("GET https://shop.example.com/ net::ERR_CONTENT_DECODING_FAILED 200 (OK)",
                "decoding"),
        Example("GET https://shop.example.com/ net::ERR_HTTP2_PROTOCOL_ERROR", "http2"),
        Example("shop.example.com sent an invalid response. ERR_INVALID_HTTP_RESPONSE",
                "invalid-response"),
        Example("Access to fetch at 'https://shop.example.com/' from origin "
                "'https://app.example.com' has been blocked by CORS policy: No 'Access-Control-"
                "Allow-Origin' header is present on the requested resource.", "cors"),
        Example("Mixed Content: The page at 'https://shop.example.com/' was loaded over HTTPS, but "
                "attempted to connect to the insecure WebSocket endpoint 'ws://shop.example.com/"
                "ws'.", "mixed-content"),
        Example("Blocked loading mixed active content “http://shop.example.com/static/a.css?v=0.1.2”",
                "mixed-content"),
        Example("Loading mixed (insecure) display content “http://shop.example.com/logo.png” on a "
                "secure page", "mixed-content"),
        Example(
            "Uncaught TypeError: Failed to set the 'innerHTML' property on 'Element': This document "
            "requires 'TrustedHTML' assignment.",
            "csp",
            "",
        ),
        Example(
            "Blocked script execution in 'https://shop.example.com/' because the document's frame "
            "is sandboxed and the 'allow-scripts' permission is not set.",
            "csp",
        ),
        Example(
            "Uncaught TypeError: Cannot read properties of undefined (reading 'getUserMedia')",
            "not-secure",
            "",
        ),
        Example('Refused to get unsafe header "X-Total-Count"', "cors", ""),
        Example("Refused to connect to 'wss://shop.example.com/ws' because it violates the "
                "following Content Security Policy directive: \"connect-src 'self'\".", "csp"),
        Example("[Violation] Permissions policy violation: microphone is not allowed in this "
                "document. https://shop.example.com/", "csp"),
        Example("GET https://shop.example.com/ net::ERR_BLOCKED_BY_RESPONSE.NotSameOriginAfter"
                "DefaultedToSameOriginByCoep 200 (OK)", "csp"),
        Example("GET https://shop.example.com/ads.js net::ERR_BLOCKED_BY_CLIENT", "extension",
                "https://shop.example.com:443/ads.js"),
        Example("Failed to find a valid digest in the 'integrity' attribute for resource "
                "'https://shop.example.com/js/app.js' with computed SHA-384 integrity 'x6jCy'. The "
                "resource has been blocked.", "page-files"),
        Example("Cross-Origin-Opener-Policy policy would block the window.closed call. "
                "https://shop.example.com/", "csp"),
        Example("Refused to apply style from 'https://shop.example.com/' because its MIME type "
                "('text/html') is not a supported stylesheet MIME type", "mime"),
        Example("WebSocket connection to 'wss://shop.example.com/ws' failed: Error during WebSocket "
                "handshake: Unexpected response code: 404", "websocket-status", WSS, 404),
        Example("WebSocket connection to 'wss://shop.example.com/ws' failed: Error in connection "
                "establishment: net::ERR_CONNECTION_REFUSED", "refused", WSS),
        Example("WebSocket connection to 'wss://shop.example.com/ws' failed: Error during WebSocket "
                "handshake: Incorrect 'Sec-WebSocket-Accept' header value", "websocket-accept",
                WSS),
        Example("WebSocket connection to 'wss://shop.example.com/ws' failed: Error during WebSocket "
                "handshake: Sent non-empty 'Sec-WebSocket-Protocol' header but no response was "
                "received", "websocket-subprotocol", WSS),
        Example("WebSocket connection to 'wss://shop.example.com/ws' failed: Invalid frame header",
                "websocket-closed", WSS),
        Example("WebSocket connection to 'wss://shop.example.com/ws' failed:", "websocket", WSS),
    ),
    "Chrome, Edge (Chinese)": (
        Example("无法访问此网站 shop.example.com 拒绝了我们的连接请求。 ERR_CONNECTION_REFUSED", "refused"),
        Example("嗯… 无法访问此页面 shop.example.com 已拒绝连接。", "refused"),
        Example("无法访问此网站 shop.example.com 的响应时间过长。", "timeout"),
        Example("嗯… 无法访问此页面 shop.example.com 花了太长时间进行响应", "timeout"),
        Example("无法访问此网站 连接已重置。 https://shop.example.com/ ERR_CONNECTION_RESET", "reset"),
        Example("无法访问此网站 shop.example.com 意外终止了连接。", "closed"),
        Example("该网页无法正常运作 shop.example.com 未发送任何数据。", "closed"),
        Example("无法访问此网站 找不到 shop.example.com 的服务器 IP 地址。", "name"),
        Example("您的连接不是私密连接 攻击者可能会试图从 shop.example.com 窃取您的信息 "
                "NET::ERR_CERT_DATE_INVALID", "certificate-date"),
        Example("您的时钟慢了 https://shop.example.com/", "certificate-date"),
        Example("此网站无法提供安全连接 shop.example.com 发送的响应无效。 ERR_SSL_PROTOCOL_ERROR", "tls"),
        Example("此网站无法提供安全连接 shop.example.com 使用了不受支持的协议。", "tls-parameters"),
        Example("该网页无法正常运作 shop.example.com 目前无法处理此请求。 HTTP ERROR 500", "status",
                number=500),
        Example("该网页无法正常运作 shop.example.com 将您重定向的次数过多。", "redirects"),
    ),
    "Firefox": (
        Example("Unable to connect. Firefox can’t establish a connection to the server at "
                "shop.example.com.", "not-connected"),
        Example("The connection has timed out. The server at shop.example.com is taking too long to "
                "respond.", "timeout"),
        Example("The connection was reset. The connection to the server at shop.example.com was "
                "reset while the page was loading.", "reset"),
        Example("Hmm. We’re having trouble finding that site. We can’t connect to the server at "
                "shop.example.com.", "name"),
        Example("Secure Connection Failed. An error occurred during a connection to "
                "shop.example.com. PR_END_OF_FILE_ERROR", "closed"),
        Example("An error occurred during a connection to shop.example.com. SSL received a record "
                "that exceeded the maximum permissible length. Error code: "
                "SSL_ERROR_RX_RECORD_TOO_LONG", "tls-plain"),
        Example("An error occurred during a connection to shop.example.com. Cannot communicate "
                "securely with peer: no common encryption algorithm(s). Error code: "
                "SSL_ERROR_NO_CYPHER_OVERLAP", "tls-parameters"),
        Example("An error occurred during a connection to shop.example.com. Peer using unsupported "
                "version of security protocol. Error code: SSL_ERROR_UNSUPPORTED_VERSION",
                "tls-parameters"),
        Example("An error occurred during a connection to shop.example.com. Error code: "
                "SSL_ERROR_UNRECOGNIZED_NAME_ALERT", "tls-name"),
        Example("An error occurred during a connection to shop.example.com. Error code: "
                "SSL_ERROR_RX_CERTIFICATE_REQUIRED_ALERT", "tls-client-certificate"),
        Example("shop.example.com uses an invalid security certificate. Error code: "
                "SEC_ERROR_EXPIRED_CERTIFICATE", "certificate-expired"),
        Example("shop.example.com uses an invalid security certificate. Error code: "
                "SEC_ERROR_UNKNOWN_ISSUER", "certificate-untrusted"),
        Example("shop.example.com uses an invalid security certificate. Error code: "
                "SSL_ERROR_BAD_CERT_DOMAIN", "certificate-name"),
        Example("shop.example.com uses an invalid security certificate. Error code: "
                "MOZILLA_PKIX_ERROR_SELF_SIGNED_CERT", "certificate-self-signed"),
        Example("shop.example.com uses an invalid security certificate. Error code: "
                "MOZILLA_PKIX_ERROR_NOT_YET_VALID_CERTIFICATE", "certificate-not-yet-valid"),
        Example("An error occurred during a connection to shop.example.com. Error code: "
                "SEC_ERROR_REVOKED_CERTIFICATE", "certificate-revoked"),
        Example("An error occurred during a connection to shop.example.com. Error code: "
                "MOZILLA_PKIX_ERROR_KEY_PINNING_FAILURE", "pinned"),
        Example("An error occurred during a connection to shop.example.com. Error code: "
                "MOZILLA_PKIX_ERROR_REQUIRED_TLS_FEATURE_MISSING", "certificate"),
        Example("The page isn’t redirecting properly. An error occurred during a connection to "
                "shop.example.com.", "redirects"),
        Example("Content Encoding Error. An error occurred during a connection to "
                "shop.example.com.", "decoding"),
        Example("Corrupted Content Error. The site at https://shop.example.com/ has experienced a "
                "network protocol violation", "mime"),
        Example("Firefox can’t establish a connection to the server at wss://shop.example.com/ws.",
                "websocket", WSS),
        Example("The connection to wss://shop.example.com/ws was interrupted while the page was "
                "loading.", "websocket", WSS),
        Example("Cross-Origin Request Blocked: The Same Origin Policy disallows reading the remote "
                "resource at https://shop.example.com/. (Reason: CORS request did not succeed).",
                "cors"),
    ),
    "Firefox (Chinese)": (
        Example("连接超时 shop.example.com 的响应时间过长。", "timeout"),
        Example("连接失败 Firefox 无法建立到 shop.example.com 服务器的连接。", "not-connected"),
        Example("连接 shop.example.com 时发生错误。PR_CONNECT_RESET_ERROR", "reset"),
        Example("Firefox 无法建立到 wss://shop.example.com/ws 服务器的连接。", "websocket", WSS),
        Example("加载页面时与 wss://shop.example.com/ws 的连接中断。", "websocket", WSS),
        Example("shop.example.com 使用了无效的安全证书。 该证书因为其自签名而不被信任。",
                "certificate-self-signed"),
        Example("各个网站通过证书证明自己的身份。Firefox 不能信任此网站，因为它使用的证书对 shop.example.com 无效。",
                "certificate-name"),
        Example("此页面不能正确地重定向 连接到 shop.example.com 时发生错误。", "redirects"),
        Example("建立安全连接失败 连接到 shop.example.com 时发生错误。", "tls"),
        Example("呃…找不到此网站。 https://shop.example.com/", "name"),
    ),
    "Firefox (other languages)": (
        Example("Quellübergreifende (Cross-Origin) Anfrage blockiert: Die Gleiche-Quelle-Regel "
                "verbietet das Lesen der externen Ressource auf https://shop.example.com/. (Grund: "
                "CORS-Anfrage schlug fehl). Statuscode: (null).", "cors"),
        Example("Das Cookie \"session\" wurde wegen einer ungültigen Domain abgelehnt. "
                "https://shop.example.com/", "cookie"),
        Example("Keiner der \"sha384\"-Hashwerte des \"integrity\"-Attributs stimmt mit dem Inhalt "
                "der Subressource überein. https://shop.example.com/js/app.js", "page-files"),
        Example("Le chargement du script à l’adresse « https://shop.example.com/ » a été bloqué en "
                "raison d’un type MIME (« text/html ») non autorisé.", "mime"),
        Example("Blocage d’une requête multiorigine (Cross-Origin Request) : la politique « Same "
                "Origin » ne permet pas de consulter la ressource distante située sur "
                "https://shop.example.com/. Raison : l’en-tête CORS « Access-Control-Allow-Origin » "
                "est manquant.", "cors"),
        Example("O carregamento de conteúdo misto “http://shop.example.com/a.js” foi bloqueado na "
                "página https://shop.example.com/", "mixed-content"),
    ),
    "Safari": (
        Example("WebSocket connection to 'wss://shop.example.com/ws' failed: Invalid HTTP version "
                "string: HTTP/1.0", "websocket-accept", WSS),
        Example("Safari can’t open the page because Safari can’t connect to the server "
                "“shop.example.com”.", "not-connected"),
        Example("Safari can’t open the page because Safari can’t find the server "
                "“shop.example.com”.", "name"),
        Example("Safari can’t open the page “https://shop.example.com/” because Safari can’t "
                "establish a secure connection to the server “shop.example.com”.", "tls"),
        Example("Safari can’t open the page “https://shop.example.com/” because the server "
                "unexpectedly dropped the connection.", "closed"),
        Example("Safari can’t open the page “https://shop.example.com/” because the server where "
                "this page is located isn’t responding.", "timeout"),
        Example("Safari can’t open the page. Too many redirects occurred trying to open "
                "“https://shop.example.com/”.", "redirects"),
        Example("Fetch API cannot load https://shop.example.com/ due to access control checks.",
                "cors"),
        Example("Safari浏览器打不开网页，因为无法连接服务器“shop.example.com”。", "not-connected"),
        Example("Safari浏览器无法打开页面“https://shop.example.com/”，因为Safari浏览器无法与服务器建立安全连接。",
                "tls"),
    ),
}  # fmt: skip
