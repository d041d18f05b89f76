import asyncio
from dataclasses import replace

from diagnose.model.nginx import ConfigFile, NginxConfig
from diagnose.model.symptom import Symptom
from diagnose.model.unread_configs import UnreadConfig
from diagnose.model.web_servers import ServerFile, WebServer, WebServerConfig
from diagnose.parsers.nginx import config as nginx_parser
from diagnose.probes.inside import other_nginx as probes
from tests.support.fake_context import Looking
from tests.support.recorded_machine import RecordedMachine
from tests.support.report_builder import ANSWER

PATH = "/srv/nginx/nginx.conf"
SITE = (
    "http { server { listen 443 ssl; server_name shop.example.com;"
    " location / { proxy_pass http://127.0.0.1:%d; } } }"
)
UNAVAILABLE = replace(ANSWER, status=502)
PROXY = "/etc/haproxy/haproxy.cfg"
PROXY_TEXT = "frontend f\n bind :443 ssl crt /a.pem\n default_backend b\nbackend b\n server a %s\n"
HAPROXY = WebServer(
    product="haproxy", pid=7, binary="/usr/sbin/haproxy", config="/srv/lb.cfg", ports=(443,)
)


def nginx(machine: RecordedMachine, exchange: object = UNAVAILABLE, message: str = "") -> Looking:
    text = SITE % 3001
    used = NginxConfig(
        path=PATH, main=nginx_parser.parse(text, PATH), files=(ConfigFile(PATH, text),)
    )
    return asked(machine, (used,), probes.unread_by_nginx, exchange, message)


def asked(
    machine: RecordedMachine, seen: tuple[object, ...], probe: object, exchange: object,
    message: str = "",
) -> Looking:  # fmt: skip
    ctx = Looking(machine)
    if message:
        ctx.target = replace(ctx.target, symptom=Symptom("not-loaded", message))
    ctx.observations.extend((*seen, exchange))  # type: ignore[arg-type]

    async def done() -> None:
        await probe.work(ctx, exchange, seen[-1])  # type: ignore[attr-defined]

    asyncio.run(done())
    return ctx


def machine(**files: str) -> RecordedMachine:
    return RecordedMachine({}, {"/etc/nginx/nginx.conf": SITE % 3000, **files})


def test_the_usual_file_of_nginx_is_read_after_an_answer_without_an_application() -> None:
    (unread,) = nginx(machine()).observed(UnreadConfig)
    assert (unread.path, unread.host, unread.port) == ("/etc/nginx/nginx.conf", "127.0.0.1", 3000)


def test_it_is_read_after_a_message_and_not_without_a_question() -> None:
    assert nginx(machine(), ANSWER, "no effect").observed(UnreadConfig)
    assert not nginx(machine(), ANSWER).observed(UnreadConfig)


def test_a_file_without_the_site_and_one_that_both_include_say_nothing() -> None:
    other = (SITE % 3000).replace("shop.", "blog.")
    assert not nginx(RecordedMachine({}, {"/etc/nginx/nginx.conf": other})).observed(UnreadConfig)
    both = RecordedMachine({}, {"/etc/nginx/nginx.conf": f"include {PATH};", PATH: SITE % 3001})
    assert not nginx(both).observed(UnreadConfig)


def haproxy(text: str, config: str = HAPROXY.config) -> tuple[UnreadConfig, ...]:
    server = replace(HAPROXY, config=config)
    used = WebServerConfig(
        product="haproxy", path=config, files=(ServerFile(config, PROXY_TEXT % "127.0.0.1:1"),)
    )
    output = {"/usr/sbin/haproxy -v": "HAProxy version 3.0.11 2025/01/01\n"}
    recorded = RecordedMachine(output, {PROXY: text})
    return asked(recorded, (server, used), probes.unread_by_server, UNAVAILABLE).observed(
        UnreadConfig
    )


def test_the_usual_file_of_another_server_is_read() -> None:
    (unread,) = haproxy(PROXY_TEXT % "127.0.0.1:3000")
    assert (unread.path, unread.port, unread.line) == (PROXY, 3000, 5)


def test_the_usual_file_that_is_loaded_says_nothing() -> None:
    assert not haproxy(PROXY_TEXT % "127.0.0.1:3000", PROXY)
