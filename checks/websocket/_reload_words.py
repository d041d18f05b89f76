"""Words of a message about a reload of the web server."""

import re

#: Seconds. A longer time is hardly what people tell of.
LONG = 300
_RELOAD = re.compile(
    r"(?i)\breload|\bHUP\b|rechar(?:g|n)|neu (?:ge)?laden|neu lädt|\brecarg|\bricaric"
    r"|перезагруз|перечит|重载|重新加载|重新載入|リロード|再読み込み|\bcertbot|renew(?:al|ing|s)?\b"
)
#: What a visitor loads again, which ends its own WebSockets; and words that tell of the server.
_OF_PAGE = re.compile(
    r"(?i)\bpages?\b|\bbrowser|\btab\b|\bseite|página|\bpagina|страниц|页面|頁面|网页|網頁|ページ"
)
_OF_SERVER = re.compile(
    r"(?i)nginx|haproxy|caddy|\bHUP\b|certbot|\brenew|certifi|zertifi|сертифик|证书|證書|証明書"
)


def tells_of_reload(text: str) -> bool:
    """Return whether a message tells of a reload of the server, and not of a page."""
    if not _RELOAD.search(text):
        return False
    return not _OF_PAGE.search(text) or _OF_SERVER.search(text) is not None
