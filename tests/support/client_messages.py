"""Error messages of clients that are no browsers and no libraries: package managers, applications
of phones, monitoring; with what they say and the site that they name. Those of Windows, Apple and
Android are from threads of their users."""

from tests.support.browser_messages import WSS, Example

URL = "https://shop.example.com/"
PULL = 'Error response from daemon: Get "https://shop.example.com/v2/": {}'
APT = (
    "Err:5 https://shop.example.com stable Release\n  Certificate verification failed: The certificate "
    "is NOT trusted. {}  Could not handshake: Error in the certificate verification. "
    "[IP: 203.0.113.10 443]"
)
NSURL = (
    'Error Domain=NSURLErrorDomain Code={} "{}" '
    "UserInfo={{NSErrorFailingURLStringKey=https://shop.example.com/}}"
)
GIT = "fatal: unable to access 'https://shop.example.com/a.git/': {}"
SCHANNEL = "schannel: next InitializeSecurityContext failed: {}"
REQUEST = "error sending request for url (https://shop.example.com/): {}"

CLIENT_MESSAGES: dict[str, tuple[Example, ...]] = {
    "apt, dnf": (
        Example(APT.format("The certificate chain uses expired certificate."),
                "certificate-expired"),
        Example(APT.format("The certificate issuer is unknown."), "certificate-untrusted"),
        Example(APT.format("The name in the certificate does not match the expected."),
                "certificate-name"),
        Example(APT.format("The revocation or OCSP data are old and have been\nsuperseded."),
                "certificate-status"),
        Example("Curl error (60): Peer certificate cannot be authenticated with given CA "
                "certificates for https://shop.example.com/repo/repodata/repomd.xml",
                "certificate-untrusted", "https://shop.example.com:443/repo/repodata/repomd.xml"),
    ),
    "git": (
        Example(GIT.format("server certificate verification failed. CAfile: "
                           "/etc/ssl/certs/ca-certificates.crt CRLfile: none"),
                "certificate", "https://shop.example.com:443/a.git/"),
        Example(GIT.format("server verification failed: certificate error, no details available. "
                           "(CAfile: /etc/ssl/certs/ca-certificates.crt CRLfile: none)"),
                "certificate", "https://shop.example.com:443/a.git/"),
        Example(GIT.format("gnutls_handshake() failed: The TLS connection was non-properly "
                           "terminated."), "closed", "https://shop.example.com:443/a.git/"),
        Example(GIT.format(SCHANNEL.format(
                    "SEC_E_UNTRUSTED_ROOT (0x80090325) - The certificate chain was issued by an "
                    "authority that is not trusted.")),
                "certificate-untrusted", "https://shop.example.com:443/a.git/"),
    ),
    "docker, containerd, helm": (
        Example(PULL.format("x509: certificate signed by unknown authority"),
                "certificate-untrusted", "https://shop.example.com:443/v2/"),
        Example(PULL.format("net/http: TLS handshake timeout"), "timeout",
                "https://shop.example.com:443/v2/"),
        Example(PULL.format("http: server gave HTTP response to HTTPS client"), "tls-plain",
                "https://shop.example.com:443/v2/"),
        Example(PULL.format("malformed HTTP response \"\\x15\\x03\\x01\\x00\\x02\\x02\""),
                "invalid-response", "https://shop.example.com:443/v2/"),
        Example('failed to do request: Head "https://shop.example.com/v2/app/manifests/1": dial tcp: '
                "lookup shop.example.com: i/o timeout", "name",
                "https://shop.example.com:443/v2/app/manifests/1"),
    ),
    "npm, pip, Composer": (
        Example("npm error code ERR_TLS_CERT_ALTNAME_INVALID\nnpm error request to "
                "https://shop.example.com/foo failed, reason: Hostname/IP does not match "
                "certificate's altnames: Host: shop.example.com. is not in the cert's altnames: "
                "DNS:blog.example.com", "certificate-name", "https://shop.example.com:443/foo"),
        Example("npm error request to https://shop.example.com/foo failed, reason: unable to get local "
                "issuer certificate", "certificate-issuer", "https://shop.example.com:443/foo"),
        Example("Looking in indexes: https://shop.example.com/simple\nCould not fetch URL "
                "https://shop.example.com/simple/foo/: There was a problem confirming the ssl "
                "certificate", "certificate", "https://shop.example.com:443/simple"),
    ),
    "PowerShell, Windows": (
        Example("Invoke-WebRequest : The underlying connection was closed: An unexpected error "
                "occurred on a send. https://shop.example.com/", "tls"),
        Example("The underlying connection was closed: Could not establish trust relationship for "
                "the SSL/TLS secure channel. https://shop.example.com/", "certificate"),
        Example("Unable to connect to the remote server https://shop.example.com/",
                "not-connected"),
        Example("The remote name could not be resolved: 'shop.example.com'", "name"),
        Example("The request was aborted: Could not create SSL/TLS secure channel. "
                "https://shop.example.com/", "tls-parameters"),
        Example("System.ComponentModel.Win32Exception: The client and server cannot communicate, "
                "because they do not possess a common algorithm https://shop.example.com/",
                "tls-parameters"),
        Example("curl: (35) " + SCHANNEL.format(
                    "SEC_E_ILLEGAL_MESSAGE (0x80090326) - This error usually occurs when a fatal "
                    "SSL/TLS alert is received (e.g. handshake failed).") + f" {URL}", "tls"),
        Example("curl: (35) " + SCHANNEL.format(
                    "CRYPT_E_REVOCATION_OFFLINE (0x80092013) - The revocation function was unable "
                    "to check revocation because the revocation server was offline.") + f" {URL}",
                "certificate-status"),
        Example(f"SEC_E_WRONG_PRINCIPAL (0x80090322) - The target principal name is incorrect. {URL}",
                "certificate-name"),
        Example("Can't connect securely to this page. This might be because the site uses outdated "
                f"or unsafe TLS security settings. {URL}", "tls-parameters"),
    ),
    "Applications for iOS and macOS": (
        Example(NSURL.format(-1001, "The request timed out."), "timeout"),
        Example(NSURL.format(-1003, "A server with the specified hostname could not be found."),
                "name"),
        Example(NSURL.format(-1004, "Could not connect to the server."), "not-connected"),
        Example(NSURL.format(-1005, "The network connection was lost."), "closed"),
        Example(NSURL.format(-1007, "too many HTTP redirects"), "redirects"),
        Example(NSURL.format(-1200, "An SSL error has occurred and a secure connection to the "
                                    "server cannot be made."), "tls"),
        Example(NSURL.format(-1202, "The certificate for this server is invalid. You might be "
                                    "connecting to a server that is pretending to be "
                                    "“shop.example.com” which could put your confidential "
                                    "information at risk."), "certificate"),
        Example(NSURL.format(-1206, "The server “shop.example.com” requires a client certificate."),
                "tls-client-certificate"),
        Example("Safari can't open the page. The error is: \"The operation couldn't be completed. "
                f"Message too long\" (NSPOSIXErrorDomain:40) {URL}", "http3"),
    ),
    "Applications for Android, OkHttp": (
        Example("https://shop.example.com/ javax.net.ssl.SSLHandshakeException: "
                "java.security.cert.CertPathValidatorException: Trust anchor for certification path "
                "not found.", "certificate-untrusted"),
        Example("javax.net.ssl.SSLPeerUnverifiedException: Hostname shop.example.com not verified:\n"
                "    certificate: sha256/afwiKY3RxoMmLkuRW1l7QsPZTJPwDS2pdDROQjXw8ig=\n"
                "    DN: CN=blog.example.com", "certificate-name"),
        Example("java.net.ConnectException: Failed to connect to shop.example.com/203.0.113.10:443",
                "not-connected"),
        Example("javax.net.ssl.SSLHandshakeException: java.security.cert.CertPathValidatorException: "
                f"Response is unreliable: its validity interval is out-of-date {URL}",
                "certificate-status"),
        Example("java.io.IOException: HTTPS hostname wrong:  should be <shop.example.com>",
                "certificate-name"),
    ),
    "WeChat": (
        Example("https://shop.example.com/ errMsg:\"request: ssl hand shake error\"", "tls"),
        Example("https://shop.example.com，但是微信扫描后显示 网络出错，轻触屏幕重新加载:-1202",
                "certificate"),
        Example('{errno: 600001, errMsg: "request:fail errcode:-202 cronet_error_code:-202 '
                f'error_msg:net::ERR_CERT_AUTHORITY_INVALID"}} {URL}', "certificate-untrusted"),
        Example("https://shop.example.com 不在以下 request 合法域名列表中，请参考文档", "client-policy"),
        Example('{"errMsg":"connectSocket:fail url not in domain list"}', "client-policy", ""),
        Example("对应的服务器 TLS 为 TLS 1.0 ，小程序要求的 TLS 版本必须大于等于 1.2。 "
                "https://shop.example.com/", "tls-parameters"),
    ),
    "Rust, Erlang, Perl, Ruby": (
        Example(REQUEST.format("error trying to connect: invalid peer certificate: UnknownIssuer"),
                "certificate-untrusted"),
        Example(REQUEST.format("client error (Connect): invalid peer certificate: Expired"),
                "certificate-expired"),
        Example(REQUEST.format("client error (Connect): invalid peer certificate: "
                               "NotValidForName"), "certificate-name"),
        Example(REQUEST.format("client error (Connect): dns error: failed to lookup address "
                               "information: Name or service not known"), "name"),
        Example('{:tls_alert, {:unknown_ca, "TLS client: In state certify at ssl_handshake.erl:2138 '
                f'generated CLIENT ALERT: Fatal - Unknown CA"}}}} {URL}', "certificate-untrusted"),
        Example("500 Can't connect to shop.example.com:443 (certificate verify failed)",
                "certificate"),
        Example("dns.resolver.NoNameservers: All nameservers failed to answer the query "
                "shop.example.com. IN A: Server Do53:127.0.0.11@53 answered SERVFAIL", "name"),
    ),
    "Name constraints": (
        Example('Get "https://shop.example.com/": tls: failed to verify certificate: x509: a root or '
                "intermediate certificate is not authorized to sign for this name: DNS name "
                '"shop.example.com" is not permitted by any constraint', "certificate-constraint"),
        Example("An error occurred during a connection to shop.example.com. Error code: "
                "SEC_ERROR_CERT_NOT_IN_NAME_SPACE", "certificate-constraint"),
        Example("curl: (60) SSL certificate problem: permitted subtree violation",
                "certificate-constraint", ""),
    ),
    "OCSP": (
        Example("An error occurred during a connection to shop.example.com. Error code: "
                "SEC_ERROR_OCSP_OLD_RESPONSE", "certificate-status"),
        Example("curl: (91) SSL certificate status verification FAILED", "certificate-status", ""),
    ),
    "nslookup, dig, host": (
        Example("Server:\t\t127.0.0.53\nAddress:\t127.0.0.53#53\n\n** server can't find "
                "shop.example.com: SERVFAIL", "name"),
        Example("Server:\t\t192.168.1.1\nAddress:\t192.168.1.1#53\n\n*** Can't find "
                "shop.example.com: No answer", "name"),
        Example("; <<>> DiG 9.16.1-Ubuntu <<>> shop.example.com\n;; ->>HEADER<<- opcode: QUERY, "
                "status: SERVFAIL, id: 20007\n;; QUESTION SECTION:\n;shop.example.com.\t\tIN\tA\n\n"
                ";; SERVER: 127.0.0.53#53(127.0.0.53)", "name"),
        Example("Host shop.example.com not found: 3(NXDOMAIN)", "name"),
    ),
    "Other programs": (
        Example("HandshakeException: Handshake error in client (OS Error: CERTIFICATE_VERIFY_FAILED: "
                f"unable to get local issuer certificate(handshake.cc:393)) {URL}",
                "certificate-issuer"),
        Example("SocketException: Failed host lookup: 'shop.example.com' (OS Error: No address "
                "associated with hostname, errno = 7)", "name"),
        Example('fatal: [web1]: FAILED! => {"msg": "Failed to validate the SSL certificate for '
                'shop.example.com:443. Make sure your managed systems have a valid CA certificate"}',
                "certificate"),
        Example("Could not GET 'https://shop.example.com/'. > The server may not support the client's "
                "requested TLS protocol versions: (TLSv1.2, TLSv1.3).", "tls-parameters"),
        Example("javax.net.ssl.SSLException: hostname in certificate didn't match: <shop.example.com> "
                "!= <blog.example.com>", "certificate-name"),
        Example("*** UnKnown can't find shop.example.com: Non-existent domain", "name"),
        Example("Ping request could not find host shop.example.com. Please check the name and try "
                "again.", "name"),
        Example("shop.example.com: resolve call failed: DNSSEC validation failed: no-signature",
                "name"),
        Example("Detail: No TXT record found at _acme-challenge.shop.example.com", "acme"),
        Example(f"wx.request 证书校验失败 {URL}", "certificate"),
    ),
    "Storage (S3)": (
        Example("<Error><Code>SignatureDoesNotMatch</Code><Message>The request signature we "
                "calculated does not match the signature you provided.</Message></Error> "
                "https://shop.example.com/", "signature"),
        Example("MinIO API responded with message=The request signature we calculated does not match "
                f"the signature you provided. Check your key and signing method. {URL}",
                "signature"),
    ),
    "Monitoring": (
        Example("SSL CRITICAL - Certificate 'shop.example.com' expired on Thu 26 Nov 2026 10:00:00 "
                "AM GMT", "certificate-expired"),
        Example('Web scenario "shop" failed: SSL peer certificate or SSH remote key was not OK: '
                f"{URL}", "certificate"),
        Example("[Shop] [Down] connect EHOSTUNREACH 203.0.113.10:443 https://shop.example.com/",
                "unreachable"),
        Example(f"[Shop] [DOWN] timeout of 48000ms exceeded {URL}", "timeout"),
    ),
    "Postman": (
        Example("Could not get any response\nThere was an error connecting to "
                "https://shop.example.com/account.\nWhy this might have happened:\nSelf-signed SSL "
                "certificates are being blocked:\nFix this by turning off 'SSL certificate "
                "verification' in Settings > General", "unusable",
                "https://shop.example.com:443/account"),
    ),
    "The kernel": (
        Example("nf_conntrack: nf_conntrack: table full, dropping packet", "conntrack", ""),
    ),
    "Programs that keep a visitor out": (
        Example("Your IP address has been banned after too many failed authentication attempts.",
                "program-limit", ""),
        Example("WARNING (MainThread) [homeassistant.components.http.ban] Banned IP 198.51.100.10 for "
                "too many login attempts", "program-limit", ""),
        Example("FATAL:  sorry, too many clients already", "program-limit", ""),
    ),
    "acme.sh, win-acme, lego, Caddy, Traefik": (
        Example("[Tue Mar 21 10:40:00 CET 2017] shop.example.com:Verify error:DNS problem: SERVFAIL "
                "looking up A for shop.example.com", "acme-dns"),
        Example(" [EROR] [type] urn:acme:error:unauthorized\n [EROR] [detail] Invalid response from "
                "http://shop.example.com/.well-known/acme-challenge/eOPwGUAtygKs: \"<!DOCTYPE html>",
                "acme-response"),
        Example('{"level":"error","logger":"tls.obtain","msg":"could not get certificate from issuer",'
                '"identifier":"shop.example.com","error":"HTTP 400 urn:ietf:params:acme:error:'
                'connection - 203.0.113.10: Timeout during connect (likely firewall problem)"}',
                "acme-connect"),
        Example("unable to generate a certificate for the domains [shop.example.com]: error presenting "
                "token: could not determine authoritative nameservers", "acme-dns"),
    ),
    "HTTP/3 and Encrypted Client Hello": (
        Example("https://shop.example.com/ ERR_QUIC_PROTOCOL_ERROR", "http3"),
        Example("https://shop.example.com/ ERR_ECH_FALLBACK_CERTIFICATE_INVALID", "ech"),
        Example("https://shop.example.com/ ERR_HTTP_1_1_REQUIRED", "http2"),
    ),
    "A proxy of the client": (
        Example("https://shop.example.com/ ERR_TUNNEL_CONNECTION_FAILED", "proxy"),
        Example("https://shop.example.com/ ERR_PROXY_CONNECTION_FAILED", "proxy"),
        Example("The proxy server is refusing connections https://shop.example.com/", "proxy"),
        Example("curl: (56) CONNECT tunnel failed, response 403 https://shop.example.com/", "proxy"),
        Example("curl: (56) Received HTTP code 407 from proxy after CONNECT https://shop.example.com/",
                "proxy"),
        Example("curl: (97) Unable to connect via tunnel https://shop.example.com/", "proxy"),
        Example(f"{URL}: (Caused by ProxyError('Cannot connect to proxy.', OSError('Tunnel connection "
                "failed: 503 Service Unavailable')))", "proxy"),
        Example(f"request to {URL} failed, reason: tunneling socket could not be established, "
                "statusCode=407", "proxy"),
        Example(f'Get "{URL}": proxyconnect tcp: dial tcp 127.0.0.1:7890: connect: connection '
                "refused", "proxy"),
        Example(f"代理服务器拒绝连接 {URL}", "proxy"),
    ),
    "System messages (Chinese)": (
        Example("curl: (35) TCP 连接被对方重设 https://shop.example.com/", "reset"),
        Example("基础连接已经关闭: 发送时发生错误。 https://shop.example.com/", "tls"),
        Example("请求被中止: 未能创建 SSL/TLS 安全通道。 https://shop.example.com/", "tls-parameters"),
        Example("根据验证过程，远程证书无效。 https://shop.example.com/", "certificate"),
        Example(f"由于目标计算机积极拒绝，无法连接。 {URL}", "refused"),
        Example("由于连接方在一段时间后没有正确答复或连接的主机没有反应，连接尝试失败。 "
                f"{URL}", "timeout"),
        Example("不知道这样的主机。 (shop.example.com:443)", "name"),
        Example(f"远程主机强迫关闭了一个现有的连接。 {URL}", "reset"),
        Example(f"证书链是由不受信任的颁发机构颁发的。 {URL}", "certificate-untrusted"),
        Example(f"收到的消息异常，或格式不正确。 {URL}", "tls"),
        Example("你的连接不是专用连接 攻击者可能正试图从 shop.example.com 窃取你的信息",
                "certificate"),
        Example(f"警告：面临潜在的安全风险 {URL}", "certificate"),
        Example(f"Safari浏览器打不开该网页，因为服务器已停止响应。 {URL}", "timeout"),
        Example(f"443端口不通 {URL}", "timeout"),
        Example(f"{URL} 显示 504 网关超时", "status", number=504),
        Example(f"域名不解析 {URL}", "name"),
        Example(f"宝塔申请证书失败 {URL}", "acme"),
        Example("未能解析此远程名称: 'shop.example.com'", "name"),
        Example(f"WebSocket 连接失败 net::ERR_CERT_DATE_INVALID {WSS}", "certificate-date", WSS),
    ),
}  # fmt: skip
