"""Addresses in a message that are no site."""

import pytest

from diagnose.parsers.address_roles import untrusted_proxy, without_roles
from diagnose.parsers.error_messages import named_site, names_in_words


@pytest.mark.parametrize(
    "text",
    [
        "Received X-Forwarded-For header from an untrusted proxy 203.0.113.10",
        "a request was received from 203.0.113.10, but",
        "[client 203.0.113.10:5678] denied",
        "client: 203.0.113.10, server: _",
        "remote_addr=203.0.113.10 status=403",
        "peer 203.0.113.10:443 closed",
        "Login failed from 203.0.113.10",
        "X-Forwarded-For: 203.0.113.10",
        "http: TLS handshake error from 203.0.113.10:4711: EOF",
        "client denied by server configuration: proxy:http://203.0.113.10:8080/",
        "NOTICE  [nginx-limit-req] Ban 203.0.113.10",
        "WARNING [sshd] 203.0.113.10 already banned",
        "ip 203.0.113.10 performed 'crowdsecurity/http-probing' (11 events over 2s)",
        "lfd: (mod_security) mod_security (id:210492) triggered by 203.0.113.10 (DE/-/-): 5",
        'sshguard[7]: Blocking "203.0.113.10/32" for 120 secs',
        "[UFW BLOCK] IN=eth0 OUT= SRC=203.0.113.10 PROTO=TCP DPT=443",
        "[2025-11-02 10:12:33.120][error] Username is incorrect. IP: 203.0.113.10. Username: a",
    ],
)
def test_the_address_of_a_visitor_or_a_proxy_is_left_out(text: str) -> None:
    assert "203.0.113.10" not in without_roles(text)


@pytest.mark.parametrize(
    "text",
    [
        "connection refused 203.0.113.10:443",
        "no answer from 203.0.113.10",
        "502 Bad Gateway at 203.0.113.10",
        "the response from 203.0.113.10 is empty",
        "https://203.0.113.10/ does not open",
        "my server IP is 203.0.113.10",
        "the site on ip 192.168.1.5 does not load",
        "server ip: 192.0.2.10",
    ],
)
def test_the_address_of_the_site_stays(text: str) -> None:
    assert without_roles(text) == text


def test_urls_of_an_application_and_of_another_page_are_left_out() -> None:
    assert "app" not in without_roles('failed, upstream: "http://app:3000/x"')
    assert "blog" not in without_roles("denied, referer: https://blog.example.org/a")


@pytest.mark.parametrize(
    "text",
    [
        "Too many login requests. IP: 127.0.0.1",
        "the backend sees all IPs as 172.18.0.1",
        "后端看到的 IP 都是 127.0.0.1",
        "die IP ist 127.0.0.1",
    ],
)
def test_an_address_of_the_machine_that_visitors_get_is_no_site(text: str) -> None:
    assert not any(names in without_roles(text) for names in ("127.0.0.1", "172.18.0.1"))


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("header from an untrusted proxy 203.0.113.10", "203.0.113.10"),
        ("A request from a reverse proxy was received from 172.30.33.5, but your", "172.30.33.5"),
        ("from an untrusted proxy fd00::5.", "fd00::5"),
        ("from an untrusted proxy beef", ""),
        ("from 203.0.113.10", ""),
    ],
)
def test_the_proxy_that_an_application_does_not_trust(text: str, address: str) -> None:
    assert untrusted_proxy(text) == address


@pytest.mark.parametrize(
    "text",
    [
        'unknown directive "set_real_ip_from\u00a0204.93.240.0/24" in /etc/nginx/a.conf:8',
        "low address bits of 10.1.2.3/16 are meaningless in /etc/nginx/nginx.conf:12",
        'invalid host in upstream "http://app.example.com:3000/api" in /etc/nginx/conf.d/a.conf:3',
        'duplicate upstream "app.example.com" in /etc/nginx/conf.d/u.conf:1',
        "a duplicate listen 203.0.113.7:443 in /etc/nginx/sites-enabled/a:3",
        'unknown "shop.example.com" variable',
    ],
)
def test_what_nginx_says_of_its_lines_names_no_site(text: str) -> None:
    message = f"nginx: [emerg] {text}"
    assert named_site(message) is None
    assert not names_in_words(message)


def test_a_site_with_a_path_of_digits_stays() -> None:
    assert "203.0.113.7/24/page" in without_roles("203.0.113.7/24/page is empty")
