"""Lines that are written in another way than guides write them: continued by a backslash, in a
macro, in a snippet, between quotes."""

from .. import apache, caddy, haproxy
from ..apache import HTTP, HTTPS
from ..caddy import KEY, PEM
from ..lab import Lab
from .apache import FILES, WS, apache_scenario, healthy_apache
from .caddy import caddy_scenario, healthy_caddy
from .haproxy import haproxy_scenario, healthy_haproxy
from .haproxy_inner_tls import inner_tls

OWN_LINE = "    ProxyPass /ws ws://127.0.0.1:3000/ws\n"
CONTINUED = (
    HTTPS.replace("ProxyPass / http", "ProxyPass / \\\n        http")
    .replace("ProxyPassReverse / ", "ProxyPassReverse \\\n        / ")
    .replace("    ProxyPreserveHost On\n", "    # ProxyPreserveHost \\\n    #   Off\n")
)
MACRO = (
    CONTINUED.replace("<VirtualHost *:443>", "<Macro Site $name $port>\n<VirtualHost *:$port>")
    .replace("shop.example.com", "$name")
    .replace("</VirtualHost>", "</VirtualHost>\n</Macro>\nUse Site shop.example.com 443")
)


@apache_scenario(
    outside="websocket.not-upgraded", server="server.websocket-not-passed", args=WS, differs=FILES
)
def apache_without_upgrade_on_a_continued_line(lab: Lab) -> None:
    apache.serve(lab, f"{CONTINUED.replace(OWN_LINE, '')}\n{HTTP}")


@healthy_apache(args=WS)
def apache_has_continued_lines(lab: Lab) -> None:
    apache.serve(lab, f"{CONTINUED}\n{HTTP}")


@apache_scenario(
    outside="websocket.not-upgraded", server="server.websocket-not-passed", args=WS, differs=FILES
)
def apache_without_upgrade_in_a_macro(lab: Lab) -> None:
    """https://httpd.apache.org/docs/2.4/mod/mod_macro.html: virtual hosts of one form."""
    apache.install(lab, f"{MACRO.replace(OWN_LINE, '')}\n{HTTP}")
    apache.enable(lab, "macro")
    apache.start(lab)


@apache_scenario(outside="tls.plain-http", server="server.apache-site-not-included", differs=FILES)
def apache_site_in_a_section_that_nothing_defines(lab: Lab) -> None:
    """`-D SHOP` was in the unit of another system."""
    apache.serve(lab, f"<IfDefine SHOP>\n{HTTPS}</IfDefine>\n{HTTP}")


@healthy_apache(args=WS)
def apache_site_in_a_section_that_is_defined(lab: Lab) -> None:
    """And the page for maintenance is switched off."""
    closed = HTTPS[: HTTPS.index("    ProxyPres")] + "    Redirect 503 /\n</VirtualHost>\n"
    maintenance = f"<IfDefine MAINTENANCE>\n{closed}</IfDefine>\n"
    text = f"{maintenance}Define SHOP\n<IfDefine SHOP>\n{HTTPS}</IfDefine>\n{HTTP}"
    apache.serve(lab, text)


@healthy_apache(args=WS)
def apache_section_of_the_name_is_for_maintenance(lab: Lab) -> None:
    """The first site answers the name, and its certificate has it."""
    first = HTTPS.replace("    ServerName shop.example.com\n", "    ServerName any.example.com\n")
    closed = HTTPS[: HTTPS.index("    ProxyPres")] + "    Redirect 503 /\n</VirtualHost>\n"
    apache.serve(lab, f"{first}<IfDefine MAINTENANCE>\n{closed}</IfDefine>\n{HTTP}")


@healthy_apache(args=WS)
def apache_has_its_sites_in_a_macro(lab: Lab) -> None:
    other = "Use Site www.example.com 443\n"
    apache.install(lab, f"{MACRO}{other}\n{HTTP}")
    apache.enable(lab, "macro")
    apache.start(lab)


SNIPPETS = f"""\
(tls) {{
	tls {PEM} {KEY}
}}
(app) {{
	reverse_proxy \\
		127.0.0.1:3000
}}
shop.example.com {{
	import tls
	import app
}}
"""


@caddy_scenario(
    outside="http.server-error", server="server.application-down", differs=(caddy.CONFIG,)
)
def caddy_snippet_asks_the_other_loopback_address(lab: Lab) -> None:
    """The line that passes requests on stands in a snippet, and its address on the next row."""
    caddy.serve(lab, SNIPPETS.replace("127.0.0.1:3000", "[::1]:3000"))


@healthy_caddy()
def caddy_has_its_lines_in_snippets(lab: Lab) -> None:
    caddy.serve(lab, SNIPPETS)


@haproxy_scenario(
    outside="http.plain-to-tls-port",
    server="server.application-speaks-tls",
    differs=(haproxy.CONFIG,),
)
def haproxy_server_line_with_quotes_and_without_ssl(lab: Lab) -> None:
    inner_tls(lab, "'check' \"weight\" 1  # the shop")


@healthy_haproxy()
def haproxy_has_words_between_quotes(lab: Lab) -> None:
    inner_tls(lab, "'check' \"ssl\" 'verify' none  # the shop")


DELETED = SNIPPETS.replace("\n}\nshop", " {\n\t\theader_up \\\n\t\t\t-Upgrade\n\t}\n}\nshop")


@caddy_scenario(
    outside="websocket.not-upgraded",
    server="server.websocket-not-passed",
    args=WS,
    differs=(caddy.CONFIG,),
)
def caddy_snippet_deletes_the_upgrade(lab: Lab) -> None:
    caddy.serve(lab, DELETED)
