"""Apache asks Tomcat with AJP. Tomcat is a stand-in that reads its server.xml."""

from .. import apache
from ..apache import HTTP, HTTPS
from ..hosts import until
from ..lab import HERE, Lab
from ..machines import Machine
from ..scenario import healthy, scenario
from .apache import FILES
from .application_services import ONE_LAYOUT

BASE = "/srv/tomcat"
SERVER_XML = f"{BASE}/conf/server.xml"
PROGRAM = f"{BASE}/bin/java"
START = f"{PROGRAM} -Dcatalina.base={BASE} org.apache.catalina.startup.Bootstrap start"
UNIT = f"[Service]\nExecStart={START}\n"
DOCUMENT = """\
<?xml version="1.0" encoding="UTF-8"?>
<Server port="8005" shutdown="SHUTDOWN">
  <Service name="Catalina">
{}
    <Engine name="Catalina" defaultHost="localhost" />
  </Service>
</Server>
"""
#: As Tomcat 9.0 is shipped.
SHIPPED = """\
    <!-- Define an AJP 1.3 Connector on port 8009 -->
    <!--
    <Connector protocol="AJP/1.3"
               address="::1"
               port="8009"
               redirectPort="8443" />
    -->"""
OLD = '    <Connector port="8009" protocol="AJP/1.3" redirectPort="8443" />'
RIGHT = OLD.replace("port=", 'secretRequired="false" port=', 1)
BY_HTTP = '    <Connector port="8080" protocol="HTTP/1.1" connectionTimeout="20000" />'
SITE = HTTPS.replace("http://127.0.0.1:3000", "ajp://127.0.0.1:8009")


def _apache(lab: Lab) -> None:
    """Apache as a service of systemd, in its own unit."""
    server = lab.server
    assert isinstance(server, Machine)
    apache.install(lab, f"{SITE}\n{HTTP}")
    apache.enable(lab, "proxy_ajp")
    server.sh("rm -f /etc/systemd/system/apache2.service; systemctl daemon-reload")
    stop = "systemctl disable -q --now apache2; systemctl stop tomcat"
    mask = "ln -sfn /dev/null /etc/systemd/system/apache2.service; systemctl daemon-reload"
    lab.undo(lambda: server.sh(f"{stop}; {mask}", check=False))
    server.systemctl("enable", "apache2", check=False)
    server.systemctl("start", "apache2")
    until(lambda: server.listening(443), "apache listens")


def _tomcat(lab: Lab, connectors: str) -> None:
    server = lab.server
    assert isinstance(server, Machine)
    server.write(PROGRAM, (HERE / "applications" / "tomcat_server.py").read_text("utf-8"), 0o755)
    server.write(SERVER_XML, DOCUMENT.format(connectors))
    server.write("/etc/systemd/system/tomcat.service", UNIT)
    server.systemctl("daemon-reload")
    server.systemctl("start", "tomcat")
    ask = ["journalctl", "-u", "tomcat", "-b", "--no-pager"]
    until(lambda: "Server startup" in server.run(ask).stdout, "tomcat runs")
    _apache(lab)


@scenario(
    outside="http.server-error", server="server.ajp-connector-off", not_on=ONE_LAYOUT,
    needs=apache.needs_apache, differs=(SERVER_XML, "processes", "listeners"),
)  # fmt: skip
def ajp_connector_has_no_secret(lab: Lab) -> None:
    """https://github.com/robertdebock/ansible-role-tomcat/issues/23: after an update of Tomcat,
    "The AJP Connector is configured with secretRequired="true" but the secret attribute is either
    null or ""." """
    _tomcat(lab, OLD)


@scenario(
    outside="http.server-error", server="server.ajp-connector-off", not_on=ONE_LAYOUT,
    needs=apache.needs_apache, differs=(SERVER_XML, "processes", "listeners"),
)  # fmt: skip
def ajp_connector_is_in_a_comment(lab: Lab) -> None:
    """server.xml as it is shipped, after the same thread."""
    _tomcat(lab, SHIPPED)


@healthy(not_on=ONE_LAYOUT, needs=apache.needs_apache)
def ajp_connector_needs_no_secret(lab: Lab) -> None:
    """The shipped comment stands beside it."""
    _tomcat(lab, f"{SHIPPED}\n{RIGHT}")


@scenario(
    outside="http.server-error", server="server.ajp-connector-off", not_on=ONE_LAYOUT,
    needs=apache.needs_apache, differs=FILES,
)  # fmt: skip
def tomcat_has_only_a_port_for_http(lab: Lab) -> None:
    """Someone wrote ajp:// for a Tomcat that has no connector for it, after the same thread."""
    _tomcat(lab, BY_HTTP)
