"""A canary in every place where outside text can stand; none is in anything that is masked."""

import json
from collections.abc import Callable
from dataclasses import fields, replace
from enum import Enum
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnose.checking.conclusion import conclude
from diagnose.model import Evidence, Failure, Observation, Report, Target, Vantage
from diagnose.model.dns import HostsEntry, Resolution, ResolverConfig
from diagnose.model.http import Exchange, Upgrade
from diagnose.model.logs import LogLine
from diagnose.model.marks import Mark
from diagnose.model.netfilter import Ruleset, RulesFile
from diagnose.model.nginx import (
    ConfigFile,
    NginxConfig,
    NginxProcess,
    NginxState,
    NginxTest,
    UpstreamTry,
)
from diagnose.model.nginx import TestMessage as Message
from diagnose.model.requests import Asked
from diagnose.model.view import View
from diagnose.outputs import html, jsonl, markdown, plain, text
from diagnose.outputs import json as document
from diagnose.parsers.nginx.config import parse
from diagnose.recording.codec import observation_kinds
from diagnose.recording.redaction import masked_recording, masked_report
from diagnose.recording.redaction_names import host_names
from tests.support.any_observation import any_observation
from tests.support.check_evidence import NOW, SHOP
from tests.support.effort import examples
from tests.support.marked_values import filled

#: Random as keys are, and with what a person may have written.
WORD = "S3sam3kQ9vXz7LmW2p"
NGINX = "/etc/nginx/nginx.conf"

#: A line within a location, by what it keeps secret.
DIRECTIVES = {
    "grpc-header": 'grpc_set_header Authorization "Bearer sesame";',
    "proxy-header": 'proxy_set_header X-Auth-Token sesame;',
    "proxy-basic": 'proxy_set_header Authorization "Basic sesame";',
    "own-header": "proxy_set_header X-Upstream-Key sesame;",
    "fastcgi-param": "fastcgi_param DB_PASSWORD sesame;",
    "uwsgi-param": "uwsgi_param SECRET_KEY 'sesame';",
    "add-header": 'add_header Set-Cookie "sid=sesame; Path=/" always;',
    "add-any-header": "add_header X-Anything sesame;",
    "set": "set $secret sesame;",
    "set-of-two": 'set $x "pre-$host-sesame";',
    "if": 'if ($http_x_key = "sesame") { return 204; }',
    "if-not": "if ($arg_key != sesame) { return 403; }",
    "if-regex": "if ($cookie_a ~* 'sesame|other') { return 403; }",
    "return-text": 'return 200 "sesame";',
    "return-query": "return 302 https://shop.example.com/?client_secret=sesame;",
    "sub-filter": "sub_filter '</head>' '<script>sesame</script>';",
    "auth-basic": 'auth_basic "sesame";',
    "secure-link": 'secure_link_md5 "$uri sesame";',
    "userinfo": "proxy_pass http://admin:sesame@127.0.0.1:3000;",
    "proxy-query": "proxy_pass http://127.0.0.1:3000/?token=sesame;",
    "token-in-path": f"proxy_pass http://127.0.0.1:3000/{WORD}/;",
    "location-token": f"location /hook/{WORD} {{ return 204; }}",
    "lua": "content_by_lua_block { local key = 'sesame' }",
    "unknown": "my_module_password sesame;",
    "comment": "# sesame",
    "comment-behind": "index a.html; # the password is sesame",
    "comment-within": "index # sesame\n a.html;",
    "commented-out": "#proxy_set_header Authorization 'Basic sesame';",
    "upstream-host": "proxy_pass http://sesame.corp-internal.net:3000;",
    "upstream-word": "proxy_pass http://sesame:3000;",
    "redirect-host": "return 301 https://sesame.corp-internal.net/;",
    "missing-semicolon": "fastcgi_param DB_PASSWORD sesame",
    "unclosed": "set $x 'sesame",
}  # fmt: skip
#: Beside the server block, in http.
BESIDE = {
    "map": "map $host $key { default sesame; a.example sesame; }",
    "map-key": "map $http_x_key $who { sesame alice; ~^sesame bob; }",
    "geo": "geo $key { default sesame; }",
    "split": "split_clients $remote_addr $key { 50% sesame; * other; }",
    "upstream-name": "upstream sesame { server 127.0.0.1:3000; }",
    "upstream-server": "upstream app { server sesame.corp-internal.net:3000; }",
    "upstream-key": "upstream app { hash sesame$host; server 127.0.0.1:3000; sticky name=sesame; }",
    "log-format": "log_format a '$remote_addr sesame';",
    "js-var": "js_var $key sesame;",
}

ANSWER = Exchange(url="https://shop.example.com/", address="203.0.113.10", port=443, status=502)
LINE = LogLine(vantage=Vantage.SERVER, file="/var/log/nginx/error.log", when=1.0, level="error",
               pid=7, text="connect() failed (111: Connection refused)")  # fmt: skip


def config(inside: str = "", beside: str = "", before: str = "") -> NginxConfig:
    written = (
        f"{before}\nhttp {{\n{beside}\nserver {{\n listen 443 ssl;\n"
        f" server_name shop.example.com;\n location / {{\n  {inside}\n }}\n}}\n}}\n"
    )
    file = ConfigFile(NGINX, written)
    return NginxConfig(
        vantage=Vantage.SERVER, path=NGINX, main=parse(written, NGINX), files=(file,)
    )


def _answer(*headers: tuple[str, str], **more: object) -> Exchange:
    return replace(ANSWER, headers=headers, **more)  # type: ignore[arg-type]


SEEN = {
    **{f"nginx-{name}": (config(line),) for name, line in DIRECTIVES.items()},
    **{f"http-{name}": (config(beside=line),) for name, line in BESIDE.items()},
    "nginx-env": (config(before="env API_TOKEN=sesame;"),),
    "nginx-top-comment": (config(before="# sesame"),),
    "nginx-g": (
        NginxState(
            vantage=Vantage.SERVER,
            installed=True,
            masters=(
                NginxProcess(pid=7, binary="/usr/sbin/nginx", arguments=("-g", "env K=sesame;")),
            ),
        ),
    ),
    "nginx-t": (
        NginxTest(
            vantage=Vantage.SERVER,
            binary="/usr/sbin/nginx",
            passed=False,
            messages=(
                Message("emerg", 'invalid value "sesame" in "auth_basic" directive'),
                Message("emerg", "sesame"),
            ),
        ),
    ),
    "set-cookie": (_answer(("Set-Cookie", "sid=sesame; HttpOnly")),),
    "x-auth-token": (_answer(("X-Auth-Token", "sesame")),),
    "unknown-header": (_answer(("X-Powered-By-Us", "sesame")),),
    "www-authenticate": (_answer(("WWW-Authenticate", 'Basic realm="sesame"')),),
    "location-query": (_answer(("Location", "https://shop.example.com/?code=sesame"), status=302),),
    "location-fragment": (
        _answer(("Location", "https://shop.example.com/#access_token=sesame"), status=302),
    ),
    "location-host": (_answer(("Location", "https://sesame.corp-internal.net/"), status=302),),
    "body": (_answer(body="<p>sesame</p>"),),
    "body-marked": (_answer(body="<center>nginx</center> too many sesame", status=400),),
    "mention": (_answer(mentions=("wss://shop.example.com/ws?ticket=sesame",)),),
    "equivalent": (
        _answer(equivalent="curl -H 'X-Api-Key: sesame' -b 'sid=sesame' -u me:sesame https://x/"),
    ),
    "failure": (replace(ANSWER, failure=Failure("protocol", "Authorization: Basic sesame")),),
    "websocket": (
        Upgrade(
            url="wss://shop.example.com/ws?jwt=sesame",
            path="/ws?jwt=sesame",
            address="203.0.113.10",
            port=443,
            status=403,
            body="token sesame expired",
            close_reason="sesame",
            headers=(("Set-Cookie", "sesame"),),
        ),
    ),
    "log-php": (
        replace(LINE, text='FastCGI sent in stderr: "PHP message: DSN mysql://a:sesame@db"'),
    ),
    "log-lua": (replace(LINE, text='[lua] access.lua:3: key is sesame, client "sesame"'),),
    "log-user": (replace(LINE, text='user "sesame": password mismatch'),),
    "log-other": (replace(LINE, text="sesame"),),
    "log-path": (replace(LINE, text=f'open() "/srv/{WORD}/x" failed (2: No such file)'),),
    "log-request": (replace(LINE, request=f"GET /reset/{WORD}?k=sesame HTTP/1.1"),),
    "log-upstream": (replace(LINE, upstream="http://sesame.corp-internal.net:80/"),),
    "application": (
        Asked(
            vantage=Vantage.SERVER,
            target="http://sesame:3000",
            path="/",
            address="127.0.0.1",
            port=3000,
            sent="sesame",
            body="SECRET_KEY = sesame",
        ),
    ),
    "upstream": (
        UpstreamTry(
            vantage=Vantage.SERVER,
            target="http://sesame:3000",
            host="sesame",
            port=3000,
            equivalent="curl http://sesame:3000/",
        ),
    ),
    "iptables-comment": (
        Ruleset(tool="iptables", text='-A INPUT -m comment --comment "sesame" -j ACCEPT\n'),
    ),
    "nft-comment": (
        Ruleset(tool="nft", text='{"nftables": [{"rule": {"comment": "sesame"}}]}'),
    ),
    "rules-file": (
        RulesFile(path="/etc/nftables.conf", text='# sesame\ntcp dport 443 comment "sesame"\n'),
    ),
    "hosts": (
        HostsEntry(
            file="/etc/hosts", line=1, text="192.0.2.7 shop.example.com # sesame",
            address="192.0.2.7", names=("shop.example.com",),
        ),
    ),
    "resolv": (ResolverConfig(file="/etc/resolv.conf", text="# sesame\nnameserver 192.0.2.1\n"),),
    "target-token": (Resolution(name="shop.example.com", family=4, addresses=("203.0.113.10",)),),
}  # fmt: skip

#: As a person may have typed it.
TARGET = Target(
    f"https://shop.example.com/join/{WORD}?invite=sesame", "https", "shop.example.com", 443,
    f"/join/{WORD}?invite=sesame", ("/ws?token=sesame",),
)  # fmt: skip
VIEW = View(
    hostname="sesame", verbosity=2,
    again=("--cookie", "sid=sesame", "--header", "X-Key: sesame", "--server", "ssh://a:sesame@h"),
)  # fmt: skip

WRITERS: dict[str, Callable[[Report, View], str]] = {
    "text": text.render,
    "json": document.render,
    "plain": plain.render,
    "markdown": markdown.render,
    "html": html.render,
    "json-lines": jsonl.render,
}


def outputs(evidence: Evidence) -> dict[str, str]:
    """Everything that leaves the machine masked, by its name."""
    whole = conclude(evidence)
    told, view = masked_report(whole, VIEW, lambda seen, crashes: conclude(seen, crashes=crashes))
    made = {name: render(told, view) for name, render in WRITERS.items()}
    return {**made, "recording": masked_recording(evidence, privileged=True)}


@pytest.mark.parametrize("place", sorted(SEEN))
def test_no_canary_leaves(place: str) -> None:
    evidence = Evidence(TARGET, NOW, SEEN[place])
    left = [
        name
        for name, made in outputs(evidence).items()
        if any(canary.lower() in made.lower() for canary in ("sesame", WORD, "corp-internal"))
    ]
    assert left == []


CANARY_URL = "https://sesame.corp-internal.net/x?token=sesame"
#: What stands in each field of an observation, by the field's mark.
MARKED: dict[Mark, Any] = {
    "host": "sesame",
    "domain": "sesame.corp-internal.net",
    "machine": "sesame",
    "address": "9.8.7.6",
    "url": CANARY_URL,
    "authority-url": "http://sesame.corp-internal.net/root.crt",
    "path": f"/join/{WORD}?invite=sesame",
    "distinguished-name": "O=Shop, CN=sesame.corp-internal.net",
    "record": "sesame.corp-internal.net.",
    "image": "sesame.corp-internal.net:5000/app:1",
    "headers": (
        ("Set-Cookie", "sid=sesame"),
        ("Authorization", "Bearer sesame"),
        ("X-Anything", "sesame"),
        ("Location", CANARY_URL),
        ("Alt-Svc", 'h3="sesame.corp-internal.net:443"'),
    ),
    "body": "<p>sesame</p>",
    "reason": "sesame",
    "first-bytes": "HTTP/1.1 400 sesame Set-Cookie: sid=sesame",
    "nginx-message": 'host not found in upstream "sesame.corp-internal.net"',
    "nginx-options": ("-g", "env K=sesame;"),
    "configuration": (),
    "rules": f"192.0.2.7 shop.example.com # sesame {WORD}",
    "server-configuration": f"ServerName x\nSetEnv K sesame\n# {WORD}",
    "file": f"/srv/{WORD}/x",
    "command": f"curl -H 'X-Key: sesame' -b sid=sesame {CANARY_URL}",
    "label": WORD,
    "digest": WORD,
    "text": f"password=sesame {WORD}",
    "word": WORD,
}  # fmt: skip
KINDS = {name: kind for name, kind in observation_kinds().items() if kind is not Observation}


@pytest.mark.parametrize("name", sorted(KINDS))
def test_no_field_leaves_what_its_mark_forbids(name: str) -> None:
    """Every field alone, so that no field's name is known only from another."""
    for mark, canaries in MARKED.items():
        evidence = Evidence(SHOP, NOW, (filled(KINDS[name], {**_NOTHING, mark: canaries}),))
        left = masked_recording(evidence, privileged=True).lower()
        for canary in ("sesame", WORD.lower(), "corp-internal", "9.8.7.6"):
            assert canary not in left, mark


_NOTHING: dict[Mark, Any] = dict.fromkeys(get_args(Mark), "") | {
    "headers": (), "nginx-options": (), "configuration": (),
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(KINDS))
def test_no_output_leaves_what_a_mark_forbids(name: str) -> None:
    evidence = Evidence(TARGET, NOW, (filled(KINDS[name], MARKED),))
    for output, made in outputs(evidence).items():
        for canary in ("sesame", WORD.lower(), "corp-internal", "9.8.7.6"):
            assert canary not in made.lower(), output


@pytest.mark.parametrize("place", sorted(SEEN))
def test_the_canary_was_there(place: str) -> None:
    """Else the other test could not fail."""
    shown = json.dumps([repr(one) for one in SEEN[place]]) + TARGET.input
    assert "sesame" in shown
    assert host_names(Evidence(TARGET, NOW, SEEN[place]))


#: What the value of any field may hold.
ANYWHERE = (
    "Authorization: Bearer sesame",
    "client_secret=sesame&a=b",
    "mysql://admin:sesame@127.0.0.1/db",
    "https://shop.example.com/?invite=sesame",
    f"/join/{WORD}/now",
)


@pytest.mark.parametrize("kind", sorted(observation_kinds()))
@examples(2)
@given(data=st.data())
def test_a_field_that_nobody_thought_of_is_masked_as_text(kind: str, data: st.DataObject) -> None:
    seen = data.draw(any_observation(kind))
    filled = {
        field.name: data.draw(st.sampled_from(ANYWHERE))
        for field in fields(seen)
        if isinstance(getattr(seen, field.name), str)
        and not isinstance(getattr(seen, field.name), Enum)
    }
    canary = replace(seen, **filled)  # type: ignore[arg-type]
    evidence = Evidence(TARGET, NOW, (canary,))
    left = masked_recording(evidence, privileged=True)
    assert "sesame" not in left
    assert WORD not in left
