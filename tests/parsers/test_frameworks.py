"""The line that a framework's source lacks, and where it comes."""

import re
import tomllib

import pytest

from diagnose.parsers.frameworks import (
    FOLDER,
    framework_of,
    frameworks,
    frameworks_for,
    has_it,
    is_for,
    source_edit,
    wants_it,
)
from tests.support.check_evidence import SHOP

SOURCES = {
    "flask": "from flask import Flask\n\napp = Flask(\n    __name__,\n    static_folder='a',\n)\n",
    "django": "SECRET_KEY = 'x'\nROOT_URLCONF = 'shop.urls'\n",
    "express": "const express = require('express')\nconst app = express()\n",
    "koa": "const app = new Koa();\n",
    "fastify": "const app = require('fastify')({ logger: true })\n",
    "nestjs": "    const app = await core_1.NestFactory.create(app_module_1.AppModule);\n",
    "symfony": "framework:\n    secret: '%env(APP_SECRET)%'\n",
    "wordpress": "<?php\nrequire_once ABSPATH . 'wp-settings.php';\n",
    "spring": "server.port=8080\n",
    "rails": "Rails.application.configure do\n  config.log_level = :info\nend\n",
    "nextjs": "/** @type */\nconst nextConfig = {\n  reactStrictMode: true,\n}\n",
    "sveltekit": "export default {\n  kit: {\n    adapter: adapter(),\n  },\n};\n",
    "vite": "export default defineConfig({\n  plugins: [vue()],\n})\n",
    "vue": "module.exports = defineConfig({\n  lintOnSave: false\n})\n",
    "react": '{\n  "name": "shop"\n}\n',
    "base-element": '<!doctype html>\n<link href="https://x/"><base href="/"> <!-- a -->\n',
    "blazor": '@page "/"\n<head>\n    <base href="~/" />\n',
    "fastapi": "from fastapi import FastAPI\n\napp = FastAPI()\n",
    "tomcat": '<Server port="8005">\n      <Host name="localhost">\n      </Host>\n</Server>\n',
    "laravel": "class TrustProxies extends Middleware\n{\n    protected $proxies;\n}\n",
}  # fmt: skip

#: What has nothing to do with the proxy.
_OWN = {"body_limit", "websocket_origin"}


def changed(name: str, text: str, *topics: str, path: str = "") -> str:
    """Return the text with the first change about these topics, by default about its proxy, that is
    written for a file of this name."""
    framework = framework_of(name)
    assert framework is not None
    for change in framework.changes:
        if (change.topic in _OWN) if not topics else (change.topic not in topics):
            continue
        if path and not is_for(change, path):
            continue
        edit = source_edit(change, text, SHOP, "127.0.0.1", "/help")
        if edit is not None:
            lines = text.split("\n")
            start, count = edit.number - bool(edit.old), len(edit.old.split("\n"))
            lines[start : start + count * bool(edit.old)] = edit.new.split("\n")
            return "\n".join(lines)
    return ""


@pytest.mark.parametrize(
    ("name", "text", "line"),
    [
        ("express", "app.use(express.json());", "app.use(express.json({ limit: '50mb' }));"),
        ("express", "app.use(express.json({ limit: '1mb' }));",
         "app.use(express.json({ limit: '50mb' }));"),
        ("express", "app.use(bodyParser.json({strict: true, limit: 2048}))",
         "app.use(bodyParser.json({strict: true, limit: '50mb'}))"),
        ("fastify", "const app = fastify({ logger: true })",
         "const app = fastify({ bodyLimit: 50 * 1024 * 1024, logger: true })"),
        ("flask", "app.config['MAX_CONTENT_LENGTH'] = 16 * 1024 * 1024",
         "app.config['MAX_CONTENT_LENGTH'] = 50 * 1024 * 1024"),
        ("django", "ROOT_URLCONF = 'shop.urls'",
         "ROOT_URLCONF = 'shop.urls'\nDATA_UPLOAD_MAX_MEMORY_SIZE = 50 * 1024 * 1024"),
        ("nextjs", "    serverActions: { bodySizeLimit: '2mb' },",
         "    serverActions: { bodySizeLimit: '50mb' },"),
        ("nestjs", "    const app = await core_1.NestFactory.create(app_module_1.AppModule);",
         "    const app = await core_1.NestFactory.create(app_module_1.AppModule);\n"
         "    app.useBodyParser('json', { limit: '50mb' });"),
        ("spring", "server.port=8081",
         "server.port=8081\nspring.servlet.multipart.max-file-size=50MB\n"
         "spring.servlet.multipart.max-request-size=50MB"),
        ("spring", "spring.servlet.multipart.max-file-size=1MB\na=1\n"
         "spring.servlet.multipart.max-request-size = 10MB",
         "spring.servlet.multipart.max-file-size=50MB\na=1\n"
         "spring.servlet.multipart.max-request-size = 50MB"),
        # A larger limit stays.
        ("spring", "spring.servlet.multipart.max-file-size=512KB\n"
         "spring.servlet.multipart.max-request-size=200MB",
         "spring.servlet.multipart.max-file-size=50MB\n"
         "spring.servlet.multipart.max-request-size=200MB"),
        # What the edit would show besides is not shown.
        ("spring", "spring.servlet.multipart.max-file-size=1MB\nmail.password=hunter\n"
         "spring.servlet.multipart.max-request-size=1MB",
         "spring.servlet.multipart.max-file-size=50MB\nmail.password=hunter\n"
         "spring.servlet.multipart.max-request-size=1MB"),
    ],
)  # fmt: skip
def test_the_limit_of_a_body_is_raised(name: str, text: str, line: str) -> None:
    assert changed(name, f"{text}\n", "body_limit") == f"{line}\n"


@pytest.mark.parametrize(
    ("topic", "text", "wanted"),
    [
        ("trusted_proxy", "server:\n  port: 8080",
         "server:\n  port: 8080\n---\nserver:\n  forward-headers-strategy: framework"),
        ("trusted_proxy", "server:\n  forward-headers-strategy: NONE",
         "server:\n  forward-headers-strategy: framework"),
        ("body_limit", "spring:\n  servlet:\n    multipart:\n      max-file-size: 1MB\n"
         "      max-request-size: 100MB",
         "spring:\n  servlet:\n    multipart:\n      max-file-size: 50MB\n"
         "      max-request-size: 100MB"),
        ("body_limit", "server:\n  port: 8080",
         "server:\n  port: 8080\n---\nspring:\n  servlet:\n    multipart:\n"
         "      max-file-size: 50MB\n      max-request-size: 50MB"),
    ],
)  # fmt: skip
def test_spring_in_yaml(topic: str, text: str, wanted: str) -> None:
    assert changed("spring", f"{text}\n", topic, path="/srv/application.yml") == f"{wanted}\n"


@pytest.mark.parametrize(
    ("topic", "text"),
    [
        ("trusted_proxy", "server:\n  forward-headers-strategy: native\n"),
        ("trusted_proxy", "server:\n  tomcat:\n    remoteip:\n      internal-proxies: .*\n"),
        ("trusted_proxy", "micronaut:\n  server:\n    port: 8080\n"),
        ("body_limit", "spring:\n  servlet:\n    multipart:\n      max-file-size: -1\n"),
        # Without an end the last line would be joined to the first new one.
        ("trusted_proxy", "server:\n  port: 8080"),
    ],
)
def test_spring_has_it_in_yaml(topic: str, text: str) -> None:
    assert changed("spring", text, topic, path="/srv/application.yml") == ""


def test_a_properties_file_gets_no_yaml() -> None:
    path = "/srv/application.properties"
    line = "server.forward-headers-strategy"
    for value in ("=none", ": NONE"):
        text = changed("spring", f"{line}{value}\n", "trusted_proxy", path=path)
        assert text == f"{line}{value[:-4]}framework\n"
    assert "---" not in changed("spring", "a=1\n", "body_limit", path=path)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("express", "app.use(express.json({ limit: '100mb' }));\n"),
        ("express", "// app.use(express.json());\n"),
        ("spring", "spring.servlet.multipart.max-file-size=200MB\n"),
        ("spring", "spring.servlet.multipart.max-file-size=-1\n"),
        ("fastify", "const app = fastify({ bodyLimit: 1 })\n"),
    ],
)
def test_a_limit_that_somebody_set_may_be_meant(name: str, text: str) -> None:
    assert changed(name, text, "body_limit") == ""


@pytest.mark.parametrize(
    ("name", "text", "line"),
    [
        ("rails", '  config.action_cable.allowed_request_origins = [ "http://localhost" ]',
         '  config.action_cable.allowed_request_origins = ["https://shop.example.com", '
         '"http://localhost" ]'),
        ("rails", "Rails.application.configure do\nend",
         'Rails.application.configure do\n  config.action_cable.allowed_request_origins = '
         '["https://shop.example.com"]\nend'),
        ("phoenix", '    check_origin: ["//example.com"],',
         '    check_origin: ["https://shop.example.com", "//example.com"],'),
        ("phoenix", '  host = System.get_env("PHX_HOST") || "example.com"',
         '  host = System.get_env("PHX_HOST") || "shop.example.com"'),
        ("phoenix", '  url: [host: "example.com", port: 80],',
         '  url: [host: "shop.example.com", port: 80],'),
        ("django", "ALLOWED_HOSTS = ['localhost']\nINSTALLED_APPS = ['channels']",
         "ALLOWED_HOSTS = ['shop.example.com', 'localhost']\nINSTALLED_APPS = ['channels']"),
        ("python-socketio", "socketio = SocketIO(app, cors_allowed_origins='http://localhost')",
         'socketio = SocketIO(app, cors_allowed_origins=["https://shop.example.com", '
         "'http://localhost'])"),
        ("python-socketio", "sio = socketio.AsyncServer(async_mode='asgi')",
         "sio = socketio.AsyncServer(async_mode='asgi', "
         'cors_allowed_origins="https://shop.example.com")'),
    ],
)  # fmt: skip
def test_the_origin_of_the_site_is_allowed(name: str, text: str, line: str) -> None:
    after = changed(name, f"{text}\n", "websocket_origin")
    assert after == f"{line}\n"
    assert changed(name, after, "websocket_origin") == ""


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("rails", "config.action_cable.disable_request_forgery_protection = true\n"
                  "Rails.application.configure do\n"),
        ("rails", "config.action_cable.allowed_request_origins = ENV['ORIGINS'].split(',')\n"
                  "Rails.application.configure do\n"),
        ("phoenix", "    check_origin: false,\n  url: [host: \"example.com\"]\n"),
        ("python-socketio", "socketio = SocketIO(app, cors_allowed_origins='*')\n"),
    ],
)  # fmt: skip
def test_a_list_that_is_open_or_computed_is_left(name: str, text: str) -> None:
    assert changed(name, text, "websocket_origin") == ""


def test_every_file_is_read() -> None:
    assert {each.id for each in frameworks()} == {path.stem for path in FOLDER.glob("*.toml")}
    for path in FOLDER.glob("*.toml"):
        assert "https://" in path.read_text("utf-8").split("\n")[0]
        tables = tomllib.loads(path.read_text("utf-8"))
        assert tables.get("change") or tables.get("setting")
    for each in frameworks():
        for change in each.changes:
            for pattern in (change.line, *change.present, *change.behind, *change.after_line):
                re.compile(pattern)


@pytest.mark.parametrize("name", SOURCES)
def test_the_change_is_made_once(name: str) -> None:
    after = changed(name, SOURCES[name])
    assert after
    assert not changed(name, after)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("app = FastAPI()\n", 'app = FastAPI(root_path="/help")\n'),
        ("app = FastAPI(title='a')\n", 'app = FastAPI(root_path="/help", title=\'a\')\n'),
        ("api = fastapi.FastAPI(\n)\n", 'api = fastapi.FastAPI(\n    root_path="/help",\n)\n'),
    ],
)  # fmt: skip
def test_fastapi_is_told_its_folder(text: str, line: str) -> None:
    assert changed("fastapi", text) == line
    assert changed("fastapi", "app = FastAPI(openapi_url='/o')\napp.root_path = '/a'\n") == ""


def test_the_line_stands_behind_the_whole_statement() -> None:
    assert changed("flask", SOURCES["flask"]).split("\n")[5:8] == [
        ")",
        "from werkzeug.middleware.proxy_fix import ProxyFix",
        "app.wsgi_app = ProxyFix(app.wsgi_app, x_proto=1, x_host=1)",
    ]
    inner = "def make():\n    app = flask.Flask(__name__)\n    return app\n"
    assert "\n    app.wsgi_app = ProxyFix(" in changed("flask", inner)
    assert changed("express", SOURCES["express"]).endswith("app.set('trust proxy', 1);\n")


def test_what_stands_beside_the_change_is_kept() -> None:
    page = changed("base-element", SOURCES["base-element"])
    assert page.split("\n")[1] == '<link href="https://x/"><base href="/help/"> <!-- a -->'
    assert "{ trustProxy: '127.0.0.1', logger: true })" in changed("fastify", SOURCES["fastify"])
    assert "protected $proxies = '127.0.0.1';" in changed("laravel", SOURCES["laravel"])


def test_laravel_11() -> None:
    text = "    ->withMiddleware(function (Middleware $middleware): void {\n        //\n    })\n"
    assert "\n        $middleware->trustProxies(at: '127.0.0.1');\n" in changed("laravel", text)


def test_laravel_leaves_the_domain_of_cookies_out() -> None:
    for line in ('SESSION_DOMAIN="localhost"', "SESSION_DOMAIN=.old.example.com"):
        text = changed("laravel", f"APP_ENV=production\n{line}\n", "cookie_domain")
        assert text == "APP_ENV=production\nSESSION_DOMAIN=null\n"
    for line in ("SESSION_DOMAIN=", "SESSION_DOMAIN=null", "#SESSION_DOMAIN=a.example"):
        assert not changed("laravel", f"{line}\n", "cookie_domain")


def test_a_comment_or_a_text_is_no_source() -> None:
    assert not changed("flask", "# app = Flask(__name__)\nx = 'app = Flask(__name__)'\n")
    assert not changed("express", "// const app = express()\n")
    flask = framework_of("flask")
    assert flask is not None
    assert not has_it(flask.changes[0], "# from x import ProxyFix\n", SHOP)


def test_nothing_is_written_that_is_not_known() -> None:
    laravel, nextjs = framework_of("laravel"), framework_of("nextjs")
    assert laravel is not None
    assert nextjs is not None
    assert source_edit(laravel.changes[0], SOURCES["laravel"], SHOP, "", "") is None
    assert source_edit(nextjs.changes[0], SOURCES["nextjs"], SHOP, "127.0.0.1", "") is None


def test_a_folder_needs_a_file_that_the_framework_asks_for() -> None:
    def ids(asked: str, folder: str = "/help") -> set[str]:
        found = frameworks_for(("base_path",), (asked,), folder)
        return {framework.id for framework, _ in found}

    assert ids("/_next/main.js") == {"nextjs", "base-element"}
    assert ids("/help/_next/main.js") == set()
    assert ids("/_next/main.js", "") == set()


def test_an_example_in_a_text_of_several_lines_is_no_source() -> None:
    flask = "app = Flask(__name__)\n"
    shown = f'"""Shop:\n\n{flask}"""\nfrom flask import Flask\n'
    assert changed("flask", f"{shown}{flask}").startswith(f"{shown}{flask}from werkzeug")
    assert not changed("flask", shown)


def test_an_address_in_a_template_is_no_comment() -> None:
    line = "const app = express(); const u = `http://x`; app.set('trust proxy', 1);\n"
    assert changed("express", line) == ""


SESSION = "app.use(session({\n  secret: 'a',\n  cookie: { secure: true },\n}))\n"


@pytest.mark.parametrize(
    ("text", "is_wanted"),
    [
        (SESSION, True),
        ("app.use(cookieSession({\n  keys: ['a'],\n  secure: true\n}))\n", True),
        ("sess.cookie.secure = true\n", True),
        (SESSION.replace("true", "process.env.NODE_ENV === 'production'"), True),
        (SESSION.replace("true", "process.env.NODE_ENV !== 'production'"), False),
        (SESSION.replace("true", "'auto'"), False),
        (SESSION.replace("  cookie", "  // cookie"), False),
        ("const mail = createTransport({ secure: true })\n", False),
        ("response.cookie('a', 'b', { secure: true })\n", False),
        ("cookie: {\n" * 9, False),
    ],
)
def test_a_session_cookie_for_https_alone(text: str, is_wanted: bool) -> None:
    express = framework_of("express")
    assert express is not None
    change = next(each for each in express.changes if each.topic == "session_cookie")
    assert wants_it(change, text, is_production=True) is is_wanted
    if "NODE_ENV" in text:
        assert not wants_it(change, text, is_production=False)


@pytest.mark.parametrize(
    ("name", "text", "wanted"),
    [
        ("django", "CSRF_COOKIE_SECURE = True\nSESSION_COOKIE_SECURE = True  # https",
         "CSRF_COOKIE_SECURE = False\nSESSION_COOKIE_SECURE = False"),
        ("flask", "app.config['SESSION_COOKIE_SECURE'] = True",
         "app.config['SESSION_COOKIE_SECURE'] = False"),
        ("flask", "    SESSION_COOKIE_SECURE=True,", "    SESSION_COOKIE_SECURE=False,"),
        ("rails", "Rails.application.config.session_store :cookie_store, secure: true",
         "Rails.application.config.session_store :cookie_store, secure: false"),
        ("spring", "server.servlet.session.cookie.secure=true",
         "server.servlet.session.cookie.secure=false"),
        ("django", "CSRF_COOKIE_SECURE = not DEBUG", "\0"),
    ],
)  # fmt: skip
def test_a_cookie_comes_over_http(name: str, text: str, wanted: str) -> None:
    assert changed(name, f"{text}\n", "plain_cookie") == ("" if wanted == "\0" else f"{wanted}\n")


@pytest.mark.parametrize(
    ("name", "path", "text", "wanted"),
    [
        ("spring", "application.properties", "server.ssl.enabled-protocols=TLSv1,TLSv1.1",
         "server.ssl.enabled-protocols=TLSv1,TLSv1.1,TLSv1.2,TLSv1.3"),
        ("spring", "application.properties", "server.ssl.protocol = TLSv1.1",
         "server.ssl.protocol = TLS"),
        ("spring", "application.yml", "    enabled-protocols: [TLSv1.1]",
         "    enabled-protocols: [TLSv1.1,TLSv1.2,TLSv1.3]"),
        ("tomcat", "conf/server.xml", '  <Connector port="443" sslEnabledProtocols="TLSv1.1" />',
         '  <Connector port="443" sslEnabledProtocols="TLSv1.1,TLSv1.2,TLSv1.3" />'),
        ("tomcat", "conf/server.xml", '  <SSLHostConfig protocols="TLSv1+TLSv1.1">',
         '  <SSLHostConfig protocols="TLSv1+TLSv1.1+TLSv1.2+TLSv1.3">'),
        ("node", "server.js", "  maxVersion: 'TLSv1.1',", "  maxVersion: 'TLSv1.3',"),
        ("node", "server.js", "  secureProtocol: 'TLSv1_method',",
         "  secureProtocol: 'TLS_method',"),
        ("kestrel", "appsettings.json", '      "SslProtocols": ["Tls", "Tls11"],',
         '      "SslProtocols": ["Tls", "Tls11", "Tls12", "Tls13"],'),
        ("spring", "application.properties", "server.ssl.enabled-protocols=TLSv1.1,TLSv1.2", "\0"),
        ("spring", "application.properties", "server.ssl.protocol=TLS", "\0"),
        ("node", "server.js", "  maxVersion: 'TLSv1.2',", "\0"),
    ],
)  # fmt: skip
def test_a_program_speaks_the_current_versions(
    name: str, path: str, text: str, wanted: str
) -> None:
    expected = "" if wanted == "\0" else f"{wanted}\n"
    assert changed(name, f"{text}\n", "tls_versions", path=path) == expected


def test_tomcat_answers_what_it_does_not_have_with_the_page() -> None:
    text = '<web-app version="4.0">\n</web-app>\n'
    new = changed("tomcat-pages", text, "client_route")
    assert "    <error-code>404</error-code>\n    <location>/index.html</location>\n" in new
    assert new.endswith("  </error-page>\n</web-app>\n")
    assert not changed("tomcat-pages", new, "client_route")
