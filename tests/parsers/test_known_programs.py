"""Programs that people run themselves, known by what only they answer, run as or are packed as, and
the setting that each one's documentation has for its place behind a proxy."""

import pytest

from diagnose.parsers.applications import (
    application_of,
    application_of_command,
    application_of_image,
    is_plain_path,
    recognize,
    reported_application,
)
from diagnose.parsers.http import refuses_host
from diagnose.parsers.setting_values import setting_value

REFUSED = "Access denied - Hostname verification failed: https://sabnzbd.org/hostname-check"
ANSWERS = {
    "growi": ("<title>ログイン - GROWI</title>", ("X", "1")),
    "joomla": ('<meta content="Joomla! - Open Source Content Management">', ("X", "1")),
    "drupal": ("", ("X-Generator", "Drupal 10 (https://www.drupal.org)")),
    "magento": ('<script type="text/x-magento-init">', ("X", "1")),
    "prestashop": ("", ("Powered-By", "PrestaShop")),
    "flarum": ('<div id="flarum-loading" style="display: none">', ("X", "1")),
    "dash": ('<script id="_dash-config" type="application/json">', ("X", "1")),
    "graylog": ("", ("X-Graylog-Node-ID", "c2442555")),
    "tautulli": ("<title>Tautulli - Login</title>", ("X", "1")),
    "openproject": ("", ("Set-Cookie", "_open_project_session=a; Path=/")),
    "lidarr": ("<title>Login - Lidarr</title>", ("X", "1")),
    "rstudio": ("<title>RStudio Sign In</title>", ("X", "1")),
    "sabnzbd": (REFUSED, ("X", "1")),
}  # fmt: skip
SETTINGS = (
    ("sabnzbd", "misc.host_whitelist", "[misc]\nhost_whitelist = nas, sab.lan,\n", "nas"),
    ("joomla", "$live_site", "class JConfig {\n\tpublic $live_site = 'http://a';\n", "http://a"),
    ("tautulli", "General.http_proxy", "[General]\nhttp_proxy = 0\n", "0"),
    ("adguard-home", "tls.allow_unencrypted_doh", "tls:\n  allow_unencrypted_doh: no\n", "no"),
    ("adguard-home", "http.doh.insecure_enabled", "http: {doh: {insecure_enabled: 0}}\n", "0"),
    ("flarum", "url", "<?php return array (\n  'url' => 'http://a.b',\n);\n", "http://a.b"),
    ("wallabag", "parameters.domain_name", "parameters:\n  domain_name: 'http://a'\n", "http://a"),
    ("lidarr", "UrlBase", "<Config>\n  <UrlBase>/a</UrlBase>\n</Config>\n", "/a"),
    ("graylog", "http_external_uri", "http_external_uri = http://a.b/\n", "http://a.b/"),
    ("rundeck", "grails.serverURL", "grails.serverURL=http://a.b:4440\n", "http://a.b:4440"),
)


@pytest.mark.parametrize("name", ANSWERS)
def test_a_program_is_known_by_its_answer(name: str) -> None:
    text, field = ANSWERS[name]
    found = recognize(text, (field,))
    assert found
    assert found[0].id == name
    assert found[0].settings


def test_a_program_is_known_by_its_process_or_its_image() -> None:
    def id_of_command(command: str) -> str:
        found = application_of_command(command)
        return found.id if found else ""

    def id_of_image(image: str) -> str:
        found = application_of_image(image)
        return found.id if found else ""

    assert id_of_command("/opt/SABnzbd.py -b 0 --config-file /config") == "sabnzbd"
    assert id_of_command("java -jar metabase.jar") == "metabase"
    assert id_of_image("adguard/adguardhome:v0.107.66") == "adguard-home"
    assert id_of_image("ghcr.io/gethomepage/homepage:latest") == "homepage"
    assert id_of_image("lscr.io/linuxserver/calibre-web") == "calibre-web"
    assert id_of_image("vikunja/vikunja") == "vikunja"


def test_a_program_is_known_by_the_words_in_which_it_refuses_a_name() -> None:
    for words, name in (
        ("Host check error", "syncthing"),
        (REFUSED, "sabnzbd"),
        ("Host validation failed. See logs for more details.", "homepage"),
        ("The provided host name is not valid for this server.", "drupal"),
    ):
        assert refuses_host(403, words)
        told = reported_application(words, is_answer=True)
        assert told
        assert told.id == name
        assert "allowed_host" in told.settings


def test_a_path_that_a_program_serves_over_http_only_if_it_is_told_to() -> None:
    assert is_plain_path("/dns-query")
    assert is_plain_path("/dns-query/phone")
    assert not is_plain_path("/dns-queries")
    assert not is_plain_path("/")


def test_the_settings_are_found_in_the_files_as_the_programs_write_them() -> None:
    """Each as its own documentation or its first start writes it."""
    for name, key, text, value in SETTINGS:
        application = application_of(name)
        assert application
        assert application.configuration
        assert key in {each.key for each in application.own_settings}
        found = setting_value(text, application.configuration.format, key)  # type: ignore[arg-type]
        assert found, name
        assert found.values[0].strip(",") == value
