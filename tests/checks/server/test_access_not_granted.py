from dataclasses import replace

from diagnose.model import Applicability, Confidence, Edit
from diagnose.model.logs import ServerRequestError
from diagnose.model.server_rules import AnsweringRule
from tests.support.check_evidence import judge
from tests.support.report_builder import ANSWER
from tests.support.web_server_evidence import APACHE, HTTPS, apache_config

CHECK = "server.access-not-granted"
FILES = HTTPS.replace("    SSLEngine on\n", "    SSLEngine on\n    DocumentRoot /srv/shop\n")
DENIED = ServerRequestError(
    product="apache",
    log="/var/log/apache2/error.log",
    reason="denied",
    message="AH01630: client denied by server configuration: /srv/shop/",
    file="/srv/shop/",
)
FORBIDDEN = replace(ANSWER, status=403)


def test_fires_and_grants_the_folder_after_a_person_has_looked() -> None:
    (claim,) = judge(CHECK, APACHE, apache_config(FILES), DENIED, FORBIDDEN)
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "+    <Directory /srv/shop>\n+        Require all granted\n" in edit.diff


def test_silent_where_somebody_wrote_who_may_see_it() -> None:
    own = "    <Directory /srv/shop>\n        Require ip 192.0.2.0/24\n    </Directory>\n"
    guarded = apache_config(FILES.replace("</VirtualHost>", f"{own}</VirtualHost>"))
    assert not judge(CHECK, APACHE, guarded, DENIED, FORBIDDEN)
    assert not judge(CHECK, APACHE, apache_config(FILES), DENIED, ANSWER)


def test_fires_where_the_words_of_apache_2_2_let_everybody_in() -> None:
    """Article 00027394 of kouhan: `Allow from all` does not undo `Require all denied`."""
    old = "    <Directory /srv/shop>\n        Allow from all\n    </Directory>\n"
    config = apache_config(FILES.replace("</VirtualHost>", f"{old}</VirtualHost>"))
    (claim,) = judge(CHECK, APACHE, config, DENIED, FORBIDDEN)
    assert claim.facts["old_words"]
    some = FILES.replace("</VirtualHost>", old.replace("all", "192.0.2.0/24") + "</VirtualHost>")
    assert not judge(CHECK, APACHE, apache_config(some), DENIED, FORBIDDEN)


ABOVE = "<Directory /srv>\n    Require all granted\n</Directory>\n"
OWN = "    <Directory /srv/shop>\n        Allow from all\n    </Directory>\n"


def test_fires_where_a_parent_denies_and_the_folders_own_section_has_old_words() -> None:
    """Issue 46 of phpList/base-distribution: an .htaccess above the site's folder has "Require all
    denied", and a section for /srv grants."""
    config = apache_config(ABOVE + FILES.replace("</VirtualHost>", f"{OWN}</VirtualHost>"))
    (claim,) = judge(CHECK, APACHE, config, DENIED, FORBIDDEN)
    assert claim.confidence is Confidence.LIKELY
    assert claim.facts["old_words"]
    assert claim.fix
    assert isinstance(claim.fix.steps[0], Edit)


def test_silent_where_a_rule_of_the_folder_itself_refuses_or_another_path_is_denied() -> None:
    config = apache_config(ABOVE + FILES.replace("</VirtualHost>", f"{OWN}</VirtualHost>"))
    rule = AnsweringRule("/", 403, "Require all denied", "", (), False, "/srv/shop/.htaccess", 1)
    assert not judge(CHECK, APACHE, replace(config, rules=(rule,)), DENIED, FORBIDDEN)
    inner = replace(DENIED, file="/srv/shop/private/")
    assert not judge(CHECK, APACHE, config, inner, FORBIDDEN)


SCRIPT = "/home/get5/get5-web/get5.wsgi"
WSGI = HTTPS.replace("    SSLEngine on\n", f"    SSLEngine on\n    WSGIScriptAlias / {SCRIPT}\n")
REFUSED = replace(DENIED, file=SCRIPT, message=f"AH01630: client denied by …: {SCRIPT}")


def test_fires_for_the_folder_of_a_wsgi_script() -> None:
    """Issue 106 of splewis/get5-web: the sections are for another folder."""
    other = "    <Directory /home/get5/get5>\n        Require all granted\n    </Directory>\n"
    config = apache_config(WSGI.replace("</VirtualHost>", f"{other}</VirtualHost>"))
    (claim,) = judge(CHECK, APACHE, config, REFUSED, FORBIDDEN)
    assert claim.facts["folder"] == "/home/get5/get5-web"
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "+    <Directory /home/get5/get5-web>\n" in edit.diff
    own = other.replace("get5/get5>", "get5/get5-web>")
    granted = apache_config(WSGI.replace("</VirtualHost>", f"{own}</VirtualHost>"))
    assert not judge(CHECK, APACHE, granted, REFUSED, FORBIDDEN)


def test_writes_the_folder_into_a_section_that_is_left_over() -> None:
    section = "    <Directory /srv/old>\n        Require all granted\n    </Directory>\n"
    config = apache_config(FILES.replace("</VirtualHost>", f"{section}</VirtualHost>"))
    (claim,) = judge(CHECK, APACHE, config, DENIED, FORBIDDEN, masked=False)
    assert claim.facts["other_folder"] == "/srv/old"
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "-    <Directory /srv/old>\n+    <Directory /srv/shop>\n" in edit.diff


def test_a_section_of_another_site_or_that_does_not_grant_stays() -> None:
    other = HTTPS.replace("shop.ex", "old.ex").replace(
        "    SSLEngine on\n", "    SSLEngine on\n    DocumentRoot /srv/old\n"
    )
    section = "    <Directory /srv/old>\n        Require all granted\n    </Directory>\n"
    own = FILES.replace("</VirtualHost>", f"{section}</VirtualHost>")
    (claim,) = judge(CHECK, APACHE, apache_config(f"{own}{other}"), DENIED, FORBIDDEN)
    assert not claim.facts["other_folder"]
    closed = own.replace("Require all granted", "Require ip 192.0.2.0/24")
    (claim,) = judge(CHECK, APACHE, apache_config(closed), DENIED, FORBIDDEN)
    assert not claim.facts["other_folder"]
