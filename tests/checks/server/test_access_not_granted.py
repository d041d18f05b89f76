from dataclasses import replace

from diagnose.model import Applicability, Edit
from diagnose.model.web_servers import ServerRequestError
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
