"""Calls Alibaba Cloud's API: signs, pages, and turns every refusal into an `ApiError`.

Only the actions of `ACTIONS` are ever called; all of them read.
"""

import asyncio
import json
import re
import uuid
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from diagnose.cloud import fields
from diagnose.cloud.aliyun.signature import signed_request
from diagnose.cloud.provider import ApiError, ApiErrorKind, ApiResponse, Client, Credentials
from diagnose.parsers.sanitize import clean

#: Each action that may be called, and the product that has it.
ACTIONS = {
    "DescribeInstances": "ecs",
    "DescribeNetworkInterfaces": "ecs",
    "DescribeSecurityGroups": "ecs",
    "DescribeSecurityGroupAttribute": "ecs",
    "DescribePrefixListAttributes": "ecs",
    "DescribePortRangeListEntries": "ecs",
    "DescribeVSwitchAttributes": "vpc",
    "DescribeNetworkAclAttributes": "vpc",
    "ListInstances": "swas",
    "ListFirewallRules": "swas",
}
#: The version of each product's API, and the name of the product in a RAM policy.
_VERSIONS = {"ecs": "2014-05-26", "vpc": "2016-04-28", "swas": "2020-06-01"}
_POLICY_NAMES = {"ecs": "ecs", "vpc": "vpc", "swas": "swas-open"}

#: A region is a part of a host's name: nothing else may come into it.
_REGION = re.compile(r"[a-z]{2}(?:-[a-z0-9]+){1,4}")

#: Seconds before a call is made again where there were too many.
RETRY_WAIT = 0.5

#: More pages than the quotas allow: 100 groups with 1,000 rules each come in fewer.
MAX_PAGES = 25

#: The beginnings of error codes, in the order in which they are compared.
_CODES: tuple[tuple[str, ApiErrorKind], ...] = (
    ("Throttling", "throttled"),
    ("ServiceUnavailable", "throttled"),
    ("InvalidTimeStamp", "clock"),
    ("IllegalTimestamp", "clock"),
    ("Forbidden", "forbidden"),
    ("NoPermission", "forbidden"),
    ("UnauthorizedOperation", "forbidden"),
    ("InvalidAccessKeyId", "rejected"),
    ("InvalidAccessKeySecret", "rejected"),
    ("SignatureDoesNotMatch", "rejected"),
    ("IncompleteSignature", "rejected"),
    ("InvalidSecurityToken", "rejected"),
    ("InvalidInstanceId.NotFound", "missing"),
    ("InvalidRegionId", "missing"),
)
_STATUSES: Mapping[int, ApiErrorKind] = {
    401: "rejected",
    403: "forbidden",
    404: "missing",
    429: "throttled",
    503: "throttled",
}


#: Regions whose endpoints have other names, as the vendor's own libraries have them.
_ENDPOINTS: Mapping[str, Mapping[str, str]] = {
    "ecs": {
        "cn-hangzhou": "ecs-cn-hangzhou.aliyuncs.com",
        "cn-shanghai-finance-1": "ecs-cn-hangzhou.aliyuncs.com",
        "cn-shenzhen-finance-1": "ecs-cn-hangzhou.aliyuncs.com",
        "cn-hangzhou-finance": "ecs.aliyuncs.com",
        "cn-north-2-gov-1": "ecs.aliyuncs.com",
    },
    "vpc": dict.fromkeys(
        (
            "cn-hangzhou", "cn-shanghai-finance-1", "cn-shenzhen-finance-1",
            "cn-hangzhou-finance", "cn-north-2-gov-1",
        ),
        "vpc.aliyuncs.com",
    ),
}  # fmt: skip


def endpoint(product: str, region: str) -> str:
    """Return the host of a product's API in a region."""
    regional = f"{product}.{region}.aliyuncs.com"
    return _ENDPOINTS.get(product, {}).get(region, regional)


def policy_action(action: str) -> str:
    """Return an action as a RAM policy names it ("ecs:DescribeInstances")."""
    return f"{_POLICY_NAMES[ACTIONS[action]]}:{action}"


class AliyunApi:
    """The API in one region. `allow` is what to allow if it refuses a call."""

    def __init__(
        self,
        region: str,
        credentials: Credentials,
        client: Client,
        allow: tuple[str, ...] = (),
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        if not _REGION.fullmatch(region):
            raise ApiError("missing", clean(region, 60), code="no-region")
        self.region = region
        self._credentials, self._client, self._allow, self._now = credentials, client, allow, now

    async def call(self, action: str, **parameters: str) -> Mapping[str, Any]:
        """Call an action and return its answer. Where there were too many calls, call once more."""
        try:
            return await self._call(action, parameters)
        except ApiError as error:
            if error.kind != "throttled":
                raise
        await asyncio.sleep(RETRY_WAIT)
        return await self._call(action, parameters)

    async def pages(self, action: str, *keys: str, **parameters: str) -> list[Mapping[str, Any]]:
        """Return the objects of all pages of a list that `keys` lead to (NextToken)."""
        everything: list[Mapping[str, Any]] = []
        tokens: set[str] = set()
        for _ in range(MAX_PAGES):
            answer = await self.call(action, **parameters)
            everything += _nested_items(answer, keys)
            token = fields.member(answer, "NextToken")
            if not isinstance(token, str) or not token:
                return everything[: fields.MAX_RULES]
            if token in tokens:
                break
            tokens.add(token)
            parameters["NextToken"] = token
        raise ApiError("endless", action=policy_action(action))

    async def numbered_pages(
        self, action: str, *keys: str, **parameters: str
    ) -> list[Mapping[str, Any]]:
        """Return the objects of all pages of a list that is paged by numbers."""
        everything: list[Mapping[str, Any]] = []
        for page in range(1, MAX_PAGES + 1):
            answer = await self.call(action, PageNumber=str(page), **parameters)
            items = _nested_items(answer, keys)
            everything += items
            if not items or len(everything) >= fields.number(fields.member(answer, "TotalCount")):
                return everything
        raise ApiError("endless", action=policy_action(action))

    async def _call(self, action: str, parameters: Mapping[str, str]) -> Mapping[str, Any]:
        product = ACTIONS[action]
        response = await self._client.send(
            signed_request(
                f"https://{endpoint(product, self.region)}",
                action,
                _VERSIONS[product],
                {"RegionId": self.region, **parameters},
                self._credentials,
                self._now().strftime("%Y-%m-%dT%H:%M:%SZ"),
                uuid.uuid4().hex,
            )
        )
        answer = _json_object(response)
        # Every answer has this field. Another document must not be read as an empty list.
        if response.status == 200 and answer is not None and "RequestId" in answer:
            return answer
        raise self._error(action, response.status, answer)

    def _error(self, action: str, status: int, answer: Mapping[str, Any] | None) -> ApiError:
        """Return the error that an answer means. The API's own text is left out: for a wrong
        signature it repeats what was signed, and with it the session token."""
        code = clean(fields.text(fields.member(answer, "Code")), 80)
        by_code = (kind for start, kind in _CODES if code.startswith(start))
        default: ApiErrorKind = "rejected" if code else "invalid"
        kind = next(by_code, _STATUSES.get(status, default))
        return ApiError(
            kind,
            f"HTTP {status} {code}".strip(),
            code=code,
            action=policy_action(action),
            allow=self._allow if kind == "forbidden" else (),
        )


def _json_object(response: ApiResponse) -> Mapping[str, Any] | None:
    try:
        answer = json.loads(response.body)
    except (ValueError, RecursionError):
        return None
    return answer if isinstance(answer, dict) else None


def _nested_items(answer: Mapping[str, Any], keys: tuple[str, ...]) -> list[Mapping[str, Any]]:
    """Return a list that may be nested once more ({"Permissions": {"Permission": [...]}})."""
    return fields.items(answer, *keys) or fields.items(answer, *keys[:-1])
