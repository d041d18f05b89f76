from dataclasses import replace

from diagnose.model import Applicability, Edit, Fix
from diagnose.model.web_servers import ServerFile, WebSite
from diagnose.parsers.apache.config import parse
from diagnose.parsers.apache.folder_routes import folder_routes
from tests.support.check_evidence import CHAT, judge
from tests.support.web_server_evidence import APACHE, HTTPS, LISTENING, apache_config
from tests.support.websocket_evidence import upgrade

CHECK = "server.websocket-not-passed"
BARE = HTTPS[: HTTPS.index("    ProxyP")] + "</VirtualHost>\n"
FILE = "/var/www/html/.htaccess"
RULE = "RewriteEngine on\n{}RewriteRule ^ws$ http://127.0.0.1:3000/ws [P]\n"


def fix_of(rules: str) -> Fix:
    config = apache_config(BARE)
    site: WebSite = config.sites[0]
    routes = folder_routes(parse(rules, FILE), True, site.names)
    sites = (replace(site, routes=routes), *config.sites[1:])
    read = replace(config, sites=sites, files=(*config.files, ServerFile(FILE, rules)))
    (claim,) = judge(CHECK, APACHE, read, LISTENING, upgrade(400), target=CHAT)
    assert claim.fix
    return claim.fix


def test_the_rule_of_an_htaccess_gets_one_for_websockets_above_it() -> None:
    fix = fix_of(RULE.format(""))
    (edit,) = fix.steps
    assert isinstance(edit, Edit)
    assert (edit.path, fix.applicability) == (FILE, Applicability.AUTOMATIC)
    assert (
        "+RewriteCond %{HTTP:Upgrade} =websocket [NC]\n"
        "+RewriteRule ^ws$ ws://127.0.0.1:3000/ws [P]\n"
        " RewriteRule ^ws$ http://127.0.0.1:3000/ws [P]\n"
    ) in edit.diff


def test_it_gets_the_conditions_too() -> None:
    (edit,) = fix_of(RULE.format("RewriteCond %{HTTPS} on\n")).steps
    assert isinstance(edit, Edit)
    assert (
        "+RewriteCond %{HTTP:Upgrade} =websocket [NC]\n"
        "+RewriteCond %{HTTPS} on\n"
        "+RewriteRule ^ws$ ws://127.0.0.1:3000/ws [P]\n"
        " RewriteCond %{HTTPS} on\n"
    ) in edit.diff


def test_a_rule_that_is_counted_takes_a_person() -> None:
    counted = RULE.format("RewriteRule ^old$ - [S=1]\n")
    assert fix_of(counted).applicability is Applicability.MANUAL
