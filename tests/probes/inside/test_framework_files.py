"""The source of the program is read after a symptom, and only the lines of the change are kept."""

import asyncio
import shlex
from dataclasses import replace
from typing import Any

from diagnose.machine import CommandResult
from diagnose.model.applications import ReadSetting
from diagnose.model.http import Exchange
from diagnose.model.nginx import NginxConfig
from diagnose.model.pages import PageFileResponse
from diagnose.model.server import Listener, Listeners
from diagnose.parsers.applications import variables_of_settings
from diagnose.parsers.frameworks import SourceEdit, framework_variables
from diagnose.parsers.nginx.config import parse
from diagnose.parsers.program_place import ProgramPlace
from diagnose.parsers.read_settings import FileText
from diagnose.parsers.symptoms import symptom_of
from diagnose.probes.inside import framework_files
from diagnose.probes.inside import own_settings as probes
from tests.support.fake_context import Looking
from tests.support.recorded_machine import RecordedMachine

PROGRAM = Listener(address="0.0.0.0", port=443, family=4, pid=9, process="python3")
PLACE = "process 9 python3\nfolder /srv/shop\nwords python3\037app.py\nstarted 1000\n"
UVICORN = (
    "process 9 uvicorn\nfolder /srv/api\nwords uvicorn\037main:app\nunit api.service\n"
    "unitfile /etc/systemd/system/api.service\n"
)
SOURCE = "from flask import Flask\nSECRET = 'never'\napp = Flask(__name__)\n"
PAGE = Exchange(
    url="https://shop.example.com/", address="203.0.113.10", port=443, status=302,
    headers=(("Location", "http://shop.example.com/login"),),
)  # fmt: skip


def look(
    page: Exchange, files: dict[str, str], place: str = PLACE, told: str = ""
) -> list[ReadSetting]:
    names = (*variables_of_settings(), *framework_variables())
    words = shlex.join(("sh", "-c", probes.SCRIPT, "sh", "443", *names))
    looking: Any = Looking(RecordedMachine({words: CommandResult((), 0, place, "", 0.0)}, files))
    looking.target = replace(looking.target, symptom=symptom_of(told) if told else None)
    listeners = looking.emit(Listeners(sockets=(PROGRAM,)))
    looking.emit(NginxConfig(path="/etc/nginx/nginx.conf"))
    looking.emit(page)
    probe: Any = probes.after_answer
    asyncio.run(probe.work(looking, page, listeners))
    return list(looking.observed(ReadSetting))


def test_the_line_that_a_source_lacks() -> None:
    (read,) = look(PAGE, {"/srv/shop/app.py": SOURCE})
    assert (read.application, read.place, read.added) == ("flask", "/srv/shop/app.py:3", True)
    assert read.new.endswith("app.wsgi_app = ProxyFix(app.wsgi_app, x_proto=1, x_host=1)")
    assert "never" not in repr(read)


def test_a_source_that_has_it_is_no_observation() -> None:
    wrapped = SOURCE + "app.wsgi_app = ProxyFix(app.wsgi_app)\n"
    assert not look(PAGE, {"/srv/shop/app.py": wrapped})


def test_a_limit_for_uploads_that_is_large_is_one() -> None:
    place = PLACE.replace("python3\nfolder", "node\nfolder").replace("app.py", "server.js")
    source = "const express = require('express');\napp.use(express.json({ limit: '50mb' }));\n"
    well = replace(PAGE, status=200, headers=())
    words = "PayloadTooLargeError: request entity too large"
    (read,) = look(well, {"/srv/shop/server.js": source}, place, words)
    assert (read.topic, read.source, read.new, read.stale) == ("body_limit", "file", "", False)
    (read,) = look(well, {"/srv/shop/server.js": source.replace("50mb", "5mb")}, place, words)
    assert "50mb" in read.new


DJANGO = "ROOT_URLCONF = 'shop.urls'\nINSTALLED_APPS = []\n"
ORIGINS = "CSRF_TRUSTED_ORIGINS = [\n    'https://shop.example.com',  # the site\n]\n"
CSRF = "CSRF verification failed. Request aborted."


def test_an_origin_that_django_trusts_is_one() -> None:
    place, well = PLACE.replace("app.py", "manage.py"), replace(PAGE, status=200, headers=())

    def origins(lines: str) -> list[str]:
        reads = look(well, {"/srv/shop/settings.py": DJANGO + lines}, place, CSRF)
        assert all(not read.stale for read in reads)
        return [read.key for read in reads if read.topic == "allowed_origin" and not read.wanted]

    assert origins(ORIGINS) == ["CSRF_TRUSTED_ORIGINS"]
    assert origins("CSRF_TRUSTED_ORIGINS = ['https://*.example.com']\n")
    assert not origins(ORIGINS.replace("shop.example.com", "other.example.com"))
    assert not origins(f"#{ORIGINS}".replace("\n    ", " ").replace("\n]", "]"))
    assert not origins("CORS_ALLOWED_ORIGINS = ['https://shop.example.com']\n")
    header = 'SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")\n'
    assert origins(header) == ["SECURE_PROXY_SSL_HEADER"]


def test_two_sources_are_not_sure() -> None:
    (read,) = look(PAGE, {"/srv/shop/app.py": SOURCE, "/srv/shop/main.py": SOURCE})
    assert read.unsure


def test_nothing_is_read_where_all_is_well() -> None:
    assert not look(replace(PAGE, status=200, headers=()), {"/srv/shop/app.py": SOURCE})


def test_the_proxy_that_a_server_trusts_by_default_needs_no_line() -> None:
    unit = {"/etc/systemd/system/api.service": "[Service]\nExecStart=/usr/bin/uvicorn main:app\n"}
    assert not look(PAGE, unit, UVICORN)


LOGIN = Exchange(
    url="https://shop.example.com/", address="203.0.113.10", port=443, status=200,
    headers=(("X-Powered-By", "Express"),), body='<input name="p" type="password">',
)  # fmt: skip
NODE = "process 9 node\nfolder /srv/shop\nwords node\037app.js\nunit shop.service\nstarted 1000\n"
EXPRESS = "const app = express()\napp.use(session({ cookie: { secure: true } }))\n"


def test_a_session_cookie_for_https_alone_needs_the_trust_in_the_proxy() -> None:
    (read,) = look(LOGIN, {"/srv/shop/app.js": EXPRESS}, NODE)
    assert (read.topic, read.number) == ("session_cookie", 1)
    assert read.new == "app.set('trust proxy', 1);"
    trusting = EXPRESS.replace("(session({", "(session({ proxy: true,")
    assert not look(LOGIN, {"/srv/shop/app.js": trusting}, NODE)
    # A cookie that is there needs nothing.
    kept = replace(LOGIN, headers=(*LOGIN.headers, ("Set-Cookie", "connect.sid=a")))
    assert not look(kept, {"/srv/shop/app.js": EXPRESS}, NODE)


API = "server { listen 443 ssl; location /api/ { proxy_pass http://127.0.0.1:8000/; } }"
DESCRIPTION = PageFileResponse(
    page="https://shop.example.com/api/docs", file_kind="script", address="203.0.113.10", port=443,
    url="https://shop.example.com/openapi.json", status=404,
)  # fmt: skip


def look_below(
    path: str, file: PageFileResponse, files: dict[str, str], place: str
) -> list[ReadSetting]:
    names = (*variables_of_settings(), *framework_variables())
    words = shlex.join(("sh", "-c", probes.SCRIPT, "sh", "8000", *names))
    looking: Any = Looking(RecordedMachine({words: CommandResult((), 0, place, "", 0.0)}, files))
    looking.target = replace(looking.target, path=path)
    listeners = looking.emit(Listeners(sockets=(replace(PROGRAM, port=8000, process="uvicorn"),)))
    text = f"http {{ {API} }}"
    looking.emit(NginxConfig(path="/n.conf", main=parse(text, "/n.conf")))
    looking.emit(replace(PAGE, status=200, headers=()))
    looking.emit(file)
    probe: Any = probes.after_file
    asyncio.run(probe.work(looking, file, listeners))
    return list(looking.observed(ReadSetting))


def test_a_folder_that_nginx_takes_off_is_told_to_fastapi() -> None:
    """root_path is right there too (its documentation, "Proxy with a stripped path prefix")."""
    files = {"/srv/api/main.py": "from fastapi import FastAPI\n\napp = FastAPI()\n"}
    (read,) = look_below("/api/docs", DESCRIPTION, files, UVICORN)
    assert (read.application, read.place, read.strips) == ("fastapi", "/srv/api/main.py:3", False)
    assert read.new == 'app = FastAPI(root_path="/api")'


def test_a_process_that_names_its_server_is_told_where_nothing_can_be_read() -> None:
    place = "process 9 gunicorn\nfolder /srv/shop\nwords gunicorn\037shop:app\nunit shop.service\n"
    (read,) = look_below("/api/docs", DESCRIPTION, {}, place)
    assert (read.application, read.topic, read.source) == ("gunicorn", "base_path", "unread")
    assert (read.new, read.unit) == ("", "shop.service")


def test_a_line_of_a_source_with_a_secret_is_not_shown() -> None:
    bare = ReadSetting(application="express", topic="body_limit", key="limit", source="nowhere")
    file = FileText("/srv/shop/app.js", "/srv/shop/app.js", "")
    for beside in ("const token = 'never1'", "db('redis://shop:never1@db')"):
        edit = SourceEdit(3, f"app.use(express.json()); {beside}", f"app.use(x); {beside}")
        read = framework_files._edited(bare, file, edit, False)
        assert "never1" not in repr(read)
        assert not read.new


BEHIND = (
    "http { server { listen 127.0.0.1:8080; server_name shop.example.com; root /var/www/wp; } }"
)


def test_the_folder_of_an_nginx_behind_another_server_is_read() -> None:
    looking: Any = Looking(RecordedMachine({}, {}))
    looking.emit(NginxConfig(path="/n.conf", main=parse(BEHIND, "/n.conf")))
    assert list(framework_files._inner_folders(looking, "8080")) == ["/var/www/wp"]
    assert list(framework_files._inner_folders(looking, "8081")) == []
    assert list(framework_files._inner_folders(looking, "443")) == []


JAVA = (
    "process 9 java\nfolder /srv/shop\n"
    "words java\037-jar\037/srv/shop/shop.jar\nunit shop.service\n"
)


def test_spring_in_yaml_gets_a_document_and_properties_win() -> None:
    yaml = "server:\n  port: 443\n"
    (read,) = look(PAGE, {"/srv/shop/application.yml": yaml}, JAVA)
    assert (read.application, read.place) == ("spring", "/srv/shop/application.yml:2")
    assert read.new == "---\nserver:\n  forward-headers-strategy: framework"
    own = "server.forward-headers-strategy=native\n"
    files = {"/srv/shop/application.yml": yaml, "/srv/shop/application.properties": own}
    assert look(PAGE, files, JAVA) == []


def test_the_folder_above_that_of_a_servers_file_is_read() -> None:
    """Puma of a unit that starts in another folder: `puma -C /srv/chat/current/config/puma.rb`."""
    place = ProgramPlace(
        folder="/srv/chat", words=("puma", "-C", "/srv/chat/current/config/puma.rb")
    )
    folders = list(framework_files.source_folders(place))
    assert folders == ["/srv/chat/current/config", "/srv/chat", "/srv/chat/current"]
    other = ProgramPlace(folder="/srv/chat", words=("puma", "/usr/bin/puma.rb"))
    assert list(framework_files.source_folders(other)) == ["/srv/chat"]
