"""A rule of the web server answers in the place of the page or of the application.

After threads on Stack Overflow, Server Fault and the forums of nginx and HAProxy: "WebSocket 403
behind nginx, works directly", "503 after maintenance", "hotlink protection blocks my own CSS",
"nginx 405 for the preflight request", "403 Forbidden: Request forbidden by administrative rules".
"""

from .. import caddy, haproxy, site
from ..lab import SERVER, Lab
from ..scenario import healthy, scenario
from .caddy import caddy_scenario
from .haproxy import haproxy_scenario
from .nginx_other_requests_failed import log_of_its_own, visit
from .page_assets import FOLDER, SHOP, _serve

WS = ("--ws", "/ws")
TIMEOUT = "  ssl_session_timeout 5m;\n"
PERSON = "a person knows what the rule is for"
SOCKET = "  location /ws {\n"


@scenario(
    outside="websocket.unauthorized", server="nginx.rule-refuses", args=WS, differs=(site.CONF,)
)  # fmt: skip
def nginx_refuses_the_origin(lab: Lab) -> None:
    """The list of allowed Origins is that of the old name."""
    rule = "if ($http_origin !~ '^https://www\\.shop\\.example\\.com$') { return 403; }"
    lab.change(SOCKET, f"{SOCKET}    {rule}\n")


@healthy(args=WS)
def nginx_accepts_the_origin(lab: Lab) -> None:
    """The same list with the site's own name."""
    rule = "if ($http_origin !~ '^https://shop\\.example\\.com$') { return 403; }"
    lab.change(SOCKET, f"{SOCKET}    {rule}\n")


@healthy()
def rule_refuses_the_server_itself(lab: Lab) -> None:
    """A `geo` list names the server's own address: visitors are served."""
    lab.edit(site.MAP, f"{site.MAP}geo $listed {{\n  default 0;\n  {SERVER} 1;\n}}\n")
    lab.change(TIMEOUT, f"{TIMEOUT}  if ($listed) {{\n    return 403;\n  }}\n")


@healthy()
def rule_allows_visitors_of_the_country_only(lab: Lab) -> None:
    """The visitors' country, as a `geo` list and a `map`; the server is in another one."""
    country = "geo $country {\n  default ZZ;\n  198.51.100.0/24 CN;\n}\n"
    answer = "map $country $elsewhere {\n  CN 0;\n  default 1;\n}\n"
    lab.edit(site.MAP, f"{site.MAP}{country}{answer}")
    lab.change(TIMEOUT, f"{TIMEOUT}  if ($elsewhere) {{\n    return 403;\n  }}\n")


@scenario(
    outside="http.server-error",
    server="nginx.rule-refuses",
    differs=("/var/www/maintenance.on.off",),
)
def maintenance_file_is_left(lab: Lab) -> None:
    """if (-f …) return 503, and nobody removed the file."""
    lab.server.write("/var/www/maintenance.on", "")
    rule = "  if (-f /var/www/maintenance.on) {\n    return 503;\n  }\n"
    lab.change(TIMEOUT, f"{TIMEOUT}{rule}")


@scenario(outside=None, server="nginx.rule-refuses", differs=(site.CONF,))
def rule_is_for_another_name(lab: Lab) -> None:
    """if ($host != www…) return 404: the name without "www." came later."""
    rule = '  if ($host != "www.shop.example.com") {\n    return 404;\n  }\n'
    lab.change(TIMEOUT, f"{TIMEOUT}{rule}")


@scenario(outside="http.page-file-missing", server="nginx.rule-refuses", differs=(site.CONF,))
def referer_list_lacks_the_site(lab: Lab) -> None:
    """valid_referers from the time before the site's new name."""
    rule = "valid_referers none blocked www.shop.example.net; if ($invalid_referer) { return 403; }"
    lines = f"  root {FOLDER};\n  location /static/ {{ {rule} }}\n"
    _serve(lab, lines, **{"index.html": SHOP, "static/css/app.css": "a { color: red }\n"})


@scenario(
    outside=None, server="nginx.rule-refuses", args=("--method", "OPTIONS"), differs=(site.CONF,)
)  # fmt: skip
def list_of_methods_lacks_options(lab: Lab) -> None:
    """Browsers ask with OPTIONS before a request of another site (CORS)."""
    rule = "  if ($request_method !~ ^(GET|HEAD|POST)$) {\n    return 405;\n  }\n"
    lab.change(TIMEOUT, f"{TIMEOUT}{rule}")


@healthy(target=f"https://{site.NAME}/admin/")
def rule_asks_for_a_client_certificate(lab: Lab) -> None:
    """A part of the site is for those who have one. Nobody without one is to come in."""
    lab.server.sh(f"cp {site.PEM} /etc/nginx/ssl/clients.pem")
    asks = "  ssl_client_certificate /etc/nginx/ssl/clients.pem;\n  ssl_verify_client optional;\n"
    rule = "if ($ssl_client_verify != SUCCESS) { return 403; }"
    lab.change(TIMEOUT, f"{TIMEOUT}{asks}  location /admin/ {{ {rule} }}\n")


@healthy(target=f"wss://{site.NAME}/ws")
def rule_asks_pages_to_be_websockets(lab: Lab) -> None:
    """426 for a page, and the WebSocket opens."""
    rule = "if ($http_upgrade !~* websocket) { return 426; }"
    lab.change(SOCKET, f"{SOCKET}    {rule}\n")


@haproxy_scenario(outside=None, server=None, target=f"https://{site.NAME}/.git/config")
def rule_of_haproxy_closes_hidden_files(lab: Lab) -> None:
    rules = "    http-request deny if { path_beg /.git }\n    default_backend"
    haproxy.serve(lab, haproxy.SITE.replace("    default_backend", rules, 1))


@caddy_scenario(outside=None, server=None, target=f"https://{site.NAME}/private/")
def rule_of_caddy_asks_for_a_cookie(lab: Lab) -> None:
    """A part of the site is for the staff."""
    matcher = "\t@guests {\n\t\tpath /private/*\n\t\tnot header Cookie *staff=1*\n\t}\n"
    rule = f"{matcher}\trespond @guests 403\n\treverse_proxy"
    caddy.serve(lab, caddy.SHOP.replace("\treverse_proxy", rule))


@healthy(target=f"https://{site.NAME}/dav/")
def folder_of_webdav_is_not_listed(lab: Lab) -> None:
    lab.server.write("/srv/files/dav/notes.txt", "Tea.\n")
    lines = "    root /srv/files;\n    dav_methods PUT DELETE MKCOL COPY MOVE;\n"
    rule = "    limit_except GET HEAD OPTIONS { deny all; }\n"
    lab.change(TIMEOUT, f"{TIMEOUT}  location /dav/ {{\n{lines}{rule}  }}\n")


@healthy()
def root_is_closed_on_purpose(lab: Lab) -> None:
    """return 404 without a condition: there is only an API below."""
    lab.change("  location /ws {\n", "  location = / { return 404; }\n  location /ws {\n")


def ruled(*rules: str) -> str:
    """HAProxy's site with these rules in the frontend of HTTPS."""
    lines = "".join(f"    {rule}\n" for rule in rules)
    return haproxy.SITE.replace("    option f", f"{lines}    option f")


@haproxy_scenario(outside=None, server="server.haproxy-rule-refuses", manual=PERSON)
def haproxy_denies_the_name(lab: Lab) -> None:
    """http-request deny if !{ hdr(host) … }."""
    haproxy.serve(lab, ruled("http-request deny if !{ hdr(host) -i www.shop.example.com }"))


@haproxy_scenario(
    outside="http.server-error", server="server.haproxy-rule-refuses", manual=PERSON
)  # fmt: skip
def haproxy_announces_maintenance(lab: Lab) -> None:
    """http-request return status 503 for all but the office."""
    text = "content-type text/plain string maintenance"
    haproxy.serve(lab, ruled(f"http-request return status 503 {text} unless {{ src 192.0.2.7 }}"))


@haproxy_scenario(
    outside="websocket.rate-limited", server="server.haproxy-rule-refuses", args=WS, manual=PERSON
)  # fmt: skip
def haproxy_limits_websockets(lab: Lab) -> None:
    """A stick table counts the handshakes of an address, and its limit is too low."""
    haproxy.serve(
        lab,
        ruled(
            "stick-table type ip size 100k expire 60s store http_req_rate(60s)",
            "http-request track-sc0 src if { path_beg /ws }",
            "http-request deny deny_status 429 if { path_beg /ws } { sc_http_req_rate(0) gt 0 }",
        ),
    )


@scenario(outside="http.server-error", server="nginx.rule-refuses", differs=(site.CONF,))
def other_names_get_no_answer(lab: Lab) -> None:
    """return 444 for every name but the one with "www."."""
    rule = '  if ($host != "www.shop.example.com") {\n    return 444;\n  }\n'
    lab.change(TIMEOUT, f"{TIMEOUT}{rule}")


@haproxy_scenario(outside=None, server="server.haproxy-rule-refuses", manual=PERSON)
def haproxy_lets_an_api_in_alone(lab: Lab) -> None:
    """A named ACL for the paths of the API, and deny for all others."""
    haproxy.serve(lab, ruled("acl is_api path_beg /api", "http-request deny if !is_api"))


@scenario(
    outside=None,
    server="nginx.visitor-denied",
    target=f"https://{site.NAME}/office/",
    differs=(site.CONF,),
)
def deny_all_comes_before_allow(lab: Lab) -> None:
    """`deny all;` in the first line: `allow` never decides (ngx_http_access_module)."""
    rules = "    deny all;\n    allow 198.51.100.0/24;\n    allow 203.0.113.0/24;\n"
    location = f"  location /office/ {{\n{rules}    proxy_pass http://127.0.0.1:3000;\n  }}\n"
    lab.change(TIMEOUT, f"{TIMEOUT}{location}")


@scenario(outside=None, server="nginx.rule-refuses", differs=(site.CONF,))
def robots_and_phones_are_refused(lab: Lab) -> None:
    """A list of robots that has "android": phones get 403, and this program does not."""
    rule = 'if ($http_user_agent ~* "(ahrefs|semrush|android)") { return 403; }'
    lab.change(TIMEOUT, f"{TIMEOUT}  {rule}\n")


@scenario(outside=None, server="nginx.rule-refuses", args=("403 Forbidden",), differs=(site.CONF,))
def robots_and_browsers_are_refused(lab: Lab) -> None:
    """The log has what the rule refused, and that is no cause of its own."""
    rule = 'if ($http_user_agent ~* "(ahrefs|semrush|mozilla)") { return 403; }'
    log_of_its_own(lab)
    lab.change(TIMEOUT, f"{TIMEOUT}  {rule}\n")
    for path in ("/cart", "/login", "/about"):
        visit(lab, path)


@healthy()
def robots_alone_are_refused(lab: Lab) -> None:
    rule = 'if ($http_user_agent ~* "(ahrefs|semrush|mj12bot|MSIE [1-9]\\.)") { return 403; }'
    lab.change(TIMEOUT, f"{TIMEOUT}  {rule}\n")


@scenario(
    outside=None,
    server="nginx.visitor-denied",
    both="nginx.rule-refuses",
    differs=(site.CONF,),
)  # fmt: skip
def list_knows_the_server_alone(lab: Lab) -> None:
    """`geo $closed { default 1; … }` from the time of the tests: the page opens on the server."""
    own = f"  default 1;\n  127.0.0.0/8 0;\n  {SERVER} 0;\n"
    lab.edit(site.MAP, f"{site.MAP}geo $closed {{\n{own}}}\n")
    log_of_its_own(lab)
    lab.change(TIMEOUT, f"{TIMEOUT}  if ($closed) {{\n    return 403;\n  }}\n")
    visit(lab, "/login", "-d", "user=anna")


@scenario(outside="http.server-error", server="nginx.rule-refuses", manual=PERSON)
def list_of_visitors_closes_the_connection(lab: Lab) -> None:
    """`return 444` for everybody whom a `geo` list does not name: no answer, and no line in the
    error log."""
    lab.edit(site.MAP, f"{site.MAP}geo $known {{\n  default 0;\n  10.20.0.0/16 1;\n}}\n")
    lab.change(TIMEOUT, f"{TIMEOUT}  if ($known = 0) {{\n    return 444;\n  }}\n")


BOT = ("Googlebot gets 403, Search Console says blocked",)
AGENTS = "  if ($http_user_agent ~* ({})) {{\n    return 403;\n  }}\n"


@scenario(
    outside="http.request-part-refused", server="nginx.rule-refuses", args=BOT, differs=(site.CONF,)
)
def list_of_agents_refuses_a_search_engine(lab: Lab) -> None:
    """Browsers pass, and so does the run."""
    lab.change(TIMEOUT, TIMEOUT + AGENTS.format("wget|curl|python|bot|spider"))


@healthy(args=BOT)
def list_of_agents_lets_a_search_engine_pass(lab: Lab) -> None:
    lab.change(TIMEOUT, TIMEOUT + AGENTS.format("wget|curl|python|spider"))
