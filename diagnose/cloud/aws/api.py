"""Calls of EC2's API, paged, with their failures as `ApiError`.

Source: EC2 API Reference, "Error codes" and "Pagination".
"""

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any, cast

from diagnose.cloud.aws.sdk import ec2_client
from diagnose.cloud.fields import member, text
from diagnose.cloud.provider import ApiError, ApiErrorKind, Client, Credentials

#: Pages of one question. No quota of groups, interfaces or entries comes near.
_MAX_PAGES = 30
#: Seconds before the only second try.
_RETRY_AFTER = 1.0
#: Seconds by which a clock may differ; the API takes five minutes.
_MAX_SKEW = 240
_KINDS: tuple[tuple[str, ApiErrorKind], ...] = (
    ("UnauthorizedOperation", "forbidden"),
    ("AccessDenied", "forbidden"),
    ("ForbiddenException", "forbidden"),
    ("RequestExpired", "clock"),
    ("RequestLimitExceeded", "throttled"),
    ("Throttling", "throttled"),
    ("TooManyRequests", "throttled"),
    ("AuthFailure", "rejected"),
    ("InvalidClientTokenId", "rejected"),
    ("SignatureDoesNotMatch", "rejected"),
    ("UnrecognizedClient", "rejected"),
    ("UnauthorizedException", "rejected"),
    ("ExpiredToken", "rejected"),
    ("Blocked", "rejected"),
    ("OptInRequired", "rejected"),
    ("PendingVerification", "rejected"),
    ("InvalidInstanceID", "missing"),
    ("InvalidNetworkInterfaceID", "missing"),
    ("InvalidGroup", "missing"),
    ("InternalError", "unreachable"),
    ("InternalFailure", "unreachable"),
    ("ServiceUnavailable", "unreachable"),
    ("Unavailable", "unreachable"),
)
#: Calls that get the key of a profile, as policies name them.
_OTHER_ACTIONS = {
    "AssumeRole": "sts:AssumeRole",
    "CreateToken": "sso-oauth:CreateToken",
    "GetRoleCredentials": "sso:GetRoleCredentials",
}
#: Exceptions of botocore, by the beginning of their names, that say that a login is over.
_LOGINS = ("SSO", "UnauthorizedSSO", "Token", "Login")
#: Those that say that there is no key.
_CREDENTIALS = (
    *_LOGINS, "NoCredentials", "PartialCredentials", "ProfileNotFound", "CredentialRetrieval",
    "InvalidConfig", "InfiniteLoopConfig", "RefreshWithMFA",
)  # fmt: skip


@dataclass(slots=True)
class Ec2Api:
    """EC2 as one account sees one region.

    `source` is that of the credentials, `allow` are the actions of the smallest policy. `clock` is
    in seconds since the epoch.
    """

    ec2: Any
    region: str
    source: str
    allow: tuple[str, ...] = ()
    clock: Callable[[], float] = time.time
    pause: Callable[[float], Awaitable[None]] = asyncio.sleep

    async def call(self, method: str, parameters: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return the answer of a call ("describe_instances"). Where there are too many calls, it
        is tried once more."""
        try:
            return await self._call(method, parameters)
        except ApiError as error:
            if error.kind != "throttled":
                raise
        await self.pause(_RETRY_AFTER)
        return await self._call(method, parameters)

    async def pages(self, method: str, name: str, parameters: Mapping[str, Any]) -> list[Any]:
        """Return the list `name` of all pages."""
        rows: list[Any] = []
        tokens: set[str] = {""}
        token = ""
        for _ in range(_MAX_PAGES):
            page = {**parameters, "NextToken": token} if token else parameters
            answer = await self.call(method, page)
            listed = answer.get(name)
            rows += listed if isinstance(listed, list) else []
            token = answer.get("NextToken") or ""
            if not token:
                return rows
            if token in tokens:
                break
            tokens.add(token)
        raise ApiError("endless", action=_action(method))

    async def _call(self, method: str, parameters: Mapping[str, Any]) -> Mapping[str, Any]:
        try:
            answer = await asyncio.to_thread(getattr(self.ec2, method), **parameters)
        except ApiError as error:
            raise ApiError(error.kind, error.message, action=_action(method)) from None
        except Exception as error:
            # botocore lets also the errors of its parsers through: of XML, of dates.
            raise self._error(method, error) from None
        # Every answer has this field. Another document must not be read as an empty list.
        if not text(member(answer, "ResponseMetadata", "RequestId")):
            raise ApiError("invalid", "not an answer of EC2", action=_action(method))
        return cast(Mapping[str, Any], answer)

    def _error(self, method: str, error: Exception) -> ApiError:
        """Return the error that an exception of botocore means. The API's own text is left out: it
        names accounts and repeats what was signed."""
        name = type(error).__name__
        response = getattr(error, "response", None)
        if isinstance(response, Mapping):
            operation = text(getattr(error, "operation_name", ""))
            return self._refusal(_OTHER_ACTIONS.get(operation, _action(method)), response)
        if name.startswith(_CREDENTIALS):
            return _no_key(self.source, name)
        return ApiError("invalid", name, code=name, action=_action(method))

    def _refusal(self, action: str, response: Mapping[str, Any]) -> ApiError:
        code = text(member(response, "Error", "Code"))
        status = member(response, "ResponseMetadata", "HTTPStatusCode")
        kinds = (kind for prefix, kind in _KINDS if code.startswith(prefix))
        is_down = isinstance(status, int) and status >= 500
        kind: ApiErrorKind = next(kinds, "unreachable" if is_down else "invalid")
        if kind == "rejected" and self._is_clock_wrong(response):
            kind = "clock"
        other_actions = (
            allowed_action for allowed_action in self.allow if allowed_action != action
        )
        allow = (action, *other_actions) if kind == "forbidden" else ()
        return ApiError(kind, code or f"HTTP {status}", code=code, action=action, allow=allow)

    def _is_clock_wrong(self, response: Mapping[str, Any]) -> bool:
        """Whether the answer's Date differs from this machine's clock: EC2 refuses a key in the
        same words where only the clock is wrong."""
        date = text(member(response, "ResponseMetadata", "HTTPHeaders", "date"))
        with contextlib.suppress(ValueError, TypeError, OverflowError):
            return abs(parsedate_to_datetime(date).timestamp() - self.clock()) > _MAX_SKEW
        return False


async def open_api(
    credentials: Credentials, region: str, client: Client, allow: tuple[str, ...] = ()
) -> Ec2Api:
    """Return EC2 in a region. Raise ApiError where boto3 is missing, or the profile is wrong."""
    if not region:
        raise ApiError("missing", code="no-region")
    try:
        ec2 = await ec2_client(credentials, region, client)
    except ApiError:
        raise
    except Exception as error:
        name = type(error).__name__
        if name.startswith(_CREDENTIALS):
            raise _no_key(credentials.source, name) from None
        raise ApiError("invalid", name, code=name) from None
    return Ec2Api(ec2, region, credentials.source, allow)


def _no_key(source: str, name: str) -> ApiError:
    """Return the error for a profile of which boto3 got no key. `name` is that of its exception."""
    way_out = "log in again with `aws sso login`" if name.startswith(_LOGINS) else name
    return ApiError("credentials", f"{source} gave no key: {way_out}")


def _action(method: str) -> str:
    """Return a method as a policy names it: "ec2:DescribeInstances"."""
    return "ec2:" + "".join(word.capitalize() for word in method.split("_"))
