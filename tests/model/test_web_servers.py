from dataclasses import replace

from diagnose.model.web_servers import (
    ServerFile,
    SiteFile,
    SiteRoute,
    SiteSocket,
    WebServer,
    WebServerConfig,
    WebServerTest,
    WebSite,
)
from tests.support.summaries import summary_text

APACHE = WebServer(product="apache", pid=7, version="2.4.67", ports=(80, 443))
CONFIG = WebServerConfig(
    product="apache",
    path="/etc/apache2/apache2.conf",
    sites=(WebSite(names=("shop.example.com",)), WebSite()),
    files=(ServerFile("/etc/apache2/sites-enabled/shop.conf", "text", real="/srv/shop.conf"),),
)


def test_a_route_replaces_the_host_by_what_is_said_or_its_own_address() -> None:
    route = SiteRoute("/", "http://[::1]:3000/", host="::1", port=3000, keeps_host=False)
    assert route.authority == route.replacement_host == "[::1]:3000"
    assert replace(route, sent_host="app.example").replacement_host == "app.example"


def test_a_server_is_named_as_its_project_writes_it() -> None:
    assert summary_text(APACHE) == ("Apache 2.4.67", "running, pid 7, ports 80, 443")
    assert summary_text(replace(APACHE, product="haproxy", pid=None, version="")) == (
        "HAProxy",
        "not running",
    )
    assert summary_text(replace(APACHE, pid=None, state="failed"))[1] == "failed"


def test_a_test_shows_the_servers_own_message() -> None:
    test = WebServerTest(product="apache", passed=False, message="Invalid command 'SSLEngin'")
    assert summary_text(test) == ("Apache's configuration test", "Invalid command 'SSLEngin'")
    assert summary_text(replace(test, passed=True, message=""))[1] == "passed"


def test_a_socket_without_an_address_is_that_of_all() -> None:
    assert str(SiteSocket(443)) == "*:443"
    assert str(SiteSocket(443, "2001:db8::1")) == "[2001:db8::1]:443"


def test_a_sites_files_are_found_by_their_role() -> None:
    files = (SiteFile("certificate", "/a.pem"), SiteFile("key", "/a.key"))
    site = WebSite(files=(*files, *files))
    assert site.paths("certificate") == ("/a.pem",)
    assert site.paths("key", "certificate") == ("/a.pem", "/a.key")
    assert site.paths("chain") == ()


def test_a_file_is_found_by_its_link_and_by_where_that_leads() -> None:
    assert summary_text(CONFIG) == ("/etc/apache2/apache2.conf", "sites shop.example.com, _")
    assert CONFIG.file("/srv/shop.conf") is CONFIG.files[0]
    assert CONFIG.file("/etc/apache2/sites-enabled/shop.conf") is CONFIG.files[0]
    assert CONFIG.file("/nowhere") is None


def test_a_site_listens_on_the_ports_of_its_sockets() -> None:
    site = WebSite(sockets=(SiteSocket(80), SiteSocket(443, "203.0.113.10")))
    assert site.listens_on(80)
    assert site.listens_on(443)
    assert not site.listens_on(8443)
    assert not WebSite().listens_on(443)
