"""What is hidden in a quoted line of a log or of a page, and what has to stay: it carries the
cause."""

import pytest

from diagnose.parsers.quoted_secrets import hide_in, hide_values
from diagnose.parsers.secrets import HIDDEN

HIDDEN_VALUES = [
    ("Whoops DB_PASSWORD=hunter2secret99 SQLSTATE[HY000] [1045] Access denied", "hunter2secret99"),
    ("could not connect: host=db user=shop password=correcthorse dbname=shop", "correcthorse"),
    ("DATABASE_URL is postgres://shop:hunter2@db:5432/shop: refused", "hunter2"),
    ("redis://:s3cr3t@cache:6379/0 ECONNREFUSED", "s3cr3t"),
    ("amqp://guest:p@ss@word@queue:5672 closed", "p@ss@word"),
    ('{"user":"shop","password":"Tr0ub4dor&3","error":"denied"}', "Tr0ub4dor&3"),
    ("{'password': 'hunter2x', 'user': 'shop'}", "hunter2x"),
    ('{"password"=>"geheim", "user"=>"shop"}', "geheim"),
    ("[password] => geheim123", "geheim123"),
    ("Array ( [DB_PASS] => geheim )", "geheim"),
    ("PDO->__construct('mysql:host=db', pwd='geheim')", "geheim"),
    ("jdbc:mysql://db/shop?user=shop&password=geheim&useSSL=false", "geheim"),
    ("AWS_SECRET_ACCESS_KEY=wJalrXUtnFEMI/K7MDENG", "wJalrXUtnFEMI/K7MDENG"),
    ("APP_KEY=base64:q3Xg7Yw5tQ8= is too short", "base64:q3Xg7Yw5tQ8="),
    ("SECRET_KEY = 'django-insecure-zzz'", "django-insecure-zzz"),
    ('secret_key_base: "0f3b4c5d6e7f"', "0f3b4c5d6e7f"),
    ("GET /reset?token=abcdefgh&lang=de 500", "abcdefgh"),
    ("GET /cb?access_token=abc.def-1 500", "abc.def-1"),
    ("auth-eyJhbGciOiJ.eyJzdWIi0 is too old", "eyJhbGciOiJ.eyJzdWIi0"),
    ("Authorization: Bearer q9w8e7r6t5y4", "q9w8e7r6t5y4"),
    ("upstream got header Authorization: Basic c2hvcDpodW50ZXIy", "c2hvcDpodW50ZXIy"),
    ("Cookie: sessionid=abcd1234efgh; lang=de", "abcd1234efgh"),
    ("Set-Cookie: PHPSESSID=q1w2e3r4t5; path=/", "q1w2e3r4t5"),
    ("mysqldump --password hunter2x failed", "hunter2x"),
    ("run with --api-key=abcdef", "abcdef"),
    ("CREATE USER shop IDENTIFIED BY 'geheim' failed", "geheim"),
    ("jwt eyJhbGciOiJI.eyJzdWIiOiIx.c2ln is expired", "eyJhbGciOiJI.eyJzdWIiOiIx.c2ln"),
    ("Invalid API Key provided: sk_live_4eC39HqLyjWDarjtT1", "sk_live_4eC39HqLyjWDarjtT1"),
    ("AccessDenied for AKIAIOSFODNN7EXAMPLE", "AKIAIOSFODNN7EXAMPLE"),
    ("key -----BEGIN RSA PRIVATE KEY----- MIIEpAIBAAKCAQEA1 -----END", "MIIEpAIBAAKCAQEA1"),
    ("smtp.password: Sommer2026!", "Sommer2026!"),
    ("spring.datasource.password=sommer", "sommer"),
    ("password:hunter2", "hunter2"),
    ("密码错误 password=hunter2", "hunter2"),
]


@pytest.mark.parametrize(("line", "value"), HIDDEN_VALUES)
def test_the_value_of_a_secret_is_hidden(line: str, value: str) -> None:
    shown = hide_values(line)
    assert value not in shown
    assert HIDDEN in shown
    assert hide_values(shown) == shown


SHOWN = [
    "Access denied for user 'shop'@'localhost' (using password: YES)",
    "Access denied for user 'shop'@'localhost' (using password: NO)",
    "django.core.exceptions.ImproperlyConfigured: The SECRET_KEY setting must not be empty.",
    "SECRET_KEY must not be empty",
    "SECRET_KEY: This setting must not be empty",
    "SECRET_KEY is empty: set SECRET_KEY=",
    "Unexpected token '<', \"<!doctype \"... is not valid JSON",
    "SyntaxError: Unexpected token: '<'",
    "SyntaxError: Unexpected token < in JSON at position 0",
    "Unexpected token: punc (()",
    'FATAL: password authentication failed for user "shop"',
    "FATAL:  password authentication failed for user: shop",
    "RuntimeException: No application encryption key has been specified.",
    "MissingSecret: Please define a `secret`.",
    "[auth][error] MissingSecret: Please define a `secret`. Read more at https://errors.authjs.dev",
    "CSRF token missing or incorrect",
    "invalid csrf token: expired",
    "ForbiddenError: invalid csrf token",
    '{"token":"invalid"}',
    '{"password":"This field is required."}',
    '{"password":["Too short"]}',
    "JWT_SECRET: required",
    "JsonWebTokenError: jwt malformed",
    "TokenExpiredError: jwt expired",
    "TokenError: Bad Request",
    "Bearer token missing",
    "Basic authentication required",
    'WWW-Authenticate: Bearer realm="api", error="invalid_token"',
    "no password supplied: set PGPASSWORD",
    "password=$DB_PASSWORD is not set",
    "password=${DB_PASSWORD}",
    "secret=<your secret>",
    "password=*** refused",
    "password=null",
    "SESSION_COOKIE_SECURE=True",
    "SESSION_COOKIE_DOMAIN=example.com",
    "CSRF_COOKIE_DOMAIN=.example.com",
    "POSTGRES_PASSWORD_FILE=/run/secrets/db",
    "POSTGRES_PASSWORD=/run/secrets/db: no such file",
    "TOKEN_URL=https://id.example.com/token",
    "max_tokens=4096 is more than the model takes",
    "tokens: 8192",
    "connect to http://127.0.0.1:3000/@vite/client failed",
    "fetch http://127.0.0.1:5173/@fs/srv/app",
    "https://shop.example.com:8443/ refused",
    "connect ECONNREFUSED 127.0.0.1:5432",
    "ssh://git@example.com:22/shop.git",
    "Error: error:0308010C:digital envelope routines::unsupported",
    "rpc error: code = Unavailable desc = connection refused",
    "Duplicate entry 'a' for key: 'users.email'",
    "if (password == confirm) failed",
    "password !== confirm",
    "Set a password with --password to start",
    "secrets: open /run/secrets/db: no such file or directory",
    "ValueError: token: ValidationError",
    "auth token: 401 Unauthorized",
    "token: EOF",
    "The MAC is invalid.",
    "could not decrypt: bad key",
    "cookie: missing",
    "Cookie: (none)",
    "cookies: none of them is ours",
]


@pytest.mark.parametrize("line", SHOWN)
def test_words_that_carry_the_cause_stay(line: str) -> None:
    assert hide_values(line) == line


def test_only_the_value_goes() -> None:
    line = "user=shop password=hunter2 host=db: timeout (using password: YES)"
    assert hide_values(line) == "user=shop password=*** host=db: timeout (using password: YES)"
    assert hide_values("postgres://shop:hunter2@db/x") == "postgres://shop:***@db/x"


def test_all_texts_of_a_value() -> None:
    value = {"lines": ("password=a1", 3), "names": ["b"], "none": None}
    assert hide_in(value) == {"lines": ("password=***", 3), "names": ["b"], "none": None}
