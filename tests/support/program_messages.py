"""Error messages of clients and servers, with what they say and the site that they name."""

from tests.support.browser_messages import WSS, Example

LOG = (
    "2026/11/26 10:00:00 [error] 9#9: *1 {} while {}, client: 203.0.113.9, server: "
    'shop.example.com, request: "GET /ws HTTP/1.1", upstream: "http://127.0.0.1:3000/ws", host: '
    '"shop.example.com"'
)
TO_UPSTREAM, FROM_UPSTREAM = "connecting to upstream", "reading response header from upstream"
HTTPS_WS = "https://shop.example.com:443/ws"
URLLIB3 = (
    "requests.exceptions.{}: HTTPSConnectionPool(host='shop.example.com', port=443): Max retries "
    "exceeded with url: / (Caused by {})"
)
CERTBOT = (
    "Certbot failed to authenticate some domains (authenticator: nginx). The Certificate Authority "
    "reported these problems:\n  Domain: shop.example.com\n  Type:   {}\n  Detail: {}"
)
CHALLENGE = "http://shop.example.com/.well-known/acme-challenge/mVPKxOtuNpdt"
APACHE = "[Thu Nov 26 10:00:00.000000 2026] [{}] [pid 9:tid 9] [client 203.0.113.9:50000] {}"
CADDY = (
    '{{"level":"error","ts":1795680000.0,"logger":"http.log.error","msg":"{}","request":{{'
    '"remote_ip":"203.0.113.9","proto":"HTTP/2.0","method":"GET","host":"shop.example.com",'
    '"uri":"/"}},"duration":0.1,"status":502}}'
)
CADDY_BY_URI = (
    '{{"level":"error","ts":1601757602.1,"logger":"http.log.error","msg":"{}","request":{{'
    '"method":"GET","uri":"/","proto":"HTTP/2.0","host":"shop.example.com"}},"status":502}}'
)
PROGRAM_MESSAGES: dict[str, tuple[Example, ...]] = {
    "curl": (
        Example("curl: (6) Could not resolve host: shop.example.com", "name"),
        Example("curl: (7) Failed to connect to shop.example.com port 8443 after 3 ms: Couldn't "
                "connect to server", "not-connected", "https://shop.example.com:8443/"),
        Example("curl: (7) Failed to connect to shop.example.com port 443 after 1 ms: Could not "
                "connect to server", "not-connected"),
        Example("curl: (7) Failed to connect to shop.example.com port 443: Connection refused",
                "refused"),
        Example("curl: (7) Failed to connect to shop.example.com port 443: No route to host",
                "unreachable"),
        Example("curl: (7) Failed to connect to shop.example.com port 443: Permission denied",
                "unreachable"),
        Example("curl: (28) Failed to connect to shop.example.com port 443 after 4001 ms: Timeout "
                "was reached", "timeout"),
        Example("curl: (28) Operation timed out after 4002 milliseconds with 0 bytes received",
                "timeout", ""),
        Example("curl: (35) OpenSSL SSL_connect: SSL_ERROR_SYSCALL in connection to "
                "shop.example.com:443", "closed"),
        Example("curl: (35) Recv failure: Connection reset by peer", "reset", ""),
        Example("curl: (35) TLS connect error: error:0A00010B:SSL routines::wrong version number",
                "tls-plain", ""),
        Example("curl: (35) TLS connect error: error:0A00042E:SSL routines::tlsv1 alert protocol "
                "version", "tls-parameters", ""),
        Example("SSL Labs: TLS 1.3 is not enabled", "tls-version", ""),
        Example("Nginx 配置 TLSv1.3 没有生效", "tls-version", ""),
        Example("curl: (35) TLS connect error: error:0A000458:SSL routines::tlsv1 unrecognized "
                "name", "tls-name", ""),
        Example("curl: (52) Empty reply from server", "closed", ""),
        Example("curl: (60) SSL certificate problem: certificate has expired\nMore details here: "
                "https://curl.se/docs/sslcerts.html", "certificate-expired", ""),
        Example("curl: (60) SSL certificate problem: self-signed certificate",
                "certificate-self-signed", ""),
        Example("curl: (60) SSL certificate problem: unable to get local issuer certificate",
                "certificate-issuer", ""),
        Example("curl: (60) SSL certificate problem: certificate is not yet valid",
                "certificate-not-yet-valid", ""),
        Example("curl: (60) SSL certificate problem: EE certificate key too weak",
                "certificate-weak", ""),
        Example("curl: (60) SSL: no alternative certificate subject name matches target host name "
                "'shop.example.com'", "certificate-name"),
        Example("curl: (90) SSL: public key does not match pinned public key", "pinned", ""),
        Example("curl: (22) The requested URL returned error: 502", "status", "", 502),
        Example("curl: (47) Maximum (50) redirects followed", "redirects", ""),
        Example("curl: (18) transfer closed with 1024 bytes remaining to read", "incomplete", ""),
        Example("curl: (61) Error while processing content unencoding: incorrect header check",
                "decoding", ""),
        Example("curl: (92) HTTP/2 stream 1 was not closed cleanly: PROTOCOL_ERROR (err 1)",
                "http2", ""),
        Example("curl: (1) Received HTTP/0.9 when not allowed", "invalid-response", ""),
    ),
    "wget": (
        Example("Connecting to shop.example.com (shop.example.com)|203.0.113.10|:443... failed: "
                "Connection refused.", "refused"),
        Example("Connecting to shop.example.com (shop.example.com)|203.0.113.10|:443... failed: No "
                "route to host.", "unreachable"),
        Example("wget: unable to resolve host address ‘shop.example.com’", "name"),
        Example("ERROR: cannot verify shop.example.com's certificate, issued by ‘CN=R3’:\n  Issued "
                "certificate has expired.", "certificate-expired"),
        Example("ERROR: cannot verify shop.example.com's certificate, issued by ‘CN=R3’:\n  Unable "
                "to locally verify the issuer's authority.", "certificate-issuer"),
        Example("ERROR: The certificate of ‘shop.example.com’ is not trusted.",
                "certificate-untrusted"),
        Example("The certificate's owner does not match hostname ‘shop.example.com’",
                "certificate-name"),
        Example("GnuTLS: An unexpected TLS packet was received.\nUnable to establish SSL "
                "connection.", "tls-plain", ""),
        Example("2026-11-26 06:47:09 ERROR 502: Bad Gateway.", "status", "", 502),
        Example("20 redirections exceeded.", "redirects", ""),
    ),
    "OpenSSL": (
        Example("openssl s_client -connect shop.example.com:8443 -servername shop.example.com\n"
                "Verify return code: 10 (certificate has expired)", "certificate-expired",
                "https://shop.example.com:8443/"),
        Example("Connecting to 203.0.113.10\ndepth=0 CN=shop.example.com\nverify error:num=18:"
                "self-signed certificate", "certificate-self-signed", ""),
        Example("verify error:num=21:unable to verify the first certificate", "certificate-issuer",
                ""),
        Example("40A7BEF5877F0000:error:8000006F:system library:BIO_connect:Connection refused:"
                "../crypto/bio/bio_sock2.c:183:calling connect()", "refused", ""),
        Example("40A7BEF5877F0000:error:0A000126:SSL routines::unexpected eof while reading",
                "closed", ""),
        Example("40A7BEF5877F0000:error:0A000410:SSL routines::ssl/tls alert handshake failure",
                "tls-parameters", ""),
    ),
    "Python": (
        Example("urllib.error.URLError: <urlopen error [Errno 111] Connection refused>", "refused",
                ""),
        Example("urllib.error.URLError: <urlopen error [SSL: CERTIFICATE_VERIFY_FAILED] certificate "
                "verify failed: certificate has expired (_ssl.c:1006)>", "certificate-expired", ""),
        Example("urllib.error.URLError: <urlopen error [Errno -2] Name or service not known>",
                "name", ""),
        Example("urllib.error.HTTPError: HTTP Error 502: Bad Gateway", "status", "", 502),
        Example("urllib.error.HTTPError: HTTP Error 301: The HTTP server returned a redirect error "
                "that would lead to an infinite loop.", "redirects", ""),
        Example("http.client.IncompleteRead: IncompleteRead(1024 bytes read, 1024 more expected)",
                "incomplete", ""),
        Example(URLLIB3.format("SSLError", "SSLError(SSLCertVerificationError(1, '[SSL: CERTIFICATE"
                "_VERIFY_FAILED] certificate verify failed: unable to get local issuer certificate"
                "')))"), "certificate-issuer"),
        Example(URLLIB3.format("SSLError", "SSLError(SSLCertVerificationError(1, \"[SSL: "
                "CERTIFICATE_VERIFY_FAILED] certificate verify failed: Hostname mismatch, "
                "certificate is not valid for 'shop.example.com'.\")))"), "certificate-name"),
        Example(URLLIB3.format("ConnectionError", "NewConnectionError('Failed to establish a new "
                "connection: [Errno 113] No route to host')"), "unreachable"),
        Example(URLLIB3.format("ConnectionError", "NewConnectionError('Failed to establish a new "
                "connection: [Errno 13] Permission denied')"), "unreachable"),
        Example(URLLIB3.format("ConnectTimeout", "ConnectTimeoutError('Connection to "
                "shop.example.com timed out. (connect timeout=4)')"), "timeout"),
        Example("requests.exceptions.HTTPError: 502 Server Error: Bad Gateway for url: "
                "https://shop.example.com/", "status", number=502),
        Example("httpx.HTTPStatusError: Server error '502 Bad Gateway' for url "
                "'https://shop.example.com/'\nFor more information check: "
                "https://developer.mozilla.org/en-US/docs/Web/HTTP/Status/502", "status",
                number=502),
        Example("httpx.ConnectError: [SSL: WRONG_VERSION_NUMBER] wrong version number (_ssl.c:1006)",
                "tls-plain", ""),
        Example("httpx.RemoteProtocolError: peer closed connection without sending complete message "
                "body (incomplete chunked read)", "incomplete", ""),
        Example("aiohttp.client_exceptions.ClientConnectorError: Cannot connect to host "
                "shop.example.com:443 ssl:default [Connect call failed ('203.0.113.10', 443)]",
                "not-connected"),
        Example("aiohttp.client_exceptions.WSServerHandshakeError: 404, message='Invalid response "
                "status', url='wss://shop.example.com/ws'", "websocket-status", WSS, 404),
        Example("websockets.exceptions.InvalidStatus: server rejected WebSocket connection: HTTP "
                "403", "websocket-status", "", 403),
        Example("websockets.exceptions.ConnectionClosedError: received 1011 (internal error) "
                "internal error; then sent 1011 (internal error) internal error",
                "websocket-closed", "", 1011),
        Example("websockets.exceptions.ConnectionClosedError: no close frame received or sent",
                "websocket-closed", ""),
        Example("websockets.exceptions.InvalidHeaderValue: invalid Sec-WebSocket-Accept header: x",
                "websocket-accept", ""),
        Example("websocket._exceptions.WebSocketBadStatusException: Handshake status 502 Bad "
                "Gateway -+-+- {}", "websocket-status", "", 502),
    ),
    "Node": (
        Example("Error: EACCES: permission denied, open '/srv/shop/config.json'", "file-denied",
                ""),
        Example("PermissionError: [Errno 13] Permission denied: '/run/user/1000/jupyter'",
                "file-denied", ""),
        Example("[ERROR] [Errno 13] error while attempting to bind on address ('0.0.0.0', 80): "
                "permission denied", "port-permission", ""),
        Example("shop-login.service: Failed at step EXEC spawning /srv/shop/run: Permission denied",
                "file-denied", ""),
        Example("Error: EROFS: read-only file system, mkdir '/var/lib/shop/uploads'",
                "file-denied", ""),
        Example("Error: connect ECONNREFUSED 203.0.113.10:443", "refused",
                "https://203.0.113.10:443/"),
        Example("Error: connect ECONNREFUSED 127.0.0.1:5984", "upstream-refused",
                "https://127.0.0.1:5984/"),
        Example("Error: connect ETIMEDOUT 2001:db8::10:443", "timeout",
                "https://[2001:db8::10]:443/"),
        Example("Error: getaddrinfo ENOTFOUND shop.example.com", "name"),
        Example("Error: socket hang up { code: 'ECONNRESET' }", "reset", ""),
        Example("TypeError: fetch failed [cause]: Error: certificate has expired { code: "
                "'CERT_HAS_EXPIRED' }", "certificate-expired", ""),
        Example("Error: unable to verify the first certificate { code: "
                "'UNABLE_TO_VERIFY_LEAF_SIGNATURE' }", "certificate-issuer", ""),
        Example("Error: self-signed certificate { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' }",
                "certificate-self-signed", ""),
        Example("Error [ERR_TLS_CERT_ALTNAME_INVALID]: Hostname/IP does not match certificate's "
                "altnames: Host: shop.example.com. is not in the cert's altnames: DNS:a.test",
                "certificate-name"),
        Example("[Error: 4032E6CB337F0000:error:0A00010B:SSL routines:ssl3_get_record:wrong version "
                "number] { code: 'ERR_SSL_WRONG_VERSION_NUMBER' }", "tls-plain", ""),
        Example("TypeError: fetch failed [cause]: ConnectTimeoutError: Connect Timeout Error "
                "(attempted address: shop.example.com:443, timeout: 10000ms) { code: "
                "'UND_ERR_CONNECT_TIMEOUT' }", "timeout"),
        Example("Error: Unexpected server response: 404", "websocket-status", "", 404),
        Example("Disconnected (code: 1006, reason: \"\")", "websocket-closed", "", 1006),
        Example("Error: Invalid Sec-WebSocket-Accept header", "websocket-accept", ""),
        Example("Error: Server sent no subprotocol", "websocket-subprotocol", ""),
        Example("Error: Parse Error: Expected HTTP/, RTSP/ or ICE/ { code: "
                "'HPE_INVALID_CONSTANT' }", "invalid-response", ""),
    ),
    "Java": (
        Example("java.net.UnknownHostException: shop.example.com", "name"),
        Example("org.apache.http.conn.HttpHostConnectException: Connect to shop.example.com:443 "
                "[shop.example.com/203.0.113.10] failed: Connection refused", "refused"),
        Example("java.net.SocketTimeoutException: Connect timed out", "timeout", ""),
        Example("java.net.NoRouteToHostException: No route to host", "unreachable", ""),
        Example("javax.net.ssl.SSLHandshakeException: PKIX path building failed: sun.security."
                "provider.certpath.SunCertPathBuilderException: unable to find valid certification "
                "path to requested target", "certificate-untrusted", ""),
        Example("javax.net.ssl.SSLHandshakeException: PKIX path validation failed: java.security."
                "cert.CertPathValidatorException: validity check failed", "certificate-date", ""),
        Example("java.security.cert.CertificateException: No subject alternative DNS name matching "
                "shop.example.com found.", "certificate-name"),
        Example("javax.net.ssl.SSLException: Unsupported or unrecognized SSL message", "tls-plain",
                ""),
        Example("javax.net.ssl.SSLHandshakeException: Received fatal alert: handshake_failure",
                "tls-parameters", ""),
        Example("javax.net.ssl.SSLHandshakeException: Remote host terminated the handshake",
                "closed", ""),
        Example("java.net.ProtocolException: Server redirected too many times (20)", "redirects",
                ""),
    ),
    "Go": (
        Example('Get "https://shop.example.com/": dial tcp 203.0.113.10:443: connect: connection '
                "refused", "refused"),
        Example('Get "https://shop.example.com/": dial tcp 203.0.113.10:443: i/o timeout',
                "timeout"),
        Example("dial tcp: lookup shop.example.com on 127.0.0.53:53: no such host", "name"),
        Example("tls: failed to verify certificate: x509: certificate is valid for a.test, b.test, "
                "not shop.example.com", "certificate-name"),
        Example('Get "https://shop.example.com/": tls: failed to verify certificate: x509: '
                "certificate signed by unknown authority", "certificate-untrusted"),
        Example('Get "https://shop.example.com/": tls: failed to verify certificate: x509: '
                "certificate has expired or is not yet valid: current time 2026-11-26T10:00:00Z is "
                "after 2026-11-21T10:00:00Z", "certificate-date"),
        Example('Get "https://shop.example.com/": http: server gave HTTP response to HTTPS client',
                "tls-plain"),
        Example('Get "https://shop.example.com/": remote error: tls: handshake failure',
                "tls-parameters"),
        Example('Get "https://shop.example.com/": EOF', "closed"),
        Example('Get "https://shop.example.com/": stopped after 10 redirects', "redirects"),
        Example("websocket: bad handshake", "websocket", ""),
        Example("websocket: close 1006 (abnormal closure): unexpected EOF", "websocket-closed", "",
                1006),
    ),
    "PHP": (
        Example("cURL error 60: SSL certificate problem: unable to get local issuer certificate "
                "(see https://curl.haxx.se/libcurl/c/libcurl-errors.html) for "
                "https://shop.example.com/", "certificate-issuer"),
        Example("stream_socket_client(): Unable to connect to ssl://shop.example.com:443 "
                "(Connection refused)", "refused"),
        Example("php_network_getaddresses: getaddrinfo for shop.example.com failed: Name or service "
                "not known", "name"),
        Example("file_get_contents(https://shop.example.com/): Failed to open stream: HTTP request "
                "failed! HTTP/1.1 502 Bad Gateway", "status", number=502),
    ),
    ".NET": (
        Example("System.Net.Http.HttpRequestException: No such host is known. "
                "(shop.example.com:443)", "name"),
        Example("System.Net.Http.HttpRequestException: Connection refused (shop.example.com:443)",
                "refused"),
        Example("The remote certificate is invalid because of errors in the certificate chain: "
                "NotTimeValid", "certificate-date", ""),
        Example("The remote certificate is invalid because of errors in the certificate chain: "
                "PartialChain", "certificate-issuer", ""),
        Example("The remote certificate is invalid according to the validation procedure: "
                "RemoteCertificateNameMismatch", "certificate-name", ""),
        Example("System.Security.Authentication.AuthenticationException: Cannot determine the frame "
                "size or a corrupted frame was received.", "tls-plain", ""),
        Example("Response status code does not indicate success: 502 (Bad Gateway).", "status", "",
                502),
        Example("The server returned status code '404' when status code '101' was expected.",
                "websocket-status", "", 404),
        Example("The response ended prematurely. (ResponseEnded)", "incomplete", ""),
    ),
    "nginx": (
        Example("https://shop.example.com/ 400 Bad Request The SSL certificate error nginx",
                "tls-client-certificate-rejected"),
        Example("client SSL certificate verify error: (22:certificate chain too long) while reading "
                "client request headers, client: 203.0.113.9, server: shop.example.com",
                "tls-client-certificate-rejected", ""),
        Example(LOG.format("connect() failed (111: Connection refused)", TO_UPSTREAM),
                "upstream-refused", HTTPS_WS),
        Example(LOG.format("connect() failed (113: No route to host)", TO_UPSTREAM),
                "upstream-unreachable", HTTPS_WS),
        Example(LOG.format("connect() to unix:/run/app.sock failed (2: No such file or directory)",
                TO_UPSTREAM), "upstream-missing", HTTPS_WS),
        Example(LOG.format("connect() to unix:/run/app.sock failed (13: Permission denied)",
                TO_UPSTREAM), "upstream-denied", HTTPS_WS),
        Example(LOG.format("upstream timed out (110: Connection timed out)", FROM_UPSTREAM),
                "upstream-timeout", HTTPS_WS),
        Example(LOG.format("upstream prematurely closed connection", FROM_UPSTREAM),
                "upstream-closed", HTTPS_WS),
        Example(LOG.format("auth request unexpected status: 400", "sending to client"),
                "status", HTTPS_WS, 500),
        Example("invalid request block size: 4208 (max 4096)...skip", "request-header", ""),
        Example(LOG.format("upstream sent too big header", FROM_UPSTREAM), "upstream-header",
                HTTPS_WS),
        Example(LOG.format("no live upstreams", TO_UPSTREAM), "upstream-none-live", HTTPS_WS),
        Example(LOG.format("SSL_do_handshake() failed (SSL: error:0A00010B:SSL routines::wrong "
                "version number)", "SSL handshaking to upstream"), "upstream-tls", HTTPS_WS),
        Example(LOG.format("app.internal could not be resolved (3: Host not found)",
                "sending to client"), "upstream-name", HTTPS_WS),
        Example(LOG.format("client intended to send too large body: 2097152 bytes",
                "reading client request"), "body-size", HTTPS_WS),
        Example(LOG.format("client intended to send too large chunked body: 4194304+1048576 bytes",
                "reading client request"), "body-size", HTTPS_WS),
        Example(LOG.format("pwritev() \"/var/lib/nginx/body/0000000001\" failed (28: No space left "
                "on device)", "reading client request body"), "no-space", HTTPS_WS),
        Example("[crit] 42#42: accept4() failed (24: Too many open files)", "no-files", ""),
        Example("http: Accept error: accept tcp [::]:8000: accept4: too many open files; retrying",
                "no-files", ""),
        Example(LOG.format("limiting requests, excess: 5.9 by zone \"one\"", "logging request"),
                "limit", HTTPS_WS),
        Example(LOG.format("open() \"/srv/www/index.html\" failed (13: Permission denied)",
                "logging request"), "file-denied", HTTPS_WS),
        Example(LOG.format("open() \"/srv/www/favicon.ico\" failed (2: No such file or directory)",
                "logging request"), "file-missing", HTTPS_WS),
        Example(LOG.format("FastCGI sent in stderr: \"Primary script unknown\"", FROM_UPSTREAM),
                "script", HTTPS_WS),
        Example(LOG.format("rewrite or internal redirection cycle while internally redirecting to "
                "\"/index.html\"", "logging request"), "internal-redirects", HTTPS_WS),
        Example("nginx: [emerg] bind() to 0.0.0.0:443 failed (98: Address already in use)",
                "port-in-use", ""),
        Example("nginx: [emerg] bind() to 203.0.113.10:443 failed (99: Cannot assign requested "
                "address)", "address-unavailable", ""),
        Example("nginx: [emerg] bind() to 0.0.0.0:443 failed (13: Permission denied)",
                "port-permission", ""),
        Example('nginx: [emerg] cannot load certificate "/etc/letsencrypt/live/shop.example.com/'
                'fullchain.pem": BIO_new_file() failed', "nginx-certificate"),
        Example("nginx: [emerg] SSL_CTX_use_PrivateKey(\"/etc/nginx/shop.key\") failed (SSL: "
                "error:05800074:x509 certificate routines::key values mismatch)", "nginx-key", ""),
        Example('nginx: [emerg] host not found in upstream "app:3000" in '
                "/etc/nginx/conf.d/shop.conf:12", "upstream-name", ""),
        Example('nginx: [emerg] unknown directive "sevrer" in /etc/nginx/conf.d/shop.conf:1\n'
                "nginx: configuration file /etc/nginx/nginx.conf test failed", "nginx-config", ""),
        Example("400 Bad Request The plain HTTP request was sent to HTTPS port "
                "http://shop.example.com:443/", "plain-to-tls",
                "http://shop.example.com:443/"),
    ),
    "Apache": (
        Example("java.lang.IllegalArgumentException: The AJP Connector is configured with "
                'secretRequired="true" but the secret attribute is either null or "". This combination '
                "is not valid.", "server-application", ""),
        Example(APACHE.format("proxy:error", "(111)Connection refused: AH00957: http: attempt to "
                "connect to 127.0.0.1:3000 (127.0.0.1) failed"), "server-application", ""),
        Example(APACHE.format("proxy:error", "(2)No such file or directory: AH02454: FCGI: attempt "
                "to connect to Unix domain socket /run/php/php8.2-fpm.sock (localhost:8000) failed"),
                "server-application", ""),
        Example(APACHE.format("proxy:error", "AH00898: DNS lookup failure for: 127.0.0.1:3000login "
                "returned by /login"), "server-application", ""),
        Example(APACHE.format("proxy:error", "AH00898: Error during SSL Handshake with remote server "
                "returned by /"), "server-application-tls", ""),
        Example(APACHE.format("proxy_http:error", "(70007)The timeout specified has expired: "
                "AH01102: error reading status line from remote server 127.0.0.1:3000"),
                "server-application-slow", ""),
        Example(APACHE.format("authz_core:error", "AH01630: client denied by server configuration: "
                "/srv/shop/"), "server-denied", ""),
        Example(APACHE.format("authz_core:error", "AH01630: client denied by server configuration: "
                "proxy:http://127.0.0.1:8080/"), "server-denied", ""),
        Example("[mpm_event:error] [pid 9] AH03490: scoreboard is full, not at "
                "MaxRequestWorkers.Increase ServerLimit.", "server-workers", ""),
        Example(APACHE.format("core:error", "(13)Permission denied: AH00035: access to / denied "
                "(filesystem path '/home/joe/site') because search permissions are missing on a "
                "component of the path"), "server-file", ""),
        Example(APACHE.format("core:error", "AH00124: Request exceeded the limit of 10 internal "
                "redirects due to probable configuration error."), "server-rewrite", ""),
        Example(APACHE.format("proxy:warn", "AH01144: No protocol handler was valid for the URL / "
                "(scheme 'http')."), "server-module", ""),
        Example("[ssl:emerg] [pid 9] AH02565: Certificate and private key shop.example.com:443:0 "
                "from /etc/ssl/shop.pem and /etc/ssl/shop.key do not match", "server-certificate"),
        Example("Error: EACCES: permission denied, open '/etc/letsencrypt/live/shop/privkey.pem'",
                "server-certificate", ""),
        Example("PermissionError: [Errno 13] Permission denied: '/etc/ssl/private/shop.key'",
                "server-certificate", ""),
        Example("open /etc/letsencrypt/live/shop/privkey.pem: permission denied",
                "server-certificate", ""),
        Example("java.io.FileNotFoundException: /etc/ssl/shop.p12 (Permission denied)",
                "server-certificate", ""),
        Example("Error: Unable to load server key file \"/etc/ssl/shop.key\". Check keyfile.",
                "server-certificate", ""),
        Example("AH00526: Syntax error on line 7 of /etc/apache2/sites-enabled/shop.conf:\nInvalid "
                "command 'SSLEngin', perhaps misspelled", "server-config", ""),
        Example("(98)Address already in use: AH00072: make_sock: could not bind to address [::]:443\n"
                "no listening sockets available, shutting down", "server-port", ""),
        Example("AH00484: server reached MaxRequestWorkers setting, consider raising the "
                "MaxRequestWorkers setting", "server-workers", ""),
    ),
    "Caddy": (
        Example(CADDY_BY_URI.format("dial tcp 172.18.0.2:56701: connect: connection refused"),
                "server-application"),
        Example(CADDY.format("dial tcp 127.0.0.1:3000: connect: connection refused"),
                "server-application"),
        Example(CADDY.format("tls: failed to verify certificate: x509: certificate signed by unknown "
                "authority"), "server-application-tls"),
        Example(CADDY.format("tls: first record does not look like a TLS handshake"),
                "server-application-tls"),
        Example("http: TLS handshake error from 203.0.113.9:50000: tls: first record does not look "
                "like a TLS handshake", "tls-plain", ""),
        Example("Error: adapting config using caddyfile: /etc/caddy/Caddyfile:2: unrecognized "
                "directive: proxy", "server-config", ""),
        Example("Error: loading initial config: loading new config: http app module: start: "
                "listening on :443: listen tcp :443: bind: address already in use", "server-port",
                ""),
        Example("Error: loading initial config: loading new config: http app module: start: "
                "listening on :80: listen tcp :80: bind: permission denied", "server-start", ""),
        Example("Error: setting up custom log 'log0': opening log writer using &logging.FileWriter{}:"
                " open /var/log/caddy/access.log: permission denied", "server-start", ""),
        Example("Error: sending configuration to instance: performing request: Post "
                '"http://localhost:2019/load": dial tcp [::1]:2019: connect: connection refused',
                "server-start", ""),
    ),
    "HAProxy": (
        Example("[NOTICE] haproxy[9]: Server app/app1 is DOWN, reason: Layer4 connection problem, "
                'info: "Connection refused", check duration: 0ms.', "server-no-backend", ""),
        Example("backend app has no server available!", "server-no-backend", ""),
        Example("Server app/app1 is DOWN, reason: Layer7 wrong status, code: 400", "server-no-backend",
                ""),
        Example("HAProxy httpcheck returns 400 but curl is working fine", "server-no-backend", ""),
        Example('203.0.113.9:50000 [26/Nov/2026:10:00:00.000] https~ https/<NOSRV> -1/-1/-1/-1/0 503 '
                '217 - - SC-- 1/1/0/0/0 0/0 "GET / HTTP/1.1"', "server-no-backend", ""),
        Example('haproxy[9]: 203.0.113.9:50000 [26/Nov/2026:10:00:00.000] https~ app/app1 '
                '0/0/0/-1/50001 504 194 - - sH-- 1/1/0/0/0 0/0 "GET / HTTP/1.1"',
                "server-application-slow", ""),
        Example('haproxy[9]: 203.0.113.9:50000 [26/Nov/2026:10:00:00.000] https~ app/app1 '
                '0/0/0/-1/3 502 209 - - SH-- 1/1/0/0/0 0/0 "GET / HTTP/1.1"', "upstream-closed", ""),
        Example('haproxy[9]: 203.0.113.9:50000 [26/Nov/2026:10:00:00.000] https~ app/app1 '
                '0/-1/-1/-1/30003 503 217 - - sQ-- 9/9/0/0/0 0/7 "GET / HTTP/1.1"',
                "server-workers", ""),
        Example('haproxy[9]: 203.0.113.9:50000 [26/Nov/2026:10:00:00.000] https~ app/app1 '
                '0/0/0/-1/3 502 209 - - PH-- 1/1/0/0/0 0/0 "GET / HTTP/1.1"', "status", "", 502),
        Example("[WARNING] (9) : config : 'option forwardfor' ignored for frontend 'https' as it "
                "requires HTTP mode.", "visitor-address", ""),
        Example("503 Service Unavailable No server is available to handle this request.",
                "server-no-backend", ""),
        Example("[ALERT] (9) : config : parsing [/etc/haproxy/haproxy.cfg:12] : 'bind :443' : unable "
                "to load SSL certificate file '/etc/haproxy/shop.pem' file does not exist.",
                "server-certificate", ""),
        Example("[ALERT] (9) : config : parsing [/etc/haproxy/haproxy.cfg:12] : unknown keyword "
                "'bindd' in 'frontend' section", "server-config", ""),
        Example("[ALERT] (9) : Starting frontend https: cannot bind socket (Address already in use) "
                "[0.0.0.0:443]", "server-port", ""),
        Example("[ALERT] (9) : Starting frontend GLOBAL: cannot bind UNIX socket (No such file or "
                "directory) [/run/haproxy/admin.sock]", "server-start", ""),
        Example("[haproxy.main()] Cannot chroot(/var/lib/haproxy).", "server-start", ""),
        Example("[ALERT] (9) : Binding [/etc/haproxy/haproxy.cfg:9] for frontend web: cannot bind "
                "socket (Cannot assign requested address) for [192.0.2.9:443]", "server-start", ""),
        Example("Missing LF on last line, file might have been truncated at position 36",
                "server-config", ""),
    ),
    "docker": (
        Example("dependency failed to start: container app is unhealthy", "unusable", ""),
        Example("exec /docker-entrypoint.sh: exec format error", "unusable", ""),
        Example("Error response from daemon: driver failed programming external connectivity on "
                "endpoint web (5e5e): Bind for 0.0.0.0:443 failed: port is already allocated",
                "server-port", ""),
        Example("Error response from daemon: failed to create task for container: OCI runtime create "
                "failed: Are you trying to mount a directory onto a file (or vice-versa)?",
                "unusable", ""),
        Example("Error response from daemon: Conflict. The container name \"/app\" is already in use by "
                "container \"5e5e\".", "unusable", ""),
        Example("GF_PATHS_DATA='/var/lib/grafana' is not writable.", "unusable", ""),
        Example('nginx: [crit] pread() "/etc/nginx/conf.d/shop.conf" failed (21: Is a directory)',
                "nginx-config", ""),
    ),
    "docker compose": (
        Example("ERROR: for app  'ContainerConfig'", "unusable", ""),
        Example('service "web" refers to undefined network proxy: invalid compose project',
                "unusable", ""),
        Example('The "DOMAIN" variable is not set. Defaulting to a blank string.', "unusable", ""),
    ),
    "Kubernetes": (
        Example("shop-5b8 0/1 CrashLoopBackOff 5 (20s ago) 3m", "unusable", ""),
        Example('no endpoints available for service "shop"', "unusable", ""),
    ),
    "Traefik": (
        Example('{"ClientAddr":"198.51.100.10:5","DownstreamStatus":504,"RequestHost":"shop.example.com",'
                '"RequestMethod":"GET","RequestPath":"/api"}', "status",
                "https://shop.example.com:443/api", 504),
        Example('level=error msg="entryPoint \\"web-secure\\" doesn\'t exist" '
                "entryPointName=web-secure routerName=shop@docker", "unusable", ""),
        Example("ERR EntryPoint doesn't exist entryPointName=web-secure routerName=shop@docker",
                "unusable", ""),
        Example('middleware "headers@file" does not exist', "unusable", ""),
        Example('the service "shop@docker" does not exist', "unusable", ""),
        Example('service "shop" error: unable to find the IP address for the container "/shop": the '
                "server is ignored", "unusable", ""),
        Example('The ACME resolver "le" is skipped from the resolvers list because: unable to get ACME '
                "account: permissions 755 for /letsencrypt/acme.json are too open, please use 600",
                "acme", ""),
    ),
    "systemd": (
        Example("Job for haproxy.service failed because the control process exited with error code.",
                "server-start", ""),
        Example("Job for nginx.service failed because the control process exited with error code.\n"
                'See "systemctl status nginx.service" and "journalctl -xeu nginx.service" for '
                "details.", "nginx-start", ""),
    ),
    "Django": (
        Example("Forbidden (403)\nCSRF verification failed. Request aborted.", "csrf", ""),
        Example("Forbidden (Origin checking failed - https://shop.example.com does not match any "
                "trusted origins.): /login/", "csrf", "https://shop.example.com:443/"),
        Example('{"detail":"CSRF Failed: Referer checking failed - no Referer."}', "csrf", ""),
    ),
    "Rails": (
        Example("HTTP Origin header (https://shop.example.com) didn't match request.base_url "
                "(http://shop.example.com)", "csrf", "https://shop.example.com:443/"),
        Example("Can't verify CSRF token authenticity.\nActionController::InvalidAuthenticityToken",
                "csrf", ""),
        Example("Security verification failed. Are you blocking cookies?", "csrf", ""),
        Example("Invalid form authenticity token.", "csrf", ""),
    ),
    "Next.js, SvelteKit, Spring, Grafana": (
        Example("`x-forwarded-host` header with value `app` does not match `origin` "
                "header with value `shop` from a forwarded Server Actions request. "
                "Aborting the action.\nError: Invalid Server Actions request.", "csrf", ""),
        Example("Cross-site POST form submissions are forbidden", "csrf", ""),
        Example("403 Invalid CORS request", "csrf", ""),
        Example("Login failed: origin not allowed", "csrf", ""),
    ),
    "certbot": (
        Example(CERTBOT.format("connection", f"203.0.113.10: Fetching {CHALLENGE}: Timeout during "
                "connect (likely firewall problem)"), "acme-connect"),
        Example(CERTBOT.format("connection", f"203.0.113.10: Fetching {CHALLENGE}: Connection "
                "refused"), "acme-connect"),
        Example(
            "ValueError: Wrote file to /var/www/challenges/evaGxfADs6pSRb2LAv9IZf17Dt3juxGJ, but couldn't"
            " download http://shop.example.com/.well-known/acme-challenge/evaGxfADs6pSRb2LAv9IZf17Dt3juxGJ",
            "acme-response",
            "http://shop.example.com:80/.well-known/acme-challenge/evaGxfADs6pSRb2LAv9IZf17Dt3juxGJ",
        ),
        Example(CERTBOT.format("unauthorized", f"203.0.113.10: Invalid response from {CHALLENGE}: "
                "404"), "acme-response"),
        Example(CERTBOT.format("dns", "DNS problem: NXDOMAIN looking up A for shop.example.com - "
                "check that a DNS record exists for this domain"), "acme-dns"),
        Example(CERTBOT.format("caa", "CAA record for shop.example.com prevents issuance"),
                "acme-caa"),
        Example("An unexpected error occurred: There were too many requests of a given type :: "
                "too many failed authorizations (5) for \"shop.example.com\" in the last 1h0m0s",
                "acme-limit"),
        Example("CertBot throws a 401 Unauthorized error trying to access "
                "http://media.example.net/.well-known/acme-challenge/longkey", "acme-response",
                "http://media.example.net:80/.well-known/acme-challenge/longkey"),
        Example("Some challenges have failed.", "acme", ""),
        Example("Attempting to renew cert (shop.example.com) from /etc/letsencrypt/renewal/shop.conf "
                "produced an unexpected error: HTTPSConnectionPool(host='acme-v02.api.letsencrypt.org'"
                ", port=443): Read timed out.", "acme"),
        Example("Could not choose appropriate plugin: The requested nginx plugin does not appear to "
                "be installed", "acme", ""),
        Example("Could not automatically find a matching server block for shop.example.com. Set the "
                "`server_name` directive to use the Nginx installer.", "acme"),
        Example("Unable to find a virtual host listening on port 80 which is currently needed for "
                "Certbot to prove to the CA that you control your domain.", "acme", ""),
        Example("Another instance of Certbot is already running.", "acme", ""),
        Example("Can not init api.", "acme", ""),
        Example("Timeout waiting for response, verify error: pending timeout", "acme-connect", ""),
        Example("Fetching https://shop.example.com:8443/x: Invalid port in redirect target. Only "
                "ports 80 and 443 are supported, not 8443", "acme-response"),
        Example("no information found to solve challenge for identifier: shop.example.com", "acme"),
        Example("Router uses a nonexistent certificate resolver certificateResolver=le", "acme", ""),
        Example("Waiting for HTTP-01 challenge propagation: wrong status code '404', expected '200'",
                "acme-response", ""),
        Example("Problem binding to port 80: Could not bind to IPv4 or IPv6.", "acme-port", ""),
        Example("Could not bind TCP port 80 because it is already in use by another process on this "
                "system (such as a web server). Please stop the program in question and then try "
                "again.", "acme-port", ""),
        Example("[shop.example.com] acme: error presenting token: could not start HTTP server for "
                "challenge: listen tcp :80: bind: address already in use", "acme-port"),
        Example("tcp port 80 is already used by ((\"nginx\",pid=612,fd=6))", "acme-port", ""),
    ),
}  # fmt: skip
