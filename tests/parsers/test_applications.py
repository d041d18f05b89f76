import pytest

from diagnose.parsers import applications
from diagnose.parsers.applications import (
    MAX_PAGE,
    application_ids,
    application_of,
    application_of_command,
    cookie_names,
    folder_of,
    message_of,
    page_title,
    recognize,
)


def known(text: str = "", *headers: tuple[str, str]) -> str:
    found = recognize(text, headers)
    return found[0].id if found else ""


def test_an_application_is_recognized_by_its_title_whatever_the_case() -> None:
    assert known("<html><title>\n N8N.io -  Workflow Automation </title>") == "n8n"
    assert known("<title>About n8n.io - Workflow Automation</title>") == ""


def test_an_application_is_recognized_by_its_text_or_its_cookie() -> None:
    assert known("<body><home-assistant></home-assistant>") == "home-assistant"
    assert known("", ("Set-Cookie", "grafana_session=1; Path=/")) == "grafana"
    assert known("", ("Set-Cookie", "session=1; grafana_session=1")) == ""
    assert known("x" * MAX_PAGE + "<home-assistant>") == ""


def test_the_attributes_of_a_generator_may_stand_in_either_order() -> None:
    assert known('<meta name="generator" content="Halo 2.21.1">') == "halo"
    assert known('<meta content="Halo 2.21.1" name="generator">') == "halo"


def test_an_application_is_recognized_by_a_field(monkeypatch: pytest.MonkeyPatch) -> None:
    index = {"a": {"name": "A", "recognized": {"header": ["X-A", "Server: MinIO"]}}}
    monkeypatch.setattr(applications, "_index", lambda: index)
    application_of.cache_clear()
    assert known("", ("x-a", "1")) == known("", ("server", "MinIO/2")) == "a"
    assert known("", ("server", "nginx")) == known("", ("via", "MinIO")) == ""
    application_of.cache_clear()


def test_an_index_that_is_missing_recognizes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(applications, "_index", dict)
    assert known("<title>Grafana</title>") == ""


def test_the_tables_of_an_application_are_read() -> None:
    nextcloud = application_of("nextcloud")
    assert nextcloud is not None
    assert [each.size for each in nextcloud.uploads] == ["512m"]
    assert nextcloud.well_known[0].location == "/remote.php/dav/"
    assert "trusted_proxies" in nextcloud.settings["trusted_proxy"]
    assert application_of("none") is None


@pytest.mark.parametrize(
    ("name", "page", "start", "folder"),
    [
        ("n8n", "/", "/", "/"),
        ("n8n", "/tools/n8n/?a=/b", "/tools/n8n/", "/tools/n8n/"),
        ("grafana", "/login", "/", "/"),
        ("grafana", "/grafana/login", "/grafana/", "/grafana/"),
        ("gitea", "/git/user/login?redirect_to=/", "/git/user/login", "/git/"),
        ("jellyfin", "/web/", "/", "/"),
        ("n8n", "/app/", "/", "/"),
        ("n8n", "/app/", "/old/", "/app/"),
    ],
)
def test_the_folder_is_where_its_first_page_lies(
    name: str, page: str, start: str, folder: str
) -> None:
    application = application_of(name)
    assert application is not None
    assert folder_of(application, page, start) == folder


def test_titles_and_cookies_are_read() -> None:
    assert page_title("<TITLE lang=en>A &amp; B\n C</TITLE>") == "a & b c"
    assert page_title("<titl>") == ""
    assert cookie_names((("set-cookie", " a=1"), ("SET-COOKIE", "b"), ("Cookie", "c=1"))) == ("a",)


def test_a_process_is_recognized_by_a_word_of_its_command_line() -> None:
    n8n = application_of("n8n")
    assert n8n is not None
    assert application_of_command("node /opt/n8n/bin/n8n start") is n8n
    assert application_of_command("node /opt/n8n/bin/other") is None
    assert application_of_command("/usr/sbin/grafana-server --config x") is not None
    assert application_of_command("nginx: master process") is None


def test_the_process_that_listens_is_recognized() -> None:
    proxy = application_of_command("node /usr/bin/configurable-http-proxy --ip= --port=8000")
    assert proxy is application_of("jupyterhub")
    assert application_of_command("python3 -m jupyterhub.singleuser") is None


def test_the_longest_message_counts() -> None:
    lost = message_of("n8n says [WebSocketClient] connection LOST")
    assert lost is not None
    assert (lost.text, lost.means) == ("[WebSocketClient] Connection lost", "websocket")
    assert message_of("all is well") is None


@pytest.mark.parametrize(
    "name", ["gotify", "ntfy", "ollama", "pocketbase", "qbittorrent", "vaultwarden", "zammad"]
)
def test_a_setting_for_the_visitors_address_alone_is_no_trust_in_the_scheme(name: str) -> None:
    application = application_of(name)
    assert application is not None
    assert "trusted_proxy" not in application.settings


def test_a_setting_that_does_not_take_a_name_is_not_told() -> None:
    ollama, kuma = application_of("ollama"), application_of("uptime-kuma")
    assert ollama is not None
    assert kuma is not None
    assert "allowed_host" not in ollama.settings  # OLLAMA_HOST is the address it listens on
    assert "allowed_origin" not in kuma.settings  # UPTIME_KUMA_WS_ORIGIN_CHECK=bypass ends the test


def test_moodle_is_not_told_to_expect_another_name_than_its_own() -> None:
    moodle = application_of("moodle")
    assert moodle is not None
    assert "reverseproxy" not in moodle.settings["trusted_proxy"]
    # It means that $CFG->reverseproxy has to go, which no file can say.
    assert message_of("Reverse proxy enabled, server can not be accessed directly") is None


def test_words_of_many_programs_are_no_message_of_one() -> None:
    assert message_of("SSE connection error, reconnecting...") is None


def test_ids_are_those_of_the_files() -> None:
    assert "n8n" in application_ids()


def test_webmin_is_known_by_its_login_and_its_words() -> None:
    """Usermin, which has settings of its own, is another program."""
    recognized = recognize("<title>Login to Webmin</title>", ())
    assert recognized
    assert recognized[0].name == "Webmin"
    assert not recognize("<title>Login to Usermin</title>", (("Server", "MiniServ"),))
    words = (
        "Warning! Webmin has detected that the program https://shop.example.com/proc/ was linked"
    )
    message = message_of(words)
    assert message
    assert message.means == "allowed_origin"
