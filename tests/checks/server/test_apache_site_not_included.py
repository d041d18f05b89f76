from dataclasses import replace

from diagnose.model import Command, Edit
from diagnose.model.web_servers import WebSite
from tests.support.check_evidence import judge
from tests.support.report_builder import ANSWER
from tests.support.web_server_evidence import APACHE, HTTPS, LISTENING, apache_config

CHECK = "server.apache-site-not-included"
OTHER = HTTPS.replace("shop.example.com", "www.example.org")


def enabled(file: str) -> WebSite:
    """The site in a file of sites-enabled that is not read."""
    return replace(apache_config().sites[0], file=file)


def test_fires_for_a_name_without_its_ending() -> None:
    idle = enabled("/etc/apache2/sites-enabled/shop.example.com")
    config = replace(apache_config(OTHER), idle=(idle,))
    (claim,) = judge(CHECK, APACHE, config)
    assert claim.facts["suffix"]


def test_fires_for_a_line_that_is_missing() -> None:
    config = replace(apache_config(OTHER), idle=(enabled("/etc/apache2/sites-enabled/a.conf"),))
    (claim,) = judge(CHECK, APACHE, config)
    assert not claim.facts["suffix"]


def test_silent_when_the_file_is_read_and_a_module_is_missing() -> None:
    idle = enabled("/etc/apache2/sites-enabled/shop.conf")
    assert not judge(CHECK, APACHE, replace(apache_config(OTHER), idle=(idle,)))


def test_silent_when_the_site_is_read_or_only_available() -> None:
    read = replace(apache_config(), idle=(enabled("/etc/apache2/sites-enabled/shop"),))
    assert not judge(CHECK, APACHE, read)
    available = enabled("/etc/apache2/sites-available/shop.conf")
    assert not judge(CHECK, APACHE, replace(apache_config(OTHER), idle=(available,)))


def test_silent_when_a_part_of_the_configuration_could_not_be_read() -> None:
    idle = enabled("/etc/apache2/sites-enabled/shop.example.com")
    config = replace(apache_config(OTHER, complete=False), idle=(idle,))
    assert not judge(CHECK, APACHE, config)


def test_fires_beside_a_wildcard_that_refuses_the_page() -> None:
    wildcard = HTTPS.replace("ServerName shop.", "ServerAlias *.example.com\nServerName any.")
    idle = enabled("/etc/httpd/conf.d/shop.cfg")
    config = replace(apache_config(wildcard), idle=(idle,))
    (claim,) = judge(CHECK, APACHE, config, LISTENING, replace(ANSWER, status=404))
    assert claim.fix
    step = claim.fix.steps[0]
    assert isinstance(step, Command)
    assert step.argv[-1] == "/etc/httpd/conf.d/shop.conf"
    assert not judge(CHECK, APACHE, config, LISTENING, ANSWER)


def test_fires_for_a_parameter_that_nothing_defines() -> None:
    text = f"{OTHER}<IfDefine SHOP>\n{HTTPS}</IfDefine>\n"
    config = apache_config(text)
    idle = replace(apache_config().sites[0], line=text[: text.index("<IfD")].count("\n") + 2)
    config = replace(config, sites=apache_config(OTHER).sites, idle=(idle,))
    (claim,) = judge(CHECK, APACHE, config, masked=False)
    assert claim.facts["parameter"] == "SHOP"
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "+Define SHOP\n <IfDefine SHOP>\n" in edit.diff
    assert not judge(CHECK, APACHE, replace(config, idle=(replace(idle, names=("a.example",)),)))


def test_silent_where_another_site_serves_the_name_of_a_section() -> None:
    """As for a page of maintenance that is switched off."""
    text = f"{OTHER}<IfDefine MAINTENANCE>\n{HTTPS}</IfDefine>\n"
    idle = replace(apache_config().sites[0], line=text[: text.index("<IfD")].count("\n") + 2)
    config = replace(apache_config(text), sites=apache_config(OTHER).sites, idle=(idle,))
    assert not judge(CHECK, APACHE, config, LISTENING, ANSWER)
    assert judge(CHECK, APACHE, config, LISTENING, replace(ANSWER, verified=False))
    assert judge(CHECK, APACHE, config, LISTENING, replace(ANSWER, status=404))
    welcome = replace(ANSWER, body="<title>Apache2 Debian Default Page: It works</title>")
    assert judge(CHECK, APACHE, config, LISTENING, welcome)
    assert not judge("server.wrong-site", APACHE, config, LISTENING, ANSWER)
