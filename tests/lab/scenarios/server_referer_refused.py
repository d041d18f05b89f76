"""Apache refuses what pages of another site show."""

from ..lab import Lab
from ..site import NAME
from .apache import apache_scenario, healthy_apache
from .apache_told_requests import HTACCESS, site
from .server_pages import PAGE, on_apache

RULES = """\
RewriteEngine On
RewriteCond %{HTTP_REFERER} !^$
RewriteCond %{HTTP_REFERER} !^https://shop\\.example\\.com/ [NC]
NEXT
RewriteRule ^$|\\.(?:html|png)$ - [F,NC]
"""
LINE = '"GET / HTTP/1.1" 403 199 "https://partner.example.net/a" "Mozilla/5.0 (X11; rv:128.0)"'
LINKED = (f"https://{NAME}/ 1.2.3.4 - - [01/Dec/2026:10:11:12 +0000] {LINE}",)


def _protected(lab: Lab, condition: str) -> None:
    rules = RULES.replace("NEXT\n", condition)
    on_apache(lab, site("All"), **{".htaccess": rules, "index.html": PAGE})


@apache_scenario(
    args=LINKED,
    outside="http.request-part-refused",
    server="server.referer-refused",
    differs=(HTACCESS,),
)
def hotlink_protection_lacks_a_partner(lab: Lab) -> None:
    """https://httpd.apache.org/docs/2.4/rewrite/access.html#blocked-inline-images"""
    _protected(lab, "")


@healthy_apache(args=LINKED)
def hotlink_protection_has_a_partner(lab: Lab) -> None:
    _protected(lab, "RewriteCond %{HTTP_REFERER} !^https://[a-z.]+\\.example\\.net/ [NC]\n")
