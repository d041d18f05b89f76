import threading
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from diagnose.model import (
    Applicability,
    Claim,
    Command,
    Confidence,
    Edit,
    Manual,
    Observation,
    Severity,
    Symptom,
)
from diagnose.model.http import Exchange
from diagnose.model.server import Listener, Listeners
from diagnose.model.upstream import UnixListeners
from tests.support.check_evidence import SHOP, judge, texts
from tests.support.chromium import CHROMIUM, browser
from tests.support.nginx_evidence import RUNNING, SITE, config
from tests.support.web_server_evidence import APACHE, HTTPS, MODULES, apache_config

CHECK = "http.page-downloaded"
HTML, PHP, JSON = "<!doctype html><p>Tea", "<?php echo 'Tea';", '{"tea": 1}'
NOSNIFF = ("X-Content-Type-Options", "nosniff")
DISPOSITION = ("Content-Disposition", "attachment")
#: Type, body, further field, and whether the check fires.
ROWS: tuple[tuple[str, str, tuple[str, str] | None, bool], ...] = (
    ("application/octet-stream", HTML, None, True),
    ("text/plain", HTML, None, True),
    ("text/html", HTML, None, False),
    ("text/html; charset=utf-8", HTML, None, False),
    ("", HTML, None, False),
    ("", HTML, NOSNIFF, True),
    ("text/html", HTML, NOSNIFF, False),
    ("application/json", HTML, None, True),
    ("text/css", HTML, None, True),
    ("", JSON, NOSNIFF, False),
    ("application/xhtml+xml", HTML, None, False),
    ("application/octet-stream", PHP, None, True),
    ("text/html", PHP, None, True),
    ("application/octet-stream", JSON, None, False),
    ("text/plain", "User-agent: *", None, False),
    ("application/octet-stream", HTML, DISPOSITION, False),
)


def judged(
    content_type: str,
    body: str,
    field: tuple[str, str] | None = None,
    *server: Observation,
) -> list[Claim]:
    headers = (("Content-Type", content_type),) if content_type else ()
    page = Exchange(
        url="https://shop.example.com/",
        address="203.0.113.10",
        port=443,
        status=200,
        headers=(*headers, *((field,) if field else ())),
        body=body,
    )
    return judge(CHECK, page, *server)


@pytest.mark.parametrize("row", [row for row in ROWS if row[3]])
def test_fires(row: tuple[str, str, tuple[str, str] | None, bool]) -> None:
    (claim,) = judged(*row[:3])
    assert claim.facts["php"] is (row[1] == PHP)
    is_text = row[0] in {"text/plain", "text/css", "application/json"}
    assert claim.confidence is (Confidence.LIKELY if is_text else Confidence.CERTAIN)


def test_the_address_of_the_only_php_fpm_stands_in_the_line() -> None:
    fpm = Listener(address="127.0.0.1", port=9000, family=4, process="php-fpm8.2")
    (claim,) = judged("application/octet-stream", PHP, None, Listeners(sockets=(fpm,)))
    assert claim.facts["php_address"] == "127.0.0.1:9000"
    assert any("fastcgi_pass 127.0.0.1:9000;" in text for text in texts(CHECK, claim))
    two = Listeners(sockets=(fpm, replace(fpm, port=9001)))
    for seen in ((), (two,), (Listeners(sockets=(replace(fpm, process="java"),)),)):
        (claim,) = judged("application/octet-stream", PHP, None, *seen)
        assert claim.facts["php_address"] == ""
        assert any("unix:/run/php/php-fpm.sock" in text for text in texts(CHECK, claim))


def test_a_note_where_a_location_shows_sources_on_purpose() -> None:
    page = Exchange(
        url="https://shop.example.com/src/tool.php", address="203.0.113.10", port=443, status=200,
        headers=(("Content-Type", "text/plain"),), body=PHP,
    )  # fmt: skip
    block = SITE[SITE.index("    location /") : SITE.rindex("}")]
    target = replace(SHOP, path="/src/tool.php")
    for lines, severity in (
        ("location /src/ { types { } default_type text/plain; }\n", Severity.NOTE),
        ("location /src/ { expires 1d; }\n", None),
        ("location / { default_type text/plain; }\n", None),
    ):
        site = config(SITE.replace(block, f"root /srv;\n{lines}"))
        (claim,) = judge(CHECK, page, RUNNING, site, target=target)
        assert claim.severity is severity


@pytest.mark.parametrize("row", [row for row in ROWS if not row[3]])
def test_silent(row: tuple[str, str, tuple[str, str] | None, bool]) -> None:
    assert not judged(*row[:3])


HANDLER = '    SetHandler "proxy:unix:/run/php/php8.2-fpm.sock|fcgi://localhost"\n'
PHP_SITE = HTTPS.replace("    SSLEngine on\n", f"    SSLEngine on\n{HANDLER}")


def test_fires_and_loads_the_module_of_apaches_handler() -> None:
    """Issue 495 of webmin, in Apache 2.4.71: the source comes in the place of AH01144."""
    (claim,) = judged("", PHP, None, APACHE, apache_config(PHP_SITE))
    assert claim.facts["module"]
    assert claim.fix
    enable = claim.fix.steps[0]
    assert isinstance(enable, Command)
    assert enable.argv == ("a2enmod", "proxy_fcgi")


def test_fires_and_writes_the_protocol_behind_a_socket() -> None:
    """https://github.com/nextcloud/all-in-one/pull/3353."""
    line = '    SetHandler "proxy:unix:/run/php.sock"\n'
    own = HTTPS.replace("    SSLEngine on\n", f"    SSLEngine on\n{line}")
    loaded = apache_config(own, modules=(*MODULES, "proxy_fcgi"))
    (claim,) = judged("", PHP, None, APACHE, loaded)
    assert claim.facts["socket"]
    assert not claim.facts["module"]
    assert claim.fix
    assert '+    SetHandler "proxy:unix:/run/php.sock|fcgi://localhost"' in str(claim.fix.steps[0])


def test_fires_without_a_command_where_the_module_is_there_or_no_handler_needs_it() -> None:
    loaded = apache_config(PHP_SITE, modules=(*MODULES, "proxy_fcgi"))
    for config_of_apache in (loaded, apache_config(HTTPS)):
        (claim,) = judged("", PHP, None, APACHE, config_of_apache)
        assert not claim.facts["module"]
        assert claim.fix
        assert isinstance(claim.fix.steps[0], Manual)


SOCKETS = UnixListeners(sockets=("/run/dbus/system_bus_socket", "/run/php/php8.2-fpm.sock"))


def test_fires_and_adds_a_handler_with_the_only_socket_of_php() -> None:
    """https://github.com/oerdnj/deb.sury.org/issues/266: no handler is enabled."""
    (claim,) = judged("", PHP, None, APACHE, apache_config(HTTPS), SOCKETS)
    assert claim.facts["handler"]
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    enable, edit, *_ = claim.fix.steps
    assert isinstance(enable, Command)
    assert enable.argv == ("a2enmod", "proxy_fcgi")
    assert isinstance(edit, Edit)
    target = "proxy:unix:/run/php/php8.2-fpm.sock|fcgi://localhost"
    assert f'+        SetHandler "{target}"\n' in edit.diff


@pytest.mark.parametrize(
    ("site", "modules", "sockets"),
    [
        (HTTPS, MODULES, ()),
        (HTTPS, MODULES, (*SOCKETS.sockets, "/run/php/php8.4-fpm.sock")),
        (HTTPS, (*MODULES, "php"), SOCKETS.sockets),
        (HTTPS.replace("    SSLEngine on\n", "    SSLEngine on\n    SetHandler none\n"), MODULES,
         SOCKETS.sockets),
    ],
    ids=["no socket", "two", "PHP in Apache", "a folder without scripts"],
)  # fmt: skip
def test_fires_by_hand_where_a_handler_is_not_known_to_be_right(
    site: str, modules: tuple[str, ...], sockets: tuple[str, ...]
) -> None:
    seen = replace(SOCKETS, sockets=sockets)
    (claim,) = judged("", PHP, None, APACHE, apache_config(site, modules=modules), seen)
    assert not claim.facts["handler"]


PHP_BLOCK = "location ~ \\.php$ { fastcgi_pass unix:/run/php.sock; }\n"
FRONT = "location ^~ / { try_files $uri $uri/ /index.php?$args; }\n"
BREAK = "location / { if (!-e $request_filename) { rewrite ^ /index.php break; } }\n"


@pytest.mark.parametrize(
    ("rules", "written"),
    [(FRONT, "location / {"), (BREAK, "rewrite ^ /index.php last;")],
    ids=["prefix", "break"],
)
def test_fires_and_names_what_keeps_a_script_from_its_location(rules: str, written: str) -> None:
    block = SITE[SITE.index("    location /") : SITE.rindex("}")]
    site = config(SITE.replace(block, f"root /srv/php;\nindex index.php;\n{rules}{PHP_BLOCK}"))
    (claim,) = judged("application/octet-stream", PHP, None, RUNNING, site)
    assert claim.facts["owner"] == "location ~ \\.php$"
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert f"+{written}" in edit.diff.replace("+location / { if", "+").replace(
        "+ (!-e $request_filename) { ", "+"
    )


@pytest.mark.parametrize(
    "rules",
    [
        FRONT.replace("^~ ", ""),
        BREAK.replace("break", "last"),
        FRONT.replace("/index.php?$args", "=404"),
    ],
)
def test_fires_by_hand_where_nothing_stands_before_the_location(rules: str) -> None:
    block = SITE[SITE.index("    location /") : SITE.rindex("}")]
    site = config(SITE.replace(block, f"root /srv/php;\n{rules}{PHP_BLOCK}"))
    (claim,) = judged("application/octet-stream", PHP, None, RUNNING, site)
    assert not claim.facts["obstacle"]
    assert claim.fix
    assert isinstance(claim.fix.steps[0], Manual)


def test_fires_by_hand_where_the_location_of_php_passes_nothing_on() -> None:
    block = SITE[SITE.index("    location /") : SITE.rindex("}")]
    php = PHP_BLOCK.replace("fastcgi_pass unix:/run/php.sock", "fastcgi_read_timeout 60")
    rules = FRONT.replace("^~ ", "")
    text = SITE.replace(block, f"root /srv/php;\nindex index.php;\n{rules}{php}")
    (claim,) = judged("application/octet-stream", PHP, None, RUNNING, config(text))
    assert claim.facts["passless"] is True
    assert claim.fix
    assert isinstance(claim.fix.steps[0], Manual)
    other = text.replace("shop.example.com", "www.example.net").replace(php, PHP_BLOCK)
    (claim,) = judged("application/octet-stream", PHP, None, RUNNING, config(text + other))
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "fastcgi_pass unix:/run/php.sock;" in edit.diff


MEMCACHED = SITE.replace("proxy_pass http://127.0.0.1:3000;", "memcached_pass 127.0.0.1:11211;")
TOLD = replace(SHOP, symptom=Symptom("download", "nginx不返回数据，而是下载"))


def told(content_type: str, body: str, *fields: tuple[str, str], text: str = SITE) -> list[Claim]:
    page = Exchange(
        url=SHOP.url, address="203.0.113.10", port=443, status=200, body=body,
        headers=(("Content-Type", content_type), *fields),
    )  # fmt: skip
    return judge(CHECK, page, RUNNING, config(text), target=TOLD, masked=False)


def test_fires_after_a_message_about_data_that_is_downloaded() -> None:
    (claim,) = told("application/octet-stream", JSON, text=MEMCACHED)
    assert (claim.severity, claim.confidence) == (Severity.WARNING, Confidence.LIKELY)
    assert "default_type application/json;" in str(claim.fix and claim.fix.steps[0])


def test_fires_after_a_message_about_what_is_sent_as_an_attachment() -> None:
    (claim,) = told("application/json", JSON, DISPOSITION)
    assert claim.facts["forced"]


def test_silent_after_a_message_where_the_page_is_shown() -> None:
    assert not told("application/json", JSON)
    assert not told("text/html", HTML)


class Handler(BaseHTTPRequestHandler):
    def log_message(self, *_: Any) -> None: ...

    def do_GET(self) -> None:
        content_type, body, field, _ = ROWS[int(self.path[1:] or 0)]
        self.send_response(200)
        if content_type:
            self.send_header("Content-Type", content_type)
        if field:
            self.send_header(*field)
        self.end_headers()
        self.wfile.write(body.encode())


@pytest.mark.skipif(not CHROMIUM, reason="no Chromium")
def test_chromium_shows_the_pages_about_which_nothing_is_said(tmp_path: Path) -> None:
    shown = []
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server, browser(tmp_path) as tab:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        for number, (_, body, field, fires) in enumerate(ROWS):
            if body != HTML or field:
                continue
            url = f"http://127.0.0.1:{server.server_port}/{number}"
            if tab.call("Page.navigate", url=url).get("errorText"):
                shown.append((number, False, fires))
                continue
            tab.until(lambda: bool(tab.evaluate("document.readyState === 'complete'")), "loaded")
            text = tab.evaluate("document.body?.innerText ?? ''")
            shown.append((number, text.strip() == "Tea", fires))
        server.shutdown()
        thread.join()
    assert shown
    # As XML the page is not well-formed: an error of the page's own, and no matter of its type.
    xhtml = [row[0] for row in ROWS].index("application/xhtml+xml")
    assert [row for row in shown if row[1] is row[2] and row[0] != xhtml] == []


@pytest.mark.parametrize("name", ["x-oss-force-download", "X-Other"])
def test_fires_on_a_page_that_is_sent_as_a_file_without_a_name(name: str) -> None:
    page = Exchange(
        url="https://shop.example.com/", address="203.0.113.10", port=443, status=200, body=HTML,
        headers=(
            ("Content-Type", "text/html"), ("Content-Disposition", "attachment"), (name, "true"),
        ),
    )  # fmt: skip
    (claim,) = judge(CHECK, page)
    assert claim.confidence is Confidence.LIKELY
    assert claim.facts["downloaded"]
    assert claim.facts["storage"] is (name != "X-Other")


def test_silent_on_a_report_to_be_saved() -> None:
    field = ("Content-Disposition", 'attachment; filename="report.html"')
    assert not judged("text/html", HTML, field)


def test_the_line_of_nginx_that_offers_a_page_as_a_file_is_taken_out() -> None:
    line = "add_header Content-Disposition attachment;"
    text = SITE.replace("proxy_set_header", f"{line}\n        proxy_set_header", 1)
    fields = (("Content-Type", "text/html"), DISPOSITION)
    answer = Exchange(
        url="https://shop.example.com/",
        address="203.0.113.10",
        port=443,
        status=200,
        headers=fields,
        body="<!doctype html><title>Shop</title><p>Shop",
    )
    (claim,) = judge("http.page-downloaded", RUNNING, config(text), answer, masked=False)
    assert claim.facts["adding_place"]
    assert claim.fix
    assert f"-        {line}" in str(claim.fix.steps[0])
    (claim,) = judge("http.page-downloaded", RUNNING, config(SITE), answer, masked=False)
    assert not claim.facts["adding_place"]


ROOTED = SITE.replace(
    SITE[SITE.index("    location /") : SITE.rindex("}")],
    "    root /srv/php;\n    index index.php;\n"
    "    location / {\n        try_files $uri $uri/ /index.php?$args;\n    }\n"
    "    location ~ ^/uploads/.*\\.php$ {\n        deny all;\n    }\n",
)
SOCKET = UnixListeners(sockets=("/run/dbus/system_bus_socket", "/run/php/php8.2-fpm.sock"))


def written(site: str, *seen: Observation) -> str:
    (claim,) = judged("application/octet-stream", PHP, None, RUNNING, config(site), *seen)
    steps = claim.fix.steps if claim.fix else ()
    return "".join(step.diff for step in steps if isinstance(step, Edit))


def test_fires_and_adds_the_location_with_the_only_socket_of_php() -> None:
    diff = written(ROOTED, SOCKET)
    assert "+        fastcgi_pass unix:/run/php/php8.2-fpm.sock;" in diff
    assert diff.index("/uploads/") < diff.index("+    location ~ \\.php$ {")
    fpm = Listener(address="127.0.0.1", port=9000, family=4, process="php-fpm8.2")
    assert "+        fastcgi_pass 127.0.0.1:9000;" in written(ROOTED, Listeners(sockets=(fpm,)))


def test_fires_and_adds_no_location_where_it_is_not_known_which_is_meant() -> None:
    assert not written(ROOTED)
    two = replace(SOCKET, sockets=(*SOCKET.sockets, "/run/php/php8.3-fpm.sock"))
    assert not written(ROOTED, two)
    assert not written(ROOTED.replace("location / {", "location ^~ / {"), SOCKET)
    assert not written(ROOTED.replace("location / {", "location / { root /srv/a;"), SOCKET)
    shared = "server { listen 81; location / { fastcgi_pass unix:/run/php/other.sock; } }\n"
    assert not written(ROOTED + shared, SOCKET)
