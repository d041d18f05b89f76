"""Keys that a program does not know, for they are written otherwise than its own."""

import pytest

from diagnose.parsers.misspelt_keys import misspelt_key
from diagnose.parsers.setting_values import Format


@pytest.mark.parametrize(
    ("text", "form", "key", "name"),
    [
        ("'overwrite_protocol' => 'https',", "php-array", "overwriteprotocol",
         "overwrite_protocol"),
        ("'trusted_domain' => ['a.example'],", "php-array", "trusted_domains", "trusted_domain"),
        ("http:\n  trusted_proxy: [127.0.0.1]\n", "yaml", "http.trusted_proxies", ""),
        ("[server]\nroot-url = http://a/\n", "ini", "server.root_url", "root-url"),
        ("[server]\nroot_URL = http://a/\n", "ini", "server.ROOT_URL", ""),
        ("'overwritehost' => 'a'", "php-array", "overwriteprotocol", ""),
        ("# overwrite_protocol\n", "php-array", "overwriteprotocol", ""),
        ("ur=1\n", "env", "url", ""),
    ],
)  # fmt: skip
def test_the_name_that_is_meant(text: str, form: Format, key: str, name: str) -> None:
    found = misspelt_key(text, form, key)
    assert (found[0] if found else "") == name
