import pytest

from diagnose.parsers.missing_tokens import says_no_token


@pytest.mark.parametrize(
    "body",
    [
        '{"code":401,"message":"Not authorized: JWT token not provided"}',
        '{"code":401,"message":"JWT Token not found"}',
        '{"status":"error","message":"Token not found."}',
        '{"code":"jwt_auth_no_auth_header","message":"Authorization header not found."}',
        '{"msg":"Missing Authorization Header"}',
        "UnauthorizedError: No authorization token was found",
        "Access token is missing",
        '{"detail":"Authentication credentials were not provided."}',
    ],
)
def test_the_application_misses_a_token(body: str) -> None:
    assert says_no_token(401, body)
    assert not says_no_token(404, body)


@pytest.mark.parametrize(
    "body",
    [
        '{"message":"Invalid token"}',
        '{"message":"Token has expired"}',
        '{"detail":"CSRF token missing"}',
        '{"message":"session token not found in cookie"}',
        "<h1>401 Authorization Required</h1>",
        "Unauthorized",
        '{"error":"Missing or invalid Authorization header"}',
        "",
    ],
)
def test_other_refusals(body: str) -> None:
    assert not says_no_token(401, body)
