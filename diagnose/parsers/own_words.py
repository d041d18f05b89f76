"""Sentences in the words of the web server that answers, where a text names nginx and means any web
server: which file it reads, where its configuration has the name of a site. No I/O.

A sentence about what nginx alone does stays: it is true of nginx, and is no advice for another
server.

Sources: apachectl(8), core and mod_ssl of Apache; HAProxy's Configuration Manual; Caddy's
documentation of its command line and of its Caddyfile.
"""

import re
import shlex
from collections.abc import Mapping

from diagnose.model.frozen import frozen
from diagnose.parsers.server_words import Product

_NAME = re.compile(r"`nginx -T \| grep (?:-n )?server_name`")
_CERTIFICATE = re.compile(r"`nginx -T \| grep (?:-n )?ssl_certificate`")
_VERBS = re.compile(
    r"\bnginx(?= (?:reads|serves|listen there|listen on it|must be able to reach)\b)"
    r"|nginx(?= (?:读取|所用|监听|能访问))"
)
_OBJECTS = re.compile(r"(?<!systemctl reload )(?<=\b[Rr]eload )nginx\b|(?<=重新加载 )nginx\b")
_RELOAD = re.compile(r"\bsystemctl reload nginx\b")
_CERTBOT = re.compile(r"\bcertbot (?:certonly )?--nginx(?= )")
_RENEWAL = re.compile(r"(`certbot renew\b[^`\n]{0,300}?) --nginx`")
_PLUGIN = re.compile(r"\bpython3-certbot-nginx\b")


@frozen
class _Words:
    """How a server calls a site's block and the setting of its name, the command that shows the
    names, with {config} for its file, the setting of the certificate, the line that listens on port
    80, and its plugin of certbot, "" for none."""

    block: str
    block_zh: str
    name: str
    shows_names: str
    certificate: str
    listens: str
    plugin: str = ""


_WORDS: Mapping[str, _Words] = {
    "apache": _Words(
        "a `<VirtualHost>`", "`<VirtualHost>`", "`ServerName` or `ServerAlias`", "apachectl -S",
        "SSLCertificateFile", "Listen 80", "apache",
    ),
    "haproxy": _Words(
        "a rule of the frontend", "frontend 的规则", "`hdr(host)`", "grep -n 'hdr(host)' {config}",
        "crt", "bind :80",
    ),
    "caddy": _Words(
        "a site block", "站点块", "its address", "caddy adapt --config {config} --pretty",
        "tls", "http://NAME",
    ),
}  # fmt: skip


def with_own_words(text: str, product: Product) -> str:
    """Return a text in the server's own words; as it is for a server without any here."""
    words = _WORDS.get(product.name)
    if words is None:
        return text
    text = _with_certbot(text, words)
    title = product.title or product.name
    if product.config:
        text = _with_commands(text, words, product.config)
    text = text.replace("`listen 80;`", f"`{words.listens}`")
    # Within a hook of another command: a quote would end it there.
    command = product.load.rpartition(" && ")[2]
    if not {"'", '"'}.intersection(command):
        text = _RELOAD.sub(lambda _: command, text)
    return _OBJECTS.sub(title, _VERBS.sub(title, text))


def _with_commands(text: str, words: _Words, config: str) -> str:
    """Return a text with the commands that show the configuration, and what they show."""
    quoted = shlex.quote(config)
    if _NAME.search(text):
        text = _NAME.sub(lambda _: f"`{words.shows_names.format(config=quoted)}`", text)
        text = text.replace("a server block", words.block).replace(
            " server 块", f" {words.block_zh}"
        )
        text = text.replace("`server_name`", words.name)
    folder = shlex.quote(config.rpartition("/")[0]) if words.plugin == "apache" else quoted
    return _CERTIFICATE.sub(lambda _: f"`grep -rn {words.certificate} {folder}`", text)


def _with_certbot(text: str, words: _Words) -> str:
    """Return a text with the server's plugin of certbot, or with certbot alone."""
    if words.plugin:
        text = _PLUGIN.sub(f"python3-certbot-{words.plugin}", text)
        text = _RENEWAL.sub(rf"\1 --{words.plugin}`", text)
    own = f"certbot --{words.plugin}" if words.plugin else "certbot certonly"
    issue = f"certbot certonly --{words.plugin}" if words.plugin else "certbot certonly"
    return _CERTBOT.sub(lambda match: issue if "certonly" in match[0] else own, text)
