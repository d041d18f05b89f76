"""The setting of a framework that refuses a host name, by its words."""

import pytest

from diagnose.parsers.refused_hosts import host_setting

HOST = "shop.example.com"


@pytest.mark.parametrize(
    ("body", "program", "line"),
    [
        (
            'Blocked request. This host ("shop.example.com") is not allowed.\nTo allow this host, '
            'add "shop.example.com" to `preview.allowedHosts` in vite.config.js.',
            "Vite",
            'preview: { allowedHosts: ["shop.example.com"] }',
        ),
        (
            "DisallowedHost at / Invalid HTTP_HOST header: 'shop.example.com'",
            "Django",
            'ALLOWED_HOSTS = ["shop.example.com"]',
        ),
        ("<h1>Bad Request (400)</h1>", "Django", 'ALLOWED_HOSTS = ["shop.example.com"]'),
        ("Blocked hosts: shop.example.com", "Rails", 'config.hosts << "shop.example.com"'),
        ("Invalid Host header", "webpack", 'devServer: { allowedHosts: ["shop.example.com"] }'),
        (
            "Access through untrusted domain",
            "Nextcloud",
            "'trusted_domains' => ['shop.example.com'],",
        ),
        (
            "The provided host name is not valid for this server.",
            "Drupal",
            "$settings['trusted_host_patterns'] = ['^shop\\.example\\.com$'];",
        ),
        (
            'Untrusted Host "shop.example.com".',
            "Symfony",
            "framework: { trusted_hosts: ['^shop\\.example\\.com$'] }",
        ),
    ],
)
def test_names_the_line_of_the_program(body: str, program: str, line: str) -> None:
    setting = host_setting(body, HOST)
    assert setting
    assert (setting.program, setting.line) == (program, line)


def test_words_of_no_program_name_none() -> None:
    assert host_setting("The request hostname is invalid.", HOST) is None
    assert host_setting("", HOST) is None
