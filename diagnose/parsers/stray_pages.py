"""Pages that are not the site's: of a hop that knows no site for the name, and of a package that
was just installed. No I/O.

Each entry says where its words are from; they were looked up in 2026-11.
"""

import re
from typing import Literal

from diagnose.model.frozen import frozen

#: "unknown-name": the hop has no site for this name. "tunnel": it has one, and the program that
#: should connect to it from the server does not. "tunnel-end": that program is connected, and
#: reaches nothing on the server's side. "record": it refuses the record that leads to it.
#: "stopped": the provider has stopped or suspended the site. "default": the page of a package or a
#: panel.
PageKind = Literal["unknown-name", "tunnel", "tunnel-end", "record", "stopped", "default"]


@frozen
class StrayPage:
    """How such a page is recognized: a pattern in the first bytes of its body, and the statuses
    with which it comes, () for any."""

    product: str
    kind: PageKind
    pattern: str
    statuses: tuple[int, ...] = ()


PAGES: tuple[StrayPage, ...] = (
    # fatedier/frp, pkg/util/vhost/resource.go
    StrayPage("frp", "tunnel", r"Faithfully yours, frp", (404,)),
    # ngrok.com/docs/errors: ERR_NGROK_8012, and its words before it had a number
    StrayPage(
        "ngrok", "tunnel-end",
        r"ERR_NGROK_8012|tunneled to your ngrok client, but the client failed",
        (502,),
    ),
    # cloudflare/cloudflared, proxy/proxy.go
    StrayPage("Cloudflare", "tunnel-end", r"Unable to reach the origin service\. ", (502,)),
    # ngrok.com/docs/errors: ERR_NGROK_3200 and others
    StrayPage("ngrok", "tunnel", r"ERR_NGROK_\d{3,5}", (404, 502, 503)),
    # developers.cloudflare.com, Cloudflare 1xxx errors: 1000, 1002, 1014, 1018, 1001
    StrayPage(
        "Cloudflare", "record", r"<title>(?:DNS points to|CNAME Cross-User)[^<]{0,200}Cloudflare",
        (403, 409, 530),
    ),
    StrayPage("Cloudflare", "unknown-name", r"[Ee]rror(?: code:)? 10(?:01|18)\b", (403, 409, 530)),
    # help.heroku.com: "No such app"
    StrayPage("Heroku", "unknown-name", r"herokucdn\.com/error-pages/no-such-app", (404,)),
    # docs.github.com, Troubleshooting custom domains and GitHub Pages
    StrayPage(
        "GitHub Pages", "unknown-name", r"There isn(?:'|&#39;|’)t a GitHub Pages site here", (404,)
    ),
    # vercel.com/docs/errors/DEPLOYMENT_NOT_FOUND
    StrayPage("Vercel", "unknown-name", r"DEPLOYMENT_NOT_FOUND", (404,)),
    # learn.microsoft.com, App Service: Troubleshoot domains
    StrayPage("Azure App Service", "unknown-name", r"404 Web Site not found", (404,)),
    # docs.aws.amazon.com and help.aliyun.com (OSS), error responses
    StrayPage("object storage", "unknown-name", r"<Code>NoSuchBucket</Code>", (404,)),
    # fastly.com/documentation: "unknown domain"
    StrayPage("Fastly", "unknown-name", r"Fastly error: unknown domain", (404, 500)),
    # kubernetes/ingress-nginx, the default backend
    StrayPage("ingress-nginx", "unknown-name", r"default backend - 404", (404,)),
    # developer.konghq.com, router
    StrayPage("Kong", "unknown-name", r"no Route matched with those values", (404,)),
    # docs.openshift.com, the router's own page
    StrayPage(
        "the OpenShift router", "unknown-name", r"<h1>Application is not available</h1>", (503,)
    ),
    # aaPanel/BaoTa, its default site
    StrayPage("BaoTa", "unknown-name", r"\u6ca1\u6709\u627e\u5230\u7ad9\u70b9", (404, 200)),
    # answers.netlify.com: a name that belongs to no site
    StrayPage("Netlify", "unknown-name", r"^(?:\*\*\* )?Not Found - Request ID: ", (404,)),
    # learn.microsoft.com, App Service: "This web app is stopped"
    StrayPage("Azure App Service", "stopped", r"Error 403 - This web app is stopped", (403,)),
    # docs.cpanel.net, "Manage Account Suspension"
    StrayPage("the hosting provider", "stopped", r"<title>Account Suspended</title>", (200, 403)),
    # the pages of the packages themselves
    StrayPage("Apache", "default", r"<title>Apache2 (?:Debian|Ubuntu) Default Page"),
    StrayPage("Apache", "default", r"<html><body><h1>It works!</h1></body></html>"),
    StrayPage(
        "Apache or nginx", "default", r"<title>(?:HTTP Server )?Test Page (?:for the|powered by)"
    ),
    StrayPage("nginx", "default", r"<title>Welcome to (?:nginx|OpenResty)!?</title>"),
    StrayPage("Caddy", "default", r"<title>Caddy works!</title>"),
    StrayPage("Tomcat", "default", r"If you're seeing this, you've successfully installed Tomcat"),
    StrayPage("XAMPP", "default", r"<title>Welcome to XAMPP</title>"),
    StrayPage("DirectAdmin", "default", r"<title>Apache is functioning normally</title>"),
    StrayPage("lighttpd", "default", r"<title>Welcome page</title>.{0,2000}lighttpd"),
    StrayPage("Synology", "default", r"<title>Hello! Welcome to Synology Web Station!</title>"),
    StrayPage("IIS", "default", r"<title>IIS Windows(?: Server)?</title>"),
    StrayPage("Plesk", "default", r"<title>(?:Domain|Web Server's) Default [Pp]age</title>"),
    # of Virtualmin, and of others that have no words of their own
    StrayPage(
        "the web server", "default", r"(?i:<title>[^<]{0,60}\bdefault (?:web ?)?page\b[^<]{0,60}</)"
    ),
    StrayPage("cPanel", "default", r"SORRY! If you are the owner of this website"),
    StrayPage("BaoTa", "default", r"\u606d\u559c, ?\u7ad9\u70b9\u521b\u5efa\u6210\u529f"),
)  # fmt: skip

#: Characters of a body, and of the number of an error, that are looked at.
_LOOKED_AT, _CODE = 8192, 40

#: "… failed to establish a connection to the upstream web service at http://localhost:8080."
_TUNNEL_END = re.compile(
    r"(?:upstream web service at|local address) (?:https?://)?([A-Za-z0-9._-]{1,253}|\[[0-9A-Fa-f:]{2,45}\])"
    r":([0-9]{1,5})(?![0-9])"
)


def tunnel_end(body: str) -> tuple[str, int] | None:
    """Return the host and the port to which a tunnel's program on the server connects, as the page
    of the tunnel says; None if it does not."""
    match = _TUNNEL_END.search(body[:_LOOKED_AT])
    return (match[1], int(match[2])) if match else None


def stray_page(status: int | None, body: str, code: str = "") -> StrayPage | None:
    """Return the entry of a page that is not the site's, None for any other page. `code` is what
    the field Ngrok-Error-Code says."""
    start = f"{code[:_CODE]}\n{body[:_LOOKED_AT]}" if code else body[:_LOOKED_AT]
    return next(
        (
            page
            for page in PAGES
            if status in (page.statuses or {200, 403}) and re.search(page.pattern, start)
        ),
        None,
    )


def is_default_page(status: int | None, body: str) -> bool:
    """Return whether it is the page of a package that was just installed."""
    page = stray_page(status, body)
    return page is not None and page.kind == "default"


def shows_no_site(status: int | None, body: str) -> bool:
    """Return whether a server found nothing to show for a page: it forbids or lacks it, or has the
    page of its package there."""
    return status in {403, 404} or is_default_page(status, body)
