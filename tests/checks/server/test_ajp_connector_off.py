"""server.ajp-connector-off: Tomcat does not listen where Apache asks it with AJP."""

from dataclasses import replace

from diagnose.model import Applicability, Command, Edit, Vantage
from diagnose.model.applications import ReadSetting
from diagnose.model.server import Listener, Listeners
from tests.support.check_evidence import judge
from tests.support.report_builder import ANSWER
from tests.support.web_server_evidence import APACHE, HTTPS, LISTENING, apache_config

CHECK = "server.ajp-connector-off"
MODULES = ("ssl", "proxy", "proxy_ajp", "alias", "headers")
SITE = HTTPS.replace("    ProxyPass /ws ws://127.0.0.1:3000/ws\n", "").replace(
    "    ProxyPass / http://127.0.0.1:3000/\n",
    "    ProxyPass / ajp://localhost:8009/\n    ProxyPassReverse / ajp://localhost:8009/\n",
)
CONFIG = apache_config(SITE, modules=MODULES)
UNAVAILABLE = replace(ANSWER, status=503)
LINE = '  <Connector port="8009" protocol="AJP/1.3" />'
READ = ReadSetting(
    vantage=Vantage.SERVER, application="program", topic="ajp-connector", key="secretRequired",
    file="/etc/tomcat9/server.xml", number=7, line=LINE,
    new=LINE.replace("port", 'secretRequired="false" port', 1), unit="tomcat9.service",
)  # fmt: skip
NO_CONNECTOR = replace(READ, key="port", values=("8080",), number=0, line="", new="", unit="")
TOMCAT = Listener(address="127.0.0.1", port=8080, family=4, pid=30, process="java")


def test_fires_with_the_edit_of_the_connector_and_a_restart() -> None:
    (claim,) = judge(CHECK, APACHE, CONFIG, LISTENING, UNAVAILABLE, READ)
    assert claim.facts["secret"]
    assert not claim.facts["commented"]
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    edit, restart, wait, *reload = claim.fix.steps
    assert isinstance(edit, Edit)
    assert '+  <Connector secretRequired="false" port="8009" protocol="AJP/1.3" />' in edit.diff
    assert isinstance(restart, Command)
    assert restart.argv == ("systemctl", "restart", "tomcat9")
    assert isinstance(wait, Command)
    assert "sport = :8009" in wait.argv[-1]
    assert [step.argv[-1] for step in reload if isinstance(step, Command)] == ["-t", "apache2"]


def test_fires_in_words_where_an_edit_would_open_it() -> None:
    (claim,) = judge(CHECK, APACHE, CONFIG, LISTENING, UNAVAILABLE, replace(READ, new=""))
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL


def test_fires_and_asks_the_port_for_http() -> None:
    listening = Listeners(sockets=(*LISTENING.sockets, TOMCAT))
    (claim,) = judge(CHECK, APACHE, CONFIG, listening, UNAVAILABLE, NO_CONNECTOR)
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "+    ProxyPass / http://127.0.0.1:8080/\n" in edit.diff
    assert "+    ProxyPassReverse / http://127.0.0.1:8080/\n" in edit.diff
    words = [" ".join(step.argv) for step in claim.fix.steps if isinstance(step, Command)]
    assert words == ["a2enmod proxy_http", "apachectl -t", "systemctl reload apache2"]


def test_fires_in_words_where_nothing_listens_for_http() -> None:
    (claim,) = judge(CHECK, APACHE, CONFIG, LISTENING, UNAVAILABLE, NO_CONNECTOR)
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL


def test_silent_where_the_page_comes_or_apache_asks_otherwise() -> None:
    assert not judge(CHECK, APACHE, CONFIG, LISTENING, ANSWER, READ)
    assert not judge(CHECK, APACHE, apache_config(), LISTENING, UNAVAILABLE, READ)
    other = replace(READ, topic="query-characters")
    assert not judge(CHECK, APACHE, CONFIG, LISTENING, UNAVAILABLE, other)
