from dataclasses import replace

import pytest

from diagnose.model import Applicability, Command, Edit, Manual
from diagnose.model.files import PathComponent
from diagnose.model.logs import ServerRequestError
from diagnose.model.site_folders import FolderAccess
from diagnose.model.web_servers import ServerFile
from tests.support.check_evidence import CHAT, judge
from tests.support.report_builder import ANSWER
from tests.support.web_server_evidence import APACHE, HTTPS, MODULES, apache_config
from tests.support.websocket_evidence import upgrade

CHECK = "server.request-failed"
BROKEN, REFUSED = replace(ANSWER, status=500), replace(ANSWER, status=403)
LOG = "/var/log/apache2/error.log"
HANDLER = ServerRequestError(
    product="apache", log=LOG, reason="handler", message="AH01144: No protocol", scheme="http"
)
HTACCESS = replace(
    HANDLER,
    reason="htaccess",
    scheme="",
    message="Invalid command 'ExpiresActive', perhaps misspelled",
    file="/var/www/shop/.htaccess",
)
WITHOUT = tuple(name for name in MODULES if name != "proxy_http")


def test_fires_and_loads_the_module_that_is_missing() -> None:
    (claim,) = judge(CHECK, APACHE, apache_config(modules=WITHOUT), HANDLER, BROKEN)
    assert claim.facts["handler"]
    assert claim.facts["modules"] == ("proxy_http",)
    assert claim.fix
    assert claim.fix.applicability is Applicability.AUTOMATIC
    enable, *_ = claim.fix.steps
    assert isinstance(enable, Command)
    assert enable.argv == ("a2enmod", "proxy_http")


def test_fires_and_turns_tls_to_the_backend_on() -> None:
    config = apache_config(HTTPS.replace("http://127", "https://127"))
    error = replace(HANDLER, reason="backend-tls", scheme="")
    (claim,) = judge(CHECK, APACHE, config, error, BROKEN)
    assert claim.fix
    edit, *_ = claim.fix.steps
    assert isinstance(edit, Edit)
    assert "+    SSLProxyEngine on\n" in edit.diff


def test_fires_for_an_htaccess_whose_module_is_missing_or_that_is_wrong() -> None:
    (claim,) = judge(CHECK, APACHE, apache_config(), HTACCESS, BROKEN)
    assert claim.facts["modules"] == ("expires",)
    typo = replace(HTACCESS, message="Invalid command 'Heder', perhaps misspelled")
    (claim,) = judge(CHECK, APACHE, apache_config(), typo, BROKEN)
    assert claim.fix
    assert claim.fix.steps == (Manual("htaccess", claim.fix.steps[0].where),)


def test_fires_and_mends_the_line_of_an_htaccess() -> None:
    """Issue 22 of opengeek/statcache."""
    text = "RewriteEngine On\nRewriteRule .* - [E=A:no cache]\n"
    error = replace(
        HTACCESS,
        message="RewriteRule: bad flag delimiters",
        rules=ServerFile(HTACCESS.file, text),
    )
    (claim,) = judge(CHECK, APACHE, apache_config(), error, BROKEN)
    assert claim.facts["line"] == "RewriteRule .* - [E=A:no cache]"
    assert str(claim.facts["line_place"]).endswith(".htaccess:2")
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    (edit,) = claim.fix.steps
    assert isinstance(edit, Edit)
    assert edit.path == HTACCESS.file
    assert '+RewriteRule .* - "[E=A:no cache]"\n' in edit.diff


def test_fires_and_takes_a_byte_order_mark_away() -> None:
    message = r"Invalid command '\xef\xbb\xbfRewriteEngine', perhaps misspelled"
    error = replace(HTACCESS, message=message)
    (claim,) = judge(CHECK, APACHE, apache_config(), error, BROKEN)
    assert claim.facts["mark"]
    assert claim.fix
    (step,) = claim.fix.steps
    assert isinstance(step, Command)
    assert step.argv[0] == "sed"
    assert step.argv[-1] == HTACCESS.file


def test_fires_and_loads_the_module_of_lines_of_apache_2_2() -> None:
    error = replace(HTACCESS, message="Invalid command 'Order', perhaps misspelled")
    (claim,) = judge(CHECK, APACHE, apache_config(), error, BROKEN)
    assert claim.facts["modules"] == ("access_compat",)


def test_fires_without_an_edit_where_the_line_is_not_understood() -> None:
    error = replace(
        HTACCESS, message="Invalid command 'Heder'", rules=ServerFile(HTACCESS.file, "Heder a\n")
    )
    (claim,) = judge(CHECK, APACHE, apache_config(), error, BROKEN)
    assert claim.facts["line"] == "Heder a"
    assert claim.fix
    assert isinstance(claim.fix.steps[0], Manual)


def test_fires_for_a_directive_that_is_not_permitted_and_permits_it() -> None:
    error = replace(HTACCESS, message="Options not allowed here")
    section = "    <Directory /var/www/shop>\n        AllowOverride AuthConfig\n    </Directory>\n"
    site = HTTPS.replace("</VirtualHost>", f"{section}</VirtualHost>", 1)
    (claim,) = judge(CHECK, APACHE, apache_config(site), error, BROKEN)
    assert claim.facts["override"] == "Options"
    assert claim.fix
    edit, *_ = claim.fix.steps
    assert isinstance(edit, Edit)
    assert "-        AllowOverride AuthConfig\n+        AllowOverride All\n" in edit.diff
    (claim,) = judge(CHECK, APACHE, apache_config(HTTPS), error, BROKEN)
    assert claim.fix
    edit, *_ = claim.fix.steps
    assert isinstance(edit, Edit)
    assert '+    <Directory "/var/www/shop">\n+        AllowOverride All\n' in edit.diff
    pattern = section.replace("/var/www/shop", "/var/www/*")
    site = HTTPS.replace("</VirtualHost>", f"{pattern}</VirtualHost>", 1)
    (claim,) = judge(CHECK, APACHE, apache_config(site), error, BROKEN)
    assert claim.fix
    assert claim.fix.steps[0] == Manual("override", claim.fix.steps[0].where)


SECTION = '<Directory "/var/www/shop/uploads">\nRequire all denied\n</Directory>\n'


def test_moves_a_section_that_no_htaccess_may_have_into_the_virtual_host() -> None:
    """AllowOverride changes nothing: core takes `<Directory>` in the configuration alone."""
    text = f"RewriteEngine On\n{SECTION}Options -Indexes\n"
    error = replace(
        HTACCESS, message="<Directory not allowed here", rules=ServerFile(HTACCESS.file, text)
    )
    (claim,) = judge(CHECK, APACHE, apache_config(), error, BROKEN)
    assert (claim.facts["override"], claim.facts["never"]) == ("<Directory>", True)
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL
    (step,) = claim.fix.steps
    assert isinstance(step, Manual)
    edits = [each for each in step.commands if isinstance(each, Edit)]
    assert '+    <Directory "/var/www/shop/uploads">\n' in edits[0].diff
    assert "AllowOverride" not in edits[0].diff
    assert edits[1].path == HTACCESS.file
    assert "-Require all denied\n" in edits[1].diff
    # What protects a folder protects it all the time.
    assert step.commands[-1] == edits[1]


@pytest.mark.parametrize("name", ["<VirtualHost", "SSLEngine", "php_admin_value", "DocumentRoot"])
def test_never_permits_what_belongs_to_the_configuration(name: str) -> None:
    rules = ServerFile(HTACCESS.file, "<VirtualHost *:80>\n</VirtualHost>\n")
    error = replace(HTACCESS, message=f"{name} not allowed here", rules=rules)
    (claim,) = judge(CHECK, APACHE, apache_config(), error, BROKEN)
    assert claim.facts["never"]
    assert claim.fix
    assert claim.fix.steps == (Manual("never", claim.fix.steps[0].where),)


def test_never_permits_what_is_not_allowed_where_all_is() -> None:
    section = "    <Directory /var/www/shop>\n        AllowOverride All\n    </Directory>\n"
    site = HTTPS.replace("</VirtualHost>", f"{section}</VirtualHost>", 1)
    error = replace(HTACCESS, message="Mutex not allowed here")
    (claim,) = judge(CHECK, APACHE, apache_config(site), error, BROKEN)
    assert claim.facts["never"]
    (claim,) = judge(CHECK, APACHE, apache_config(), error, BROKEN)
    assert not claim.facts["never"]


def test_fires_where_apache_may_not_read() -> None:
    error = replace(HANDLER, reason="permission", scheme="", file="/home/joe/site")
    (claim,) = judge(CHECK, APACHE, apache_config(), error, REFUSED)
    assert claim.facts["status"] == 403
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL


def test_silent_when_the_page_is_served_or_the_server_is_another() -> None:
    assert not judge(CHECK, APACHE, apache_config(), HANDLER, ANSWER)
    assert not judge(CHECK, APACHE, apache_config(), HANDLER, replace(ANSWER, status=404))
    other = replace(APACHE, product="caddy")
    assert not judge(CHECK, other, HANDLER, BROKEN)


def test_fires_for_a_websocket_where_the_page_came() -> None:
    """Issue 2102 of websockets/ws: ProxyPass /ws wss://…, without SSLProxyEngine."""
    config = apache_config(HTTPS.replace("ws://127", "wss://127"))
    error = replace(HANDLER, reason="backend-tls", scheme="")
    (claim,) = judge(CHECK, APACHE, config, error, ANSWER, upgrade(500), target=CHAT)
    assert claim.facts["url"] == "https://shop.example.com/ws"
    assert claim.fix
    edit, *_ = claim.fix.steps
    assert isinstance(edit, Edit)
    assert "+    SSLProxyEngine on\n     ProxyPass /ws wss://" in edit.diff
    assert not judge(CHECK, APACHE, config, error, ANSWER, upgrade(404), target=CHAT)


def tls_edit(lines: str) -> str:
    """The edit of a site in which these lines pass the pages on."""
    config = apache_config(HTTPS.replace("    ProxyPass / http://127.0.0.1:3000/\n", lines))
    error = replace(HANDLER, reason="backend-tls", scheme="")
    (claim,) = judge(CHECK, APACHE, config, error, BROKEN)
    assert claim.fix
    edit, *_ = claim.fix.steps
    assert isinstance(edit, Edit)
    return edit.diff


HEAD = " <VirtualHost *:443>\n+    SSLProxyEngine on\n"


def test_fires_and_writes_tls_where_the_directive_is_allowed() -> None:
    location = "    <Location />\n        ProxyPass https://127.0.0.1:3000/\n    </Location>\n"
    assert HEAD in tls_edit(location)
    rule = "    RewriteEngine On\n    RewriteRule ^/(.*) https://127.0.0.1:3000/$1 [P]\n"
    assert HEAD in tls_edit(rule)
    off = "    ProxyPass / https://127.0.0.1:3000/\n    SSLProxyEngine Off\n"
    assert "-    SSLProxyEngine Off\n+    SSLProxyEngine on\n" in tls_edit(off)


def test_fires_for_a_rule_that_passes_websockets_alone_on() -> None:
    rules = (
        "    RewriteEngine On\n    RewriteCond %{HTTP:Upgrade} websocket [NC]\n"
        "    RewriteRule ^/?(.*) wss://127.0.0.1:3443/$1 [P,L]\n"
    )
    site = HTTPS.replace("    ProxyPass /ws ws://127.0.0.1:3000/ws\n", rules)
    error = replace(HANDLER, reason="backend-tls", scheme="")
    config = apache_config(site)
    (claim,) = judge(CHECK, APACHE, config, error, ANSWER, upgrade(500), target=CHAT)
    assert claim.fix
    edit, *_ = claim.fix.steps
    assert isinstance(edit, Edit)
    assert HEAD in edit.diff


CLOSED = FolderAccess(
    path="/var/www/shop/dvwa/index.php",
    parts=(
        PathComponent("/", 0, "root", 0, "root", 0o755),
        PathComponent("/var/www/shop/dvwa", 0, "root", 0, "root", 0o700),
        PathComponent("/var/www/shop/dvwa/index.php", 0, "root", 0, "root", 0o644, folder=False),
    ),
    uid=33,
    user="www-data",
)
PERMISSION = replace(HANDLER, reason="permission", scheme="", file="/var/www/shop/dvwa/index.htm")


def test_fires_and_opens_the_folder_that_the_log_names() -> None:
    (claim,) = judge(CHECK, APACHE, apache_config(), PERMISSION, REFUSED, CLOSED)
    assert claim.facts["closed"] == ("/var/www/shop/dvwa (0700 root:root)",)
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    (chmod,) = claim.fix.steps
    assert isinstance(chmod, Command)
    assert chmod.argv[-2:] == ("o+x", "/var/www/shop/dvwa")


def test_fires_and_opens_an_htaccess_that_apache_may_not_read() -> None:
    file = "/var/www/shop/.htaccess"
    part = PathComponent(file, 0, "root", 0, "root", 0o600, folder=False)
    rules = replace(CLOSED, path=file, parts=(CLOSED.parts[0], part))
    error = replace(PERMISSION, file=file)
    (claim,) = judge(CHECK, APACHE, apache_config(), error, REFUSED, rules)
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    (chmod,) = claim.fix.steps
    assert isinstance(chmod, Command)
    assert chmod.argv[-2:] == ("o+r", file)


@pytest.mark.parametrize(
    ("path", "file"),
    [
        ("/root/shop/index.php", "/root"),
        ("/var/www/shop/dvwa/.env", "/var/www/shop/dvwa"),
        ("/var/www/shop/dvwa/index.php", "/var/www/other"),
    ],
)
def test_fires_without_a_command_for_a_private_or_another_file(path: str, file: str) -> None:
    error, access = replace(PERMISSION, file=file), replace(CLOSED, path=path)
    (claim,) = judge(CHECK, APACHE, apache_config(), error, REFUSED, access)
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL


LINK = replace(
    PERMISSION, reason="logged", file="", code="AH00037",
    message="AH00037: Symbolic link not allowed or link target not accessible: /var/www/shop/about",
)  # fmt: skip
LINKED = replace(
    CLOSED,
    path="/var/www/shop/about/index.html",
    parts=(
        PathComponent("/var/www/shop", 0, "root", 0, "root", 0o755),
        PathComponent("/srv/owner", 0, "root", 0, "root", 0o700),
        PathComponent("/srv/owner/index.html", 0, "root", 0, "root", 0o644, folder=False),
    ),
)


def test_fires_and_opens_the_folder_to_which_a_link_leads() -> None:
    (claim,) = judge(CHECK, APACHE, apache_config(), LINK, REFUSED, LINKED)
    assert claim.facts["closed"] == ("/srv/owner (0700 root:root)",)
    assert claim.facts["permission"]
    assert claim.fix
    (chmod,) = claim.fix.steps
    assert isinstance(chmod, Command)
    assert chmod.argv[-2:] == ("o+x", "/srv/owner")


def test_opens_no_private_folder_to_which_a_link_leads() -> None:
    root = PathComponent("/root", 0, "root", 0, "root", 0o700)
    private = replace(LINKED, parts=(root, *LINKED.parts))
    (claim,) = judge(CHECK, APACHE, apache_config(), LINK, REFUSED, private)
    assert claim.fix
    assert isinstance(claim.fix.steps[0], Manual)


def test_silent_where_a_link_may_not_be_followed_or_its_target_is_open() -> None:
    open_parts = replace(LINKED, parts=LINKED.parts[:1])
    assert not judge(CHECK, APACHE, apache_config(), LINK, REFUSED, open_parts)
    section = "<Directory /var/www/shop>\n    Options -FollowSymLinks\n</Directory>\n"
    assert not judge(CHECK, APACHE, apache_config(HTTPS + section), LINK, REFUSED, LINKED)
    elsewhere = replace(LINKED, path="/var/www/shop/other/index.html")
    assert not judge(CHECK, APACHE, apache_config(), LINK, REFUSED, elsewhere)
