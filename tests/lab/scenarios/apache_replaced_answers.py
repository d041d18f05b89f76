"""Apache answers itself what the application would answer, or what its own rule has made."""

from .. import apache
from ..apache import HTTP, HTTPS
from ..lab import Lab
from .apache import FILES, apache_scenario, healthy_apache
from .apache_threads import site_with

NOT_THERE = "the interface answers 404 then"
ITEM = "https://shop.example.com/api/items/7"
MAIN = "/etc/apache2/conf-enabled/shop.conf"
PASSED_ON = """\
ProxyPreserveHost On
ProxyPass / http://127.0.0.1:3008/
ProxyPassReverse / http://127.0.0.1:3008/
"""


def _application(lab: Lab) -> None:
    """Its interface answers 404 with JSON, and its other paths 404 with a page."""
    head = "response.setHeader('Content-Type'"
    page = f"{head}, 'text/html'); response.end('<!doctype html><title>Shop</title>It works.')"
    item = (
        f"response.statusCode = 404; {head}, 'application/json'); response.end('{{\"error\":7}}')"
    )
    rules = f"if (request.url.startsWith('/api/')) {{ {item} }} else {{ {page} }}"
    code = f"require('http').createServer((request, response) => {{ {rules} }})"
    lab.spawn(lab.server, ["node", "-e", f"{code}.listen(3008, '127.0.0.1')"], 3008)


def serve(lab: Lab, lines: str, main: str = "") -> None:
    _application(lab)
    apache.install(lab, site_with(f"{PASSED_ON}{lines}"))
    if main:
        lab.undo(lambda: lab.server.sh(f"rm -f {MAIN}"))
        lab.server.write(MAIN, main)
    apache.start(lab)


@apache_scenario(
    outside=None,
    server="server.apache-answer-replaced",
    target=ITEM,
    manual=NOT_THERE,
)
def apache_replaces_the_answer_of_an_interface(lab: Lab) -> None:
    """https://github.com/crowbar/crowbar-core/pull/38."""
    serve(lab, "ProxyErrorOverride On\n")


@apache_scenario(
    outside=None, server="server.apache-answer-replaced", target=ITEM, manual=NOT_THERE
)
def apache_replaces_the_answers_of_all_sites(lab: Lab) -> None:
    """https://github.com/coreruleset/modsecurity-crs-docker/issues/94: the line stands outside of
    every <VirtualHost>."""
    serve(lab, "", "ProxyErrorOverride On\n")


@healthy_apache(target=ITEM)
def apache_replaces_other_statuses(lab: Lab) -> None:
    """https://github.com/Bahmni/bahmni-docker/pull/29: only its own errors."""
    serve(lab, "ProxyErrorOverride On 500 502 503\n")


@healthy_apache(target=ITEM)
def apache_replaces_answers_elsewhere(lab: Lab) -> None:
    serve(lab, "ProxyErrorOverride On\n<Location /api/>\n    ProxyErrorOverride Off\n</Location>\n")


# A blank that a rule writes into the query, since 2.4.56

BLANK = "https://shop.example.com/docs/my%20file"
TAG = "https://shop.example.com/tag/red%20shoes"
RULE = "RewriteEngine On\nRewriteRule ^/docs/(.*)$ http://127.0.0.1:3000/?file=$1 [P,L]\n"
ROOT = "/var/www/html"
HTACCESS = """\
RewriteEngine On
RewriteCond %{REQUEST_FILENAME} !-f
RewriteRule ^tag/(.*)$ tags.html?tag=$1 [L,QSA]
"""
FOLDER = f"""\
ProxyPass /tag !
ProxyPass /tags.html !
<Directory {ROOT}>
    AllowOverride All
    Require all granted
</Directory>
"""


def with_lines(lab: Lab, lines: str, htaccess: str = "") -> None:
    """These lines come before those that pass requests on to the application."""
    indented = "".join(f"    {line}\n" for line in lines.splitlines())
    start = "    ProxyPreserveHost"
    apache.install(lab, f"{HTTPS.replace(start, indented + start)}\n{HTTP}")
    if htaccess:
        lab.undo(lambda: lab.server.sh(f"rm -f {ROOT}/.htaccess {ROOT}/tags.html"))
        lab.server.write(f"{ROOT}/tags.html", "<!doctype html><title>Shop</title>Tagged.\n")
        lab.server.write(f"{ROOT}/.htaccess", htaccess)
    apache.start(lab)


@apache_scenario(outside=None, server="server.apache-rule-unescaped", target=BLANK, differs=FILES)
def apache_rule_writes_a_blank_into_the_query(lab: Lab) -> None:
    """After threads about 403 since the update to 2.4.56: AH10410."""
    with_lines(lab, RULE)


@healthy_apache(target=BLANK)
def apache_rule_escapes_a_blank(lab: Lab) -> None:
    with_lines(lab, RULE.replace("[P,L]", "[B,P,L]"))


@apache_scenario(
    outside=None,
    server="server.apache-rule-unescaped",
    target=TAG,
    differs=(*FILES, f"{ROOT}/.htaccess"),
)
def apache_htaccess_writes_a_blank_into_the_query(lab: Lab) -> None:
    """The same in an .htaccess: AH10411. It counts at once."""
    with_lines(lab, FOLDER, HTACCESS)


@healthy_apache(target=TAG)
def apache_htaccess_escapes_a_blank(lab: Lab) -> None:
    with_lines(lab, FOLDER, HTACCESS.replace("[L,QSA]", "[B,L,QSA]"))
