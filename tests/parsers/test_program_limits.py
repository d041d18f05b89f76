"""The words with which programs name a ban or a limit of their own."""

import pytest

from diagnose.parsers.program_limits import limit_told


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Your IP address has been banned after too many failed authentication attempts.",
         "qbittorrent"),
        ("Banned IP 198.51.100.10 for too many login attempts", "homeassistant"),
        ("<p>There were too many requests from your network. Retry later or contact your "
         "administrator if this is an error.</p>", "nextcloud"),
        ("Your access to this site has been limited by the site owner", "wordfence"),
        ("Too many failed login attempts. Please try again in 20 minutes.", "limitlogin"),
        ("Too many failed login attempts.</strong> Please try again in 1 hour.", "limitlogin"),
        ("Account locked: too many login attempts. Please try again later.", "axes"),
        ('{"detail":"Request was throttled. Expected available in 55 seconds."}', "drf"),
        ("Too many requests, please try again later.", "express"),
        ("Retry later\n", "rackattack"),
        ('{"message": "Too Many Attempts."}', "laravel"),
        ('{"error":"Rate limit exceeded: 5 per 1 minute"}', "limiter"),
        ("Slow down, too many requests from this IP address.", "discourse"),
        ("Too many login requests", "vaultwarden"),
        ("<title>CrowdSec Ban</title>", "crowdsec"),
        ("Access denied by Imunify360 bot-protection.", "imunify"),
        ("Access denied for 192.0.2.7. The host has been blocked because of too many "
         "authentication failures.", "webmin"),
        ("mod_evasive[7]: Blacklisting address 192.0.2.7: possible DoS attack.", "evasive"),
        ("FATAL:  sorry, too many clients already", "postgresql"),
        ("SQLSTATE[HY000] [1040] Too many connections", "mysql"),
        ("ERROR 1040 (HY000): Too many connections", "mysql"),
        ("server reached pm.max_children setting (5), consider raising it", "phpfpm"),
        ("server reached max_children setting (5), consider raising it", "phpfpm"),
        ("connect() to 127.0.0.1:3000 failed (99: Cannot assign requested address) while",
         "ports"),
    ],
)  # fmt: skip
def test_the_words_name_the_program(text: str, name: str) -> None:
    limit = limit_told(text)
    assert limit is not None
    assert limit.name == name


@pytest.mark.parametrize(
    "text",
    ["403 Forbidden", "429 Too Many Requests", "Please retry later or call us", "",
     "bind() to 203.0.113.10:443 failed (99: Cannot assign requested address)",
     "Too many connections", "An article about banned IP addresses"],
)  # fmt: skip
def test_words_that_many_programs_share_name_none(text: str) -> None:
    assert limit_told(text) is None
