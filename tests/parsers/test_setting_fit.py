"""Whether a value fits the site; where a program lives; which places win."""

from dataclasses import replace

import pytest

from diagnose.model import Symptom
from diagnose.model.applications import Meaning, OwnConfiguration, OwnSetting
from diagnose.model.http import Exchange, Upgrade
from diagnose.parsers.program_place import (
    ProgramPlace,
    argument_value,
    candidate_files,
    parse_place,
)
from diagnose.parsers.read_settings import FileText, read_setting, unread_setting
from diagnose.parsers.setting_fit import fits, right_value
from diagnose.parsers.setting_symptoms import suspected_topics
from tests.support.check_evidence import SHOP
from tests.support.page_evidence import loads


@pytest.mark.parametrize(
    ("means", "values", "is_right"),
    [
        ("host-list", ("a.b",), False),
        ("host-list", (".example.com",), True),
        ("host-list", ("^shop\\.",), None),
        ("host-list", (), False),
        ("host", ("other.example.com",), False),
        ("origin-list", ("https://shop.example.com/",), True),
        ("origin-list", ("http://shop.example.com",), False),
        ("origin-list", ("https://*.example.com",), None),
        ("proxy-list", ("10.0.0.0/8",), False),
        ("proxy-list", ("::1", "127.0.0.1/32"), True),
        ("proxy-mode", ("xforwarded",), True),
        ("proxy-mode", ("False",), False),
        ("proxy-mode", ("2",), True),
        ("external-url", ("https://shop.example.com/x",), True),
        ("external-url", ("https://shop.example.com:8443/",), False),
        ("external-url", ("%(protocol)s://%(domain)s/",), None),
        ("external-url", ("shop.example.com",), None),
        ("protocol", ("http",), False),
        ("base-path", ("/app/",), True),
        ("base-path", ("https://shop.example.com/app",), True),
        ("base-path", ("/",), False),
    ],
)
def test_a_value_fits(means: Meaning, values: tuple[str, ...], is_right: bool | None) -> None:
    setting = OwnSetting("public_url", means)
    assert fits(setting, values, SHOP, "127.0.0.1", "/app") is is_right


PLACE = """process 7 node
folder /srv/app
words node\037--config=/etc/app.yaml\037--proxy
unit app.service
unitfile /etc/default/app
container docker app
mount /data /srv/data
mount /data/in /mnt/in
variable URL=http://x
gateway 172.18.0.1
compose /srv/compose.yaml,/srv/b.yaml
"""


def test_a_place() -> None:
    place = parse_place(PLACE)
    assert (place.pid, place.process, place.unit) == (7, "node", "app.service")
    assert place.variables == {"URL": "http://x"}
    assert place.host_path("/data/in/a") == "/mnt/in/a"
    assert place.host_path("/data/a") == "/srv/data/a"
    assert place.host_path("/database/a") == ""
    assert place.compose == "/srv/compose.yaml,/srv/b.yaml"
    assert argument_value(place.words, "--config") == "/etc/app.yaml"
    assert argument_value(place.words, "--proxy") == "true"
    assert argument_value(place.words, "--other") is None


def test_the_surest_file_is_looked_at_first() -> None:
    configuration = OwnConfiguration("yaml", ("/etc/app/app.yaml", "conf/app.yaml"), ("--config",))
    place = ProgramPlace(pid=7, folder="/srv/app", words=("app", "--config", "/srv/b"))
    assert list(candidate_files(place, configuration, ("/var/www",))) == [
        "/srv/b", "/srv/b/app.yaml", "/etc/app/app.yaml", "/srv/app/conf/app.yaml",
        "/var/www/conf/app.yaml",
    ]  # fmt: skip


URL = OwnSetting("public_url", "external-url", "url", "URL", "--url")
FILE = FileText("/data/app.yaml", "/srv/data/app.yaml", "a: 1\nurl: http://x/y\n")


def test_the_environment_wins_and_its_line_is_named() -> None:
    configuration = OwnConfiguration("yaml")
    place = ProgramPlace(pid=7, variables={"URL": "http://u:p@z/"})
    unit = FileText("/etc/default/app", "/etc/default/app", "A=1\nURL=http://z/\n")
    read = read_setting(configuration, "app", URL, place, (FILE,), (unit,), SHOP, "", "")
    assert read is not None
    assert (read.source, read.place, read.values) == (
        "variable",
        "/etc/default/app:2",
        ("http://z/",),
    )
    assert read.new == "URL=https://shop.example.com/"
    wins = replace(configuration, file_wins=True)
    read = read_setting(wins, "app", URL, place, (FILE,), (unit,), SHOP, "", "")
    assert read is not None
    assert (read.place, read.new) == ("/srv/data/app.yaml:2", "url: https://shop.example.com/y")


def test_a_container_that_is_older_than_its_compose_file_is_made_anew() -> None:
    right = "https://shop.example.com/"
    text = f"services:\n  app:\n    image: app\n    environment:\n      URL: {right}\n"
    compose = FileText("/srv/app/compose.yaml", "/srv/app/compose.yaml", text)
    place = ProgramPlace(
        pid=7, variables={"URL": "http://z/"}, container="app-app-1", engine="docker",
        compose=compose.path, project="app", service="app",
    )  # fmt: skip
    read = read_setting(OwnConfiguration("yaml"), "app", URL, place, (), (compose,), SHOP, "", "")
    assert read is not None
    assert (read.stale, read.values, read.new) == (True, (right,), "")
    assert read.load == ("docker", "compose", "-f", compose.path, "up", "-d", "app")


def test_a_container_that_has_the_value_of_its_compose_file_is_not_older() -> None:
    right = "https://shop.example.com/"
    text = f"services:\n  app:\n    image: app\n    environment:\n      URL: {right}\n"
    compose = FileText("/srv/app/compose.yaml", "/srv/app/compose.yaml", text)
    place = ProgramPlace(
        pid=7, variables={"URL": right}, container="app-app-1", engine="docker",
        compose=compose.path, project="app", service="app",
    )  # fmt: skip
    read = read_setting(OwnConfiguration("yaml"), "app", URL, place, (), (compose,), SHOP, "", "")
    assert read is not None
    assert (read.stale, read.values, read.new) == (False, (right,), "")


def test_a_variable_of_the_image_is_none_of_a_service() -> None:
    place, setting = ProgramPlace(pid=7, unit="app.service"), replace(URL, of_image=True)
    form, other = OwnConfiguration("yaml"), FileText("/data/app.yaml", "/data/app.yaml", "a: 1\n")
    read = read_setting(form, "app", setting, place, (other,), (), SHOP, "", "")
    assert read is not None
    assert (read.key, read.file) == ("url", "/data/app.yaml")
    assert unread_setting(form, "app", setting, place, SHOP, "", "").key == "url"


def test_a_service_gets_the_variable_that_no_line_of_its_file_sets() -> None:
    place = ProgramPlace(pid=7, unit="app.service")
    other = FileText("/data/app.yaml", "/data/app.yaml", "a: 1\n")
    read = read_setting(OwnConfiguration("yaml"), "app", URL, place, (other,), (), SHOP, "", "")
    assert read is not None
    assert (read.source, read.key, read.file) == ("nowhere", "URL", "")
    alone = ProgramPlace(pid=7)
    read = read_setting(OwnConfiguration("yaml"), "app", URL, alone, (other,), (), SHOP, "", "")
    assert read is not None
    assert (read.key, read.file) == ("url", "/data/app.yaml")


OPTION = OwnSetting("base_path", "base-path", argument="--prefix")


@pytest.mark.parametrize(
    ("files", "place", "new"),
    [
        (
            {
                "/etc/systemd/system/app.service":
                "[Service]\nExecStart=/bin/app serve \\\n  --port 80\n",
            },
            "/etc/systemd/system/app.service:3",
            "  --port 80 --prefix=/music",
        ),
        (
            {
                "/lib/systemd/system/app.service": "[Service]\nExecStart=/bin/app $ARGS\n",
                "/etc/default/app": '# ARGS\nARGS="--port 80"\n',
            },
            "/etc/default/app:2",
            'ARGS="--port 80 --prefix=/music"',
        ),
        (
            {
                "/lib/systemd/system/app.service": "[Service]\nExecStart=/bin/app ${ARGS}\n",
                "/etc/default/app": "ARGS=\n",
            },
            "/etc/default/app:1",
            'ARGS="--prefix=/music"',
        ),
        ({"/lib/systemd/system/app.service": "[Service]\nExecStart=/bin/app\n"}, "", ""),
        ({"/etc/systemd/system/app.service": "[Service]\nExecStart=sh -c 'app'\n"}, "", ""),
        ({"/etc/systemd/system/app.service": "[Service]\nExecStart=/bin/npm start\n"}, "", ""),
        ({"/etc/systemd/system/app.service": "[Service]\nExecStart=-/bin/ttyd bash\n"}, "", ""),
        ({"/etc/systemd/system/app.service": "[Service]\nExecStart=/srv/start.sh\n"}, "", ""),
        ({"/etc/systemd/system/app.service": "[Service]\nExecStart=app --password=x\n"}, "", ""),
    ],
)  # fmt: skip
def test_a_service_gets_the_option_that_it_lacks(
    files: dict[str, str], place: str, new: str
) -> None:
    texts = tuple(FileText(path, path, text) for path, text in files.items())
    program = ProgramPlace(pid=7, unit="app.service")
    form = OwnConfiguration("env")
    read = read_setting(form, "app", OPTION, program, (), texts, SHOP, "", "/music")
    assert read is not None
    assert (read.source, read.place, read.new) == ("nowhere", place, new)


def test_nothing_is_said_of_a_file_that_was_not_found() -> None:
    place, form = ProgramPlace(pid=7), OwnConfiguration("yaml")
    assert read_setting(form, "app", URL, place, (), (), SHOP, "", "") is None
    alone = OwnSetting("trusted_proxy", "proxy-mode", variable="HOPS", required=True)
    read = read_setting(form, "app", alone, place, (), (), SHOP, "", "")
    assert read is not None
    assert (read.source, read.key) == ("nowhere", "HOPS")


def test_what_is_right_is_said_where_no_file_was_found() -> None:
    place, form = ProgramPlace(pid=7, unit="app.service"), OwnConfiguration("yaml")
    read = unread_setting(form, "app", URL, place, SHOP, "", "")
    assert (read.source, read.key, read.wanted) == ("unread", "URL", "https://shop.example.com/")
    wins = replace(form, file_wins=True)
    assert unread_setting(wins, "app", URL, place, SHOP, "", "").key == "url"
    assert unread_setting(form, "app", URL, ProgramPlace(pid=7), SHOP, "", "").key == "url"
    inside = ProgramPlace(pid=7, container="app", engine="docker")
    assert unread_setting(form, "app", URL, inside, SHOP, "", "").key == "URL"


def test_lines_that_a_file_lacks() -> None:
    add = "http:\n  trust: true\n  proxies:\n    - {proxy}\n"
    setting = OwnSetting("trusted_proxy", "proxy-list", "http.proxies", required=True, add=add)
    place = ProgramPlace(pid=7)

    def lines(text: str) -> tuple[int, str]:
        file = FileText("/a.yaml", "/a.yaml", text)
        form = OwnConfiguration("yaml")
        read = read_setting(form, "app", setting, place, (file,), (), SHOP, "10.0.0.1", "")
        assert read is not None
        assert read.source == "nowhere"
        return read.number, read.new

    assert lines("a: 1\n") == (1, add.replace("{proxy}", "10.0.0.1").rstrip("\n"))
    assert lines("http:\n    port: 1\na: 1\n") == (
        1,
        "    trust: true\n    proxies:\n      - 10.0.0.1",
    )
    assert lines("http:\n  trust: true\n") == (1, "  proxies:\n    - 10.0.0.1")
    assert lines("http: {}\n") == (0, "")
    assert lines("a: 1") == (0, "")


def test_symptoms() -> None:
    page = Exchange(url="https://shop.example.com/", address="203.0.113.10", port=443, status=200)
    assert not suspected_topics(SHOP, [page])
    onward = replace(page, status=302, headers=(("Location", "https://www.example.com/"),))
    assert not suspected_topics(SHOP, [onward])
    plain = replace(page, status=302, headers=(("Location", "http://shop.example.com/login"),))
    assert suspected_topics(SHOP, [plain]) == {"public_url", "trusted_proxy"}
    assert suspected_topics(SHOP, [replace(page, status=400)]) == {"trusted_proxy"}
    refused = Upgrade(
        url="wss://shop.example.com/ws", address="203.0.113.10", port=443, path="/ws", status=403
    )  # fmt: skip
    of_sockets = {"allowed_origin", "public_url", "websocket_origin"}
    assert suspected_topics(SHOP, [page], [refused]) == of_sockets
    told = replace(SHOP, symptom=Symptom("cors", "blocked by CORS policy"))
    assert suspected_topics(told, [page]) == {"allowed_origin"}


def test_symptoms_of_a_page_its_cookies_and_a_message() -> None:
    url = "https://shop.example.com/"
    answer = Exchange(url=url, address="203.0.113.10", port=443, status=200)
    both = {"public_url", "trusted_proxy"}
    form = loads(insecure_forms=("http://shop.example.com/login",))
    assert suspected_topics(SHOP, [answer], pages=[form]) == both
    inner = loads(posts=("http://localhost:3300/login",))
    assert suspected_topics(SHOP, [answer], pages=[inner]) == {"public_url"}
    assert not suspected_topics(SHOP, [answer], pages=[loads(posts=(f"{url}login",))])
    cookie = (("Set-Cookie", "a=1; SameSite=None"),)
    assert suspected_topics(SHOP, [replace(answer, headers=cookie)]) == {"secure_cookie"}
    secure = (("Set-Cookie", "a=1; Secure; SameSite=None"),)
    assert not suspected_topics(SHOP, [replace(answer, headers=secure)])
    foreign = (("Set-Cookie", "a=1; Domain=staging.example.net"),)
    assert suspected_topics(SHOP, [replace(answer, headers=foreign)]) == {"cookie_domain"}
    parent = (("Set-Cookie", "a=1; Domain=.example.com"),)
    assert not suspected_topics(SHOP, [replace(answer, headers=parent)])
    assert suspected_topics(SHOP, [replace(answer, status=429)]) == {"trusted_proxy"}
    told = replace(SHOP, symptom=Symptom("other", "it asks http://localhost/a and fails"))
    assert suspected_topics(told, [answer]) == {"public_url"}


def test_a_line_with_a_secret_is_not_shown() -> None:
    def read(text: str) -> tuple[str, str]:
        file, place = FileText("/a.json", "/a.json", text), ProgramPlace(pid=7)
        form = OwnConfiguration("yaml")
        read = read_setting(form, "app", URL, place, (file,), (), SHOP, "", "")
        assert read is not None
        return read.line, read.new

    assert read('{"url": "http://x/"}')[1] == '{"url": "https://shop.example.com/"}'
    for name in ("password", "api_key", "DB_PASS"):
        assert read(f'{{"{name}": "never", "url": "http://x/"}}') == ("", "")
        assert read(f'{{"url": "http://x/", "{name}": "never"}}') == ("", "")


@pytest.mark.parametrize(
    ("line", "is_shown"),
    [
        ("Environment=URL=http://x/", True),
        ("Environment=NODE_ENV=production URL=http://x/", True),
        ("Environment=DB_PASSWORD=never URL=http://x/", False),
        ('Environment="SMTP_TOKEN=never" "URL=http://x/"', False),
        ("Environment=PAY=sk_live_never1 URL=http://x/", False),
        ("Environment=URL=http://x/ MINIO=q7Wd9Kx2Lm4Np6Rt8Vz0", False),
    ],
)
def test_another_variable_of_a_units_line_is_not_shown_if_it_may_be_a_secret(
    line: str, is_shown: bool
) -> None:
    place = ProgramPlace(pid=7, variables={"URL": "http://x/"}, unit="app.service")
    path = "/etc/systemd/system/app.service"
    unit = (FileText(path, path, f"[Service]\n{line}\n"),)
    read = read_setting(OwnConfiguration("env"), "app", URL, place, (), unit, SHOP, "", "")
    assert read is not None
    assert bool(read.new) is is_shown
    assert "never" not in read.line


@pytest.mark.parametrize("words", ["--password=never", "--pay sk_live_never1"])
def test_a_units_command_with_a_secret_is_not_shown(words: str) -> None:
    place = ProgramPlace(pid=7, words=("app", "--url", "http://x/"), unit="app.service")
    path = "/etc/systemd/system/app.service"
    for more, is_shown in (("--port 3000", True), (words, False)):
        text = f"[Service]\nExecStart=/usr/bin/app {more} --url http://x/\n"
        unit = (FileText(path, path, text),)
        read = read_setting(OwnConfiguration("env"), "app", URL, place, (), unit, SHOP, "", "")
        assert read is not None
        assert bool(read.new) is is_shown


@pytest.mark.parametrize(
    ("values", "is_right"),
    [
        ((), True),
        (("null",), True),
        ((".example.com",), True),
        (("shop.example.com",), True),
        (("staging.example.net",), False),
        (("ample.com",), False),
    ],
)
def test_the_domain_of_a_cookie(values: tuple[str, ...], is_right: bool) -> None:
    domain = OwnSetting(topic="cookie_domain", means="cookie-domain", key="SESSION_DOMAIN")
    assert fits(domain, values, SHOP, "", "") is is_right
    assert right_value(domain, "x", SHOP, "", "") == SHOP.host
