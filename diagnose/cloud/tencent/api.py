"""Calls of Tencent's API: signed, paged, and none that changes anything.

Source: "Responses" and "Common error codes" (document 213/30435); the limits of each call are
those of its own document.
"""

import asyncio
import json
import re
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from diagnose.cloud.fields import member, text
from diagnose.cloud.provider import (
    ApiError,
    ApiErrorKind,
    ApiRequest,
    ApiResponse,
    Client,
    Credentials,
)
from diagnose.cloud.tencent.signature import signed_headers

#: The version of each service's API, and the only calls that are made.
_VERSIONS: Mapping[str, str] = {
    "cvm": "2017-03-12", "vpc": "2017-03-12", "lighthouse": "2020-03-24",
}  # fmt: skip
ALLOWED = frozenset(
    {
        "cvm:DescribeInstances",
        "lighthouse:DescribeFirewallRules",
        "lighthouse:DescribeInstances",
        "vpc:DescribeAddressTemplateGroups",
        "vpc:DescribeAddressTemplates",
        "vpc:DescribeNetworkAclQuintupleEntries",
        "vpc:DescribeNetworkAcls",
        "vpc:DescribeNetworkInterfaces",
        "vpc:DescribeSecurityGroupPolicies",
        "vpc:DescribeSecurityGroups",
        "vpc:DescribeServiceTemplateGroups",
        "vpc:DescribeServiceTemplates",
        "vpc:DescribeSubnets",
    }
)
#: The largest page of every call here. The usual one has 20.
_PAGE = 100
#: Pages of one question. No quota of rules, interfaces or groups comes near.
_MAX_PAGES = 30
#: Seconds before the only second try.
_RETRY_AFTER = 1.0
#: What the message about a missing permission names: "(cvm:DescribeInstances)".
_OPERATION = re.compile(r"\(([a-z]{2,20}:[A-Z][A-Za-z]{3,60})\)")

_KINDS: tuple[tuple[str, ApiErrorKind], ...] = (
    ("AuthFailure.SignatureExpire", "clock"),
    ("AuthFailure.UnauthorizedOperation", "forbidden"),
    ("AuthFailure", "rejected"),
    ("UnauthorizedOperation", "forbidden"),
    ("IpNotInWhitelist", "forbidden"),
    ("IpInBlacklist", "forbidden"),
    ("RequestLimitExceeded", "throttled"),
    ("LimitExceeded.RequestLimit", "throttled"),
    ("ResourceNotFound", "missing"),
    ("InvalidInstanceId.NotFound", "missing"),
    ("InternalError", "unreachable"),
    ("ResourceUnavailable", "unreachable"),
)


@dataclass(slots=True)
class TencentApi:
    """The API as one account sees one region.

    `allow` are the actions of the smallest policy. `clock` is in seconds since the epoch.
    """

    client: Client
    credentials: Credentials
    region: str
    allow: tuple[str, ...] = ()
    clock: Callable[[], float] = time.time
    pause: Callable[[float], Awaitable[None]] = asyncio.sleep

    async def call(self, action: str, parameters: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return the Response of a call ("vpc:DescribeSubnets"). Where there are too many calls,
        it is tried once more."""
        if action not in ALLOWED:
            raise ValueError(f"{action} is not among the calls that only read")
        try:
            return await self._call(action, parameters)
        except ApiError as error:
            if error.kind != "throttled":
                raise
        await self.pause(_RETRY_AFTER)
        return await self._call(action, parameters)

    async def pages(
        self, action: str, parameters: Mapping[str, Any], name: str
    ) -> list[Mapping[str, Any]]:
        """Return the list `name` of all pages. What in it is no object stays: a caller may ask
        whether the list is whole."""
        rows: list[Any] = []
        for _ in range(_MAX_PAGES):
            page = {**parameters, "Offset": len(rows), "Limit": _PAGE}
            response = await self.call(action, page)
            listed = response.get(name)
            if not isinstance(listed, list):
                raise ApiError("invalid", f"no list {name}", action=action)
            rows += listed
            total = response.get("TotalCount")
            is_last = len(rows) >= total if isinstance(total, int) else len(listed) < _PAGE
            if is_last or not listed:
                return rows
        raise ApiError("endless", f"more than {_MAX_PAGES} pages", action=action)

    async def _call(self, action: str, parameters: Mapping[str, Any]) -> Mapping[str, Any]:
        service, _, name = action.partition(":")
        host = f"{service}.tencentcloudapi.com"
        payload = json.dumps(parameters, separators=(",", ":")).encode()
        headers = signed_headers(
            self.credentials.key_id,
            self.credentials.secret,
            self.credentials.token,
            host,
            name,
            _VERSIONS[service],
            self.region,
            payload,
            int(self.clock()),
        )
        request = ApiRequest("POST", f"https://{host}/", tuple(headers.items()), payload)
        return self._response(action, await self.client.send(request))

    def _response(self, action: str, answer: ApiResponse) -> Mapping[str, Any]:
        """Return the Response of an answer. Errors have the status 200 as well."""
        try:
            response = member(json.loads(answer.body), "Response")
        except (ValueError, RecursionError):
            response = None
        if not isinstance(response, Mapping):
            kind: ApiErrorKind = "unreachable" if answer.status >= 500 else "invalid"
            raise ApiError(kind, f"HTTP {answer.status}", action=action)
        if "Error" in response:
            raise self._error(action, response["Error"])
        return response

    def _error(self, action: str, error: object) -> ApiError:
        """Return the error that an answer means, without the API's own text: it repeats what was
        sent."""
        code = text(member(error, "Code"))
        kinds = (kind for prefix, kind in _KINDS if code.startswith(prefix))
        kind: ApiErrorKind = next(kinds, "invalid")
        permission = _permission(error) or action
        other_permissions = (
            allowed for allowed in self.allow if allowed not in {permission, action}
        )
        allow = (permission, *other_permissions) if kind == "forbidden" else ()
        return ApiError(kind, code, code=code, action=action, allow=allow)


def _permission(error: object) -> str:
    """Return the permission that a message names. It can differ from the call's own name."""
    message = member(error, "Message")
    match = _OPERATION.search(message) if isinstance(message, str) else None
    return match[1] if match else ""


def filtered(name: str, value: str) -> dict[str, Any]:
    """Return the parameters that ask for the rows whose field has one value."""
    return {"Filters": [{"Name": name, "Values": [value]}]}
