import pytest

from diagnose.parsers.apache.authorization import passes_authorization
from diagnose.parsers.apache.config import parse


@pytest.mark.parametrize(
    "text",
    [
        "CGIPassAuth On",
        '<Directory "/var/www">\nCGIPassAuth on\n</Directory>',
        'SetEnvIfNoCase ^Authorization$ "(.+)" HTTP_AUTHORIZATION=$1',
        "RewriteRule .* - [e=HTTP_AUTHORIZATION:%{HTTP:Authorization}]",
        'ProxyFCGISetEnvIf "true" HTTP_AUTHORIZATION "%{HTTP:Authorization}"',
    ],
)
def test_lines_that_pass_the_field_on(text: str) -> None:
    assert passes_authorization(parse(text, "x.conf"))


def test_other_lines() -> None:
    text = "CGIPassAuth Off\nSetEnv APP_ENV prod\nRewriteRule ^ index.php [L]\nRequire valid-user"
    assert not passes_authorization(parse(text, "x.conf"))
