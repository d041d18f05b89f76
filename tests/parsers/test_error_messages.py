"""One message of each program, as it prints it, and the site in it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnose.parsers.error_messages import is_error_message, named_site
from diagnose.parsers.target import UsageError, parse_target

SHOP = "shop.example.com"
MESSAGES = {
    # Browsers' consoles and pages
    "WebSocket connection to 'wss://shop.example.com/ws' failed: Error during WebSocket handshake: "
    "Unexpected response code: 404": "wss://shop.example.com:443/ws",
    "GET https://shop.example.com/ net::ERR_CERT_DATE_INVALID": "https://shop.example.com:443/",
    "This site can’t be reached shop.example.com refused to connect.":
        "https://shop.example.com:443/",
    "This site can’t be reached shop.example.com took too long to respond.":
        "https://shop.example.com:443/",
    "shop.example.com’s server IP address could not be found.": "https://shop.example.com:443/",
    "This page isn’t working shop.example.com redirected you too many times.":
        "https://shop.example.com:443/",
    "无法访问此网站 shop.example.com 拒绝了我们的连接请求。": "https://shop.example.com:443/",
    "无法访问此网站 shop.example.com 的响应时间过长。": "https://shop.example.com:443/",
    "该网页无法正常运作 shop.example.com 将您重定向的次数过多。": "https://shop.example.com:443/",
    "无法访问此网站 找不到 shop.example.com 的服务器 IP 地址。": "https://shop.example.com:443/",
    "Unable to connect. Firefox can’t establish a connection to the server at shop.example.com.":
        "https://shop.example.com:443/",
    "The connection has timed out. The server at shop.example.com is taking too long to respond.":
        "https://shop.example.com:443/",
    "Secure Connection Failed. An error occurred during a connection to shop.example.com. "
    "PR_END_OF_FILE_ERROR": "https://shop.example.com:443/",
    "shop.example.com uses an invalid security certificate. The certificate expired on …":
        "https://shop.example.com:443/",
    "连接 shop.example.com 时发生错误。PR_CONNECT_RESET_ERROR": "https://shop.example.com:443/",
    "Safari can’t open the page because Safari can’t connect to the server “shop.example.com”.":
        "https://shop.example.com:443/",
    # curl, wget, openssl
    "curl: (7) Failed to connect to shop.example.com port 8443 after 3 ms: Couldn't connect to "
    "server": "https://shop.example.com:8443/",
    "curl: (6) Could not resolve host: shop.example.com": "https://shop.example.com:443/",
    "curl: (35) OpenSSL SSL_connect: SSL_ERROR_SYSCALL in connection to shop.example.com:443":
        "https://shop.example.com:443/",
    "curl: (60) SSL: no alternative certificate subject name matches target host name "
    "'shop.example.com'": "https://shop.example.com:443/",
    "Connecting to shop.example.com (shop.example.com)|203.0.113.10|:443... failed: Connection "
    "refused.": "https://shop.example.com:443/",
    "wget: unable to resolve host address ‘shop.example.com’": "https://shop.example.com:443/",
    "ERROR: cannot verify shop.example.com's certificate, issued by ‘CN=R3,O=Let's Encrypt,C=US’:":
        "https://shop.example.com:443/",
    "openssl s_client -connect shop.example.com:8443 -servername shop.example.com":
        "https://shop.example.com:8443/",
    # Python
    "requests.exceptions.SSLError: HTTPSConnectionPool(host='shop.example.com', port=443): Max "
    "retries exceeded with url: /api (Caused by SSLError(…))": "https://shop.example.com:443/api",
    "requests.exceptions.ConnectionError: HTTPConnectionPool(host='shop.example.com', port=80): "
    "Max retries exceeded with url: / (Caused by …)": "http://shop.example.com:80/",
    "aiohttp.client_exceptions.ClientConnectorError: Cannot connect to host shop.example.com:443 "
    "ssl:default [Connect call failed ('203.0.113.10', 443)]": "https://shop.example.com:443/",
    # Node
    "Error: connect ECONNREFUSED 203.0.113.10:443": "https://203.0.113.10:443/",
    "Error: connect ETIMEDOUT 2001:db8::10:443": "https://[2001:db8::10]:443/",
    "Error: getaddrinfo ENOTFOUND shop.example.com": "https://shop.example.com:443/",
    "Error [ERR_TLS_CERT_ALTNAME_INVALID]: Hostname/IP does not match certificate's altnames: "
    "Host: shop.example.com. is not in the cert's altnames: DNS:a.test": "https://shop.example.com:443/",
    # Go
    'Get "https://shop.example.com/": dial tcp 203.0.113.10:443: connect: connection refused':
        "https://shop.example.com:443/",
    "dial tcp: lookup shop.example.com on 127.0.0.53:53: no such host":
        "https://shop.example.com:443/",
    "tls: failed to verify certificate: x509: certificate is valid for a.test, b.test, not "
    "shop.example.com": "https://shop.example.com:443/",
    # Java
    "java.net.UnknownHostException: shop.example.com": "https://shop.example.com:443/",
    "org.apache.http.conn.HttpHostConnectException: Connect to shop.example.com:443 "
    "[shop.example.com/203.0.113.10] failed: Connection refused": "https://shop.example.com:443/",
    "java.security.cert.CertificateException: No subject alternative DNS name matching "
    "shop.example.com found.": "https://shop.example.com:443/",
    # nginx
    "2026/11/26 10:00:00 [error] 9#9: *1 connect() failed (111: Connection refused) while "
    "connecting to upstream, client: 203.0.113.9, server: shop.example.com, "
    'request: "GET /ws HTTP/1.1", upstream: "http://127.0.0.1:3000/ws", host: "shop.example.com"':
        "https://shop.example.com:443/ws",
    # A question
    "我的网站 https://shop.example.com/ 打不开，怎么办？": "https://shop.example.com:443/",
}  # fmt: skip


@pytest.mark.parametrize(("message", "site"), MESSAGES.items())
def test_the_site_of_a_message_is_the_target(message: str, site: str) -> None:
    target = parse_target(message)
    host = f"[{target.host}]" if ":" in target.host else target.host
    assert f"{target.scheme}://{host}:{target.port}{target.path}" == site
    assert target.read_as.startswith(site)


@pytest.mark.parametrize(
    "message",
    [
        "curl: (60) SSL certificate problem: certificate has expired",
        "net::ERR_CERT_AUTHORITY_INVALID in my browser",
        "sun.security.validator.ValidatorException: PKIX path building failed",
    ],
)
def test_a_message_that_names_no_site_is_answered_so(message: str) -> None:
    with pytest.raises(UsageError, match="names no site"):
        parse_target(message)


def test_other_words_are_no_error_message() -> None:
    assert not is_error_message("shop example com")
    with pytest.raises(UsageError, match="there is a blank in it"):
        parse_target("shop example com")


@given(st.text(max_size=500))
def test_no_text_breaks_it(text: str) -> None:
    named_site(text)
    is_error_message(text)


def test_a_long_text_is_read_in_linear_time() -> None:
    assert named_site("a." * 100_000) is None
