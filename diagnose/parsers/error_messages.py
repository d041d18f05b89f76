"""Find the site in an error message that a person pasted. No I/O.

It is a message of a browser, curl, wget, openssl, Python, Node, Java, Go, or of nginx's error log.

A message that holds the site's URL needs nothing of this module. The messages are those of the
programs' own sources and translations; `tests/parsers/test_error_messages.py` has one of each.
"""

import re

#: Longest message that is searched, in characters. Error messages are shorter.
MAX_LENGTH = 4000

_HOST = (
    r"(?P<host>(?:[\w-]{1,63}\.){1,20}[\w-]{1,63}|localhost|\[[0-9a-fA-F:.]{2,45}\]"
    r"|(?:[0-9a-fA-F]{0,4}:){2,7}[0-9a-fA-F]{1,4})"
)
_PORT = r"(?P<port>\d{1,5})"
_QUOTE = r"[\"'‘“«]?"

#: nginx's error log (ngx_http_log_error): the URLs in it are the application's, not the site's.
_NGINX_LINE = re.compile(r', request: "\S+ (?P<path>/\S*) HTTP/[\d.]+".*, host: "(?P<host>[^"\s]+)')

_MESSAGES = tuple(
    re.compile(pattern.replace("HOST", _HOST).replace("PORT", _PORT).replace("QUOTE", _QUOTE))
    for pattern in (
        # curl, wget, openssl
        r"[Ff]ailed to connect to HOST port PORT",
        r"connect to HOST port PORT",
        r"in connection to HOST:PORT",
        r"Could not resolve host: HOST",
        r"target host name QUOTEHOST",
        r"Connecting to HOST (?:\([^)]*\))?(?:\|[^|]*\|)?:PORT\.\.\. failed",
        r"unable to resolve host address QUOTEHOST",
        r"cannot verify HOST's certificate",
        r"requested host name QUOTEHOST",
        r"-connect HOST:PORT",
        # Python
        r"(?P<scheme>HTTPS?)ConnectionPool\(host='HOST', port=PORT\)"
        r"(?:.{0,80}with url: (?P<path>/\S*))?",
        r"Cannot connect to host HOST:PORT",
        r"Hostname mismatch, certificate is not valid for 'HOST'",
        # Node
        r"connect E[A-Z]+ HOST:PORT",
        r"getaddrinfo E[A-Z_]+ HOST",
        r"altnames: Host: HOST\. is not",
        # Go
        r"dial tcp HOST:PORT: ",
        r"dial tcp: lookup HOST[ :]",
        r"certificate is (?:not )?valid for .{0,500}, not HOST",
        # Java
        r"UnknownHostException: HOST",
        r"Connect to HOST:PORT",
        r"No subject alternative DNS name matching HOST found",
        r"Connection (?:refused|timed out)[^:]{0,40}: HOST/[\d.:]+:PORT",
        # Chromium, in English and Chinese
        r"HOST (?:refused to connect|took too long to respond|unexpectedly closed the connection"
        r"|redirected you too many times|is currently unable to handle this request"
        r"|sent an invalid response|uses an unsupported protocol|didn[’']t send any data"
        r"|normally uses encryption)",
        r"HOST[’']s server IP address could not be found",
        r"HOST ?(?:拒绝了我们的连接请求|的响应时间过长|意外终止了连接|将您重定向的次数过多"
        r"|目前无法处理此请求|发送了无效的响应|使用了不受支持的协议|未发送任何数据)",
        r"(?:找不到|无法找到) ?HOST ?的服务器 ?IP",
        # Firefox and Safari, in English and Chinese
        r"[Tt]he server at HOST",
        r"during a connection to HOST",
        r"HOST uses an invalid security certificate",
        r"connect to the server QUOTEHOST",
        r"无法建立到 ?HOST ?服务器的连接",
        r"连接到? ?HOST ?时发生错误",
        r"HOST ?使用了无效的安全证书",
        r"无法连接(?:到)?服务器[“\"]?HOST",
    )
)

#: What shows that a text is an error message, although it names no site.
_NAMELESS = re.compile(
    r"net::ERR_|\bERR_[A-Z_]{4,}|\bcurl: \(\d+\)|\berrno[ =:]|[Ee]rror:|\bSSL_|\bPKIX|certificate"
    r"|\bE(?:CONN|HOST|TIMED|NOTFOUND|AI_)[A-Z]*|WebSocket connection|证书|无法访问"
)


def named_site(text: str) -> str | None:
    """Return the site of an error message as a target ("https://example.com:8443/ws",
    "example.com:443"), or None if the message names none."""
    text = text[:MAX_LENGTH]
    if match := _NGINX_LINE.search(text):
        return f"https://{match['host']}{match['path']}"
    matches = (message.search(text) for message in _MESSAGES)
    match = next(filter(None, matches), None)
    if match is None:
        return None
    parts = match.groupdict()
    host = parts["host"].strip("[].")
    authority = f"[{host}]" if ":" in host else host
    authority += f":{parts['port']}" if parts.get("port") else ""
    scheme = f"{parts['scheme'].lower()}://" if parts.get("scheme") else ""
    return f"{scheme}{authority}{parts.get('path') or ''}"


def is_nginx_log_line(text: str) -> bool:
    """Return whether a text is a line of nginx's error log about a request."""
    return _NGINX_LINE.search(text[:MAX_LENGTH]) is not None


def is_error_message(text: str) -> bool:
    """Return whether a text looks like an error message."""
    return _NAMELESS.search(text[:MAX_LENGTH]) is not None
