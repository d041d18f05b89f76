"""Requests that a message tells of, and that this program does not send by itself: they are sent
once more, with one difference at a time."""

from ..apache import SITE
from ..lab import Lab
from ..scenario import healthy, scenario
from ..site import CONF, NAME
from .apache import apache_scenario, healthy_apache
from .apache_told_requests import site as apache_site
from .nginx_host_not_passed import PAGES
from .server_pages import PAGE, on_apache

FRENCH = (f"{NAME} renvoie une erreur 404 uniquement quand le navigateur est en français",)
HEAD = (f"https://{NAME}/ UptimeRobot meldet 403 Forbidden bei HEAD-Anfragen",)
OLD = (f"curl --http1.0 https://{NAME}/ : curl: (52) Empty reply from server",)
PARTNER = "https://partner.example.net/angebote"
LINE = f'"GET / HTTP/2.0" 403 162 "{PARTNER}" "Mozilla/5.0 (X11; rv:128.0) Firefox/128.0"'
LINKED = (f"https://{NAME}/ 1.2.3.4 - - [01/Dec/2026:10:11:12 +0000] {LINE}",)


def _rule(lab: Lab, rule: str) -> None:
    lab.change(PAGES, f"{rule}\n{PAGES}")


@scenario(
    args=FRENCH,
    outside="http.request-part-refused",
    server="nginx.rule-refuses",
)
def browsers_in_another_language_get_nothing(lab: Lab) -> None:
    """https://serverfault.com/questions/523393/nginx-language-redirect: a list of languages."""
    _rule(lab, "if ($http_accept_language ~* ^fr) { return 404; }")


@healthy(args=FRENCH)
def browsers_in_another_language_get_the_page(lab: Lab) -> None:
    _rule(lab, "if ($http_accept_language ~* ^tlh) { return 404; }")


@apache_scenario(
    args=HEAD, outside="http.request-part-refused", server="server.method-refused", differs=(SITE,)
)
def a_list_of_methods_lacks_head(lab: Lab) -> None:
    """https://github.com/24eme/signaturepdf/issues/191: a monitor asks with HEAD."""
    _methods(lab, "GET|POST|OPTIONS")


@healthy_apache(args=HEAD)
def a_list_of_methods_has_head(lab: Lab) -> None:
    _methods(lab, "GET|POST|OPTIONS|HEAD")


def _methods(lab: Lab, names: str) -> None:
    rules = (
        "    RewriteEngine On\n"
        f"    RewriteCond %{{REQUEST_METHOD}} !^({names})$\n"
        "    RewriteRule .* - [F]\n    <Directory"
    )
    text = apache_site().replace("    <Directory", rules, 1)
    on_apache(lab, text, **{"index.html": PAGE})


@scenario(
    args=LINKED,
    outside="http.request-part-refused",
    server="nginx.rule-refuses",
    differs=(CONF,),
)
def a_list_of_pages_lacks_a_partner(lab: Lab) -> None:
    """https://nginx.org/en/docs/http/ngx_http_referer_module.html: valid_referers."""
    _rule(lab, "valid_referers none blocked server_names;\nif ($invalid_referer) { return 403; }")


@healthy(args=LINKED)
def a_list_of_pages_has_a_partner(lab: Lab) -> None:
    names = "none blocked server_names *.example.net"
    _rule(lab, f"valid_referers {names};\nif ($invalid_referer) {{ return 403; }}")


@scenario(args=OLD, outside=None, server="nginx.rule-refuses")
def clients_of_http_1_0_are_closed(lab: Lab) -> None:
    """https://nginx.org/en/docs/http/ngx_http_rewrite_module.html: `return 444`."""
    _rule(lab, 'if ($server_protocol ~ "HTTP/1.0") { return 444; }')


@healthy(args=OLD)
def clients_of_http_1_0_pass(lab: Lab) -> None:
    _rule(lab, 'if ($server_protocol ~ "HTTP/0.9") { return 444; }')
