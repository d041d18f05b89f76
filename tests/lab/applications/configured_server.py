"""A program that reads its own configuration, and answers as the program of that name does with it.

    cd /srv/cloud && python -m tests.lab.applications.configured_server nextcloud 3001

Nextcloud, Matomo and WordPress read their file for each request, the others at their start. What is
answered are the words of each program (lib/private/Security/TrustedDomainHelper.php and
templates/untrustedDomain.php; homeassistant/components/http/forwarded.py; django/http/request.py).
"""

import asyncio
import os
import re
from collections.abc import Callable, Mapping
from ipaddress import ip_address, ip_network
from pathlib import Path

import yaml

from tests.lab.applications.serving import run

Answer = tuple[str, str, tuple[str, ...]]
HTML = "Content-Type: text/html; charset=utf-8"
STARTED = {
    name: Path(name).read_text("utf-8")
    for name in ("configuration.yaml", "settings.py", "grafana.ini", "odoo.conf", "app.ini")
    if Path(name).exists()
}


def page(title: str, text: str) -> str:
    return f"<!doctype html><html><head><title>{title}</title></head><body>{text}</body></html>"


def php_list(text: str, key: str) -> list[str]:
    match = re.search(rf"'{key}'\s*=>\s*(?:array\s*\(|\[)(.*?)[)\]]", text, re.DOTALL)
    return re.findall(r"'([^']*)'", match[1]) if match else []


def php_text(text: str, key: str) -> str:
    match = re.search(rf"'{key}'\s*=>\s*'([^']*)'", text)
    return match[1] if match else ""


def nextcloud(path: str, fields: Mapping[str, str]) -> Answer:
    text, host = Path("config/config.php").read_text("utf-8"), fields.get("host", "")
    for overlay in sorted(Path("config").glob("*.config.php")):
        text = f"{overlay.read_text('utf-8')}\n{text}"
    names = [name.replace(".", r"\.").replace("*", r"[-.a-zA-Z0-9]*")
             for name in php_list(text, "trusted_domains")]  # fmt: skip
    bare = host.partition(":")[0]
    if not any(re.fullmatch(name, host) or re.fullmatch(name, bare) for name in names):
        words = "<h2>Access through untrusted domain</h2><p>Please contact your administrator.</p>"
        return "400 Bad Request", page("Nextcloud", words), (HTML,)
    if path == "/":  # the login itself, where its address is right: a visitor looks for a page
        trusted = php_list(text, "trusted_proxies")
        told = fields.get("x-forwarded-proto", "http") if "127.0.0.1" in trusted else "http"
        scheme = php_text(text, "overwriteprotocol") or told
        name = php_text(text, "overwritehost") or host
        if (scheme, name) != (fields.get("x-forwarded-proto", "http"), host):
            return "302 Found", "", (f"Location: {scheme}://{name}/index.php/login",)
    return "200 OK", page("Login – Nextcloud", "<p>The login of the cloud.</p>" * 9), (HTML,)


def home_assistant(path: str, fields: Mapping[str, str]) -> Answer:
    http = (yaml.safe_load(STARTED["configuration.yaml"]) or {}).get("http") or {}
    if "x-forwarded-for" in fields:
        proxies = [ip_network(each) for each in http.get("trusted_proxies", [])]
        is_trusted = any(ip_address("127.0.0.1") in each for each in proxies)
        if not http.get("use_x_forwarded_for") or not is_trusted:
            return "400 Bad Request", "400: Bad Request", ("Content-Type: text/plain",)
    return "200 OK", page("Home Assistant", "<home-assistant></home-assistant>"), (HTML,)


def django(path: str, fields: Mapping[str, str]) -> Answer:
    settings: dict[str, object] = {}
    exec(STARTED["settings.py"], settings)  # as Django imports it
    host = fields.get("host", "").partition(":")[0]
    names = settings["ALLOWED_HOSTS"]
    assert isinstance(names, list)
    if not any(name in {"*", host} or (name[0] == "." and f".{host}".endswith(name))
               for name in names):  # fmt: skip
        text = (
            '\n<!doctype html>\n<html lang="en">\n<head>\n  <title>Bad Request (400)</title>\n'
            "</head>\n<body>\n  <h1>Bad Request (400)</h1><p></p>\n</body>\n</html>\n"
        )
        return "400 Bad Request", text, (HTML,)
    return "200 OK", page("Shop", "<p>It works: this is the page of the shop.</p>"), (HTML,)


def grafana(path: str, fields: Mapping[str, str]) -> Answer:
    match = re.search(r"(?m)^root_url = (\S+)", STARTED["grafana.ini"])
    root = match[1] if match else "http://localhost:3000/"
    # The login itself, where the address is right: a visitor looks for a page.
    if path == "/" and not root.startswith(f"https://{fields.get('host', '')}/"):
        return "302 Found", "", (f"Location: {root.rstrip('/')}/login",)
    return "200 OK", page("Grafana", "<p>Welcome to Grafana, here is the login.</p>"), (HTML,)


def wordpress(path: str, fields: Mapping[str, str]) -> Answer:
    text = Path("wp-config.php").read_text("utf-8")
    match = re.search(r"(?m)^define\(\s*'WP_HOME',\s*'([^']*)'", text)
    home = match[1] if match else "https://shop.example.com"
    # redirect_canonical() of wp-includes/canonical.php
    scheme = fields.get("x-forwarded-proto", "http")
    if home != f"{scheme}://{fields.get('host', '')}":
        fields_sent = (f"Location: {home}{path}", "X-Redirect-By: WordPress")
        return "301 Moved Permanently", "", fields_sent
    link = '<link rel="https://api.w.org/" href="/wp-json/">'
    return "200 OK", page("Blog", f"{link}<p>It works: this is the page of the blog.</p>"), (HTML,)


def keycloak(path: str, fields: Mapping[str, str]) -> Answer:
    """Issue 12913 of keycloak/keycloak: without KC_PROXY it takes no X-Forwarded-Proto."""
    is_trusting = os.environ.get("KC_PROXY") in {"edge", "reencrypt"}
    scheme = fields.get("x-forwarded-proto", "http") if is_trusting else "http"
    src = f"{scheme}://{fields.get('host', '')}/js/keycloak.js"
    if path.endswith(".js"):
        return "200 OK", "var keycloak = 1;", ("Content-Type: text/javascript",)
    text = f'<script src="{src}"></script><p>It works: this is the console of the realm.</p>'
    return "200 OK", page("Keycloak Administration Console", text), (HTML,)


def librenms(path: str, fields: Mapping[str, str]) -> Answer:
    """Issue 9194 of librenms/librenms: without APP_TRUSTED_PROXIES it takes no X-Forwarded-Proto
    (fideloper/TrustedProxy, config/trustedproxy.php)."""
    match = re.search(r"(?m)^APP_TRUSTED_PROXIES=(\S+)", Path(".env").read_text("utf-8"))
    is_trusting = match is not None and "127.0.0.1" in match[1].split(",")
    scheme = fields.get("x-forwarded-proto", "http") if is_trusting else "http"
    form = f'<form action="{scheme}://{fields.get("host", "")}/login" method="post">'
    inputs = '<input name="username"><input type="password" name="password"></form>'
    return "200 OK", page("LibreNMS", f"{form}{inputs}<p>It works: the login.</p>"), (HTML,)


def gitea(path: str, fields: Mapping[str, str]) -> Answer:
    """Issue 3361 of go-gitea/gitea: all addresses of its pages are made of ROOT_URL
    (modules/setting/server.go, templates/base/head.tmpl)."""
    match = re.search(r"(?m)^ROOT_URL *= *(\S+)", STARTED["app.ini"])
    root = match[1] if match else f"https://{fields.get('host', '')}/"
    if path.endswith((".css", ".js")):
        return (
            "200 OK",
            "",
            (f"Content-Type: text/{'css' if path.endswith('.css') else 'javascript'}",),
        )
    head = (
        f'<link rel="stylesheet" href="{root}assets/css/index.css">'
        f'<script src="{root}assets/js/index.js"></script>'
        '<meta name="author" content="Gitea - Git with a cup of tea" />'
    )
    return "200 OK", page("Gitea", f"{head}<p>It works: this is the list of code.</p>"), (HTML,)


def matomo(path: str, fields: Mapping[str, str]) -> Answer:
    """Issue 18675 of matomo-org/matomo: it names the host that it saw on a page with status 200."""
    host = fields.get("host", "")
    hosts = re.findall(
        r'(?m)^trusted_hosts\[\] = "([^"]+)"', Path("config.ini.php").read_text("utf-8")
    )
    words = "<p>It works: sign in to see the numbers of the site.</p>"
    if host.partition(":")[0] not in hosts:
        words = (
            f"<p><strong>Warning:</strong> You are now accessing Matomo from https://{host}/, but "
            f"Matomo has been configured to run at this address: https://{hosts[0]}/.</p>"
        )
    generator = '<meta name="generator" content="Matomo - free/libre analytics platform"/>'
    return "200 OK", page("Sign in - Matomo", generator + words), (HTML,)


PROGRAMS: Mapping[str, Callable[[str, Mapping[str, str]], Answer]] = {
    "nextcloud": nextcloud,
    "hass": home_assistant,
    "manage.py": django,
    "grafana-server": grafana,
    "wordpress": wordpress,
    "keycloak": keycloak,
    "librenms": librenms,
    "gitea": gitea,
    "matomo": matomo,
}


async def serve(mode: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while True:
        head = await reader.readuntil(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        fields = {name.lower(): text.strip() for name, _, text in (x.partition(":") for x in lines)}
        await reader.readexactly(int(fields.get("content-length") or 0))
        method, target, _ = first.split(" ")
        status, body, more = PROGRAMS[mode](target.partition("?")[0], fields)
        data = body.encode()
        head_lines = (f"HTTP/1.1 {status}", *more, f"Content-Length: {len(data)}", "", "")
        writer.write("\r\n".join(head_lines).encode() + (b"" if method == "HEAD" else data))
        await writer.drain()


if __name__ == "__main__":
    run(serve)
