"""Tencent's API in memory: it verifies every signature, pages, and fails on demand.

The signature is computed here in a way of its own, from the description in the vendor's document,
so that a mistake of the signer is no mistake of the fake's as well.
"""

import hashlib
import hmac
import json
import re
import time
from collections.abc import Callable, Mapping
from typing import Any

from diagnose.cloud.provider import ApiError, ApiRequest, ApiResponse

KEY_ID, SECRET, TOKEN = "AKIDcanaryid00000000", "canarysecret0000000000", "canarytoken00000000"

#: The lists of each call, and the field of its request that picks from it.
_LISTS: Mapping[str, str] = {
    "DescribeAddressTemplateGroups": "AddressTemplateGroupSet",
    "DescribeAddressTemplates": "AddressTemplateSet",
    "DescribeFirewallRules": "FirewallRuleSet",
    "DescribeInstances": "InstanceSet",
    "DescribeNetworkAclQuintupleEntries": "NetworkAclQuintupleSet",
    "DescribeNetworkAcls": "NetworkAclSet",
    "DescribeNetworkInterfaces": "NetworkInterfaceSet",
    "DescribeSecurityGroups": "SecurityGroupSet",
    "DescribeServiceTemplateGroups": "ServiceTemplateGroupSet",
    "DescribeServiceTemplates": "ServiceTemplateSet",
    "DescribeSubnets": "SubnetSet",
}

Answer = Callable[[ApiRequest], ApiResponse]


class FakeTencent:
    """The API of one account. `rows` are the lists by the call's name ("vpc:DescribeSubnets"),
    `policies` the rules by group. `failures` answer the next calls in place of the API.
    `page_limit` is the most that a page holds, whatever is asked for.
    """

    def __init__(self, now: float | None = None) -> None:
        self.rows: dict[str, list[Any]] = {}
        self.policies: dict[str, dict[str, Any]] = {}
        self.failures: list[Answer] = []
        self.denied: set[str] = set()
        self.calls: list[str] = []
        self.regions: set[str] = set()
        self.page_limit = 100
        self.without_total = False
        self._now = now

    async def send(self, request: ApiRequest) -> ApiResponse:
        headers = {name.lower(): value for name, value in request.headers}
        service = request.url.removeprefix("https://").partition(".")[0]
        action = f"{service}:{headers['x-tc-action']}"
        self.calls.append(action)
        self.regions.add(headers["x-tc-region"])
        if self.failures:
            return self.failures.pop(0)(request)
        if error := self._authentication_error(request, headers, service):
            return failure(*error)
        if action in self.denied:
            return failure(
                "UnauthorizedOperation",
                f"[request id:1]you are not authorized to perform operation ({action})\n"
                "resource (qcs::cvm:ap-guangzhou:uin/1:instance/*) has no permission",
            )
        return self._answer(action, json.loads(request.body))

    def _authentication_error(
        self, request: ApiRequest, headers: Mapping[str, str], service: str
    ) -> tuple[str, str] | None:
        now = time.time() if self._now is None else self._now
        if abs(now - int(headers["x-tc-timestamp"])) > 300:
            return "AuthFailure.SignatureExpire", "The request is expired."
        if headers["authorization"].partition("Credential=")[2].partition("/")[0] != KEY_ID:
            return "AuthFailure.SecretIdNotFound", "The SecretId is not found."
        if headers.get("x-tc-token", "") not in {"", TOKEN}:
            return "AuthFailure.TokenFailure", "The token is wrong."
        if not _is_signed(request, headers, service):
            return "AuthFailure.SignatureFailure", f"The key {SECRET} did not sign this."
        return None

    def _answer(self, action: str, parameters: Mapping[str, Any]) -> ApiResponse:
        name = action.partition(":")[2]
        if name == "DescribeSecurityGroupPolicies":
            group = self.policies.get(parameters["SecurityGroupId"])
            if group is None:
                return failure("ResourceNotFound", "There is no such group.")
            return success({"SecurityGroupPolicySet": group})
        rows = [row for row in self.rows.get(action, []) if _is_chosen(row, parameters)]
        start = parameters.get("Offset", 0)
        end = start + min(parameters.get("Limit", 20), self.page_limit)
        total = {} if self.without_total else {"TotalCount": len(rows)}
        return success({_LISTS[name]: rows[start:end], **total})


def success(response: Mapping[str, Any]) -> ApiResponse:
    body = json.dumps({"Response": {**response, "RequestId": "1"}}).encode()
    return ApiResponse(200, body=body)


def failure(code: str, message: str = "") -> ApiResponse:
    return success({"Error": {"Code": code, "Message": message}})


def timeout(_: ApiRequest) -> ApiResponse:
    raise ApiError("timeout", "4 s")


def _is_chosen(row: Any, parameters: Mapping[str, Any]) -> bool:
    """Whether the request's filter or list of ids holds for a row."""
    text = json.dumps(row)
    for each in parameters.get("Filters", []):
        if not any(json.dumps(value) in text for value in each["Values"]):
            return False
    ids = [value for name, value in parameters.items() if name.endswith("Ids")]
    ids += [[value] for name, value in parameters.items() if name == "NetworkAclId"]
    return all(any(json.dumps(each) in text for each in wanted) for wanted in ids)


def _is_signed(request: ApiRequest, headers: Mapping[str, str], service: str) -> bool:
    match = re.fullmatch(
        r"TC3-HMAC-SHA256 Credential=[^/]+/(\d{4}-\d\d-\d\d)/(\w+)/tc3_request, "
        r"SignedHeaders=([a-z;-]+), Signature=([0-9a-f]{64})",
        headers["authorization"],
    )
    if (
        match is None
        or match[2] != service
        or not {"content-type", "host"} <= {*match[3].split(";")}
    ):
        return False
    seconds = int(headers["x-tc-timestamp"])
    if match[1] != time.strftime("%Y-%m-%d", time.gmtime(seconds)):
        return False
    fields = "\n".join(f"{name}:{headers[name].lower()}" for name in match[3].split(";"))
    canonical = "\n".join(
        ["POST", "/", "", fields, "", match[3], hashlib.sha256(request.body).hexdigest()]
    )
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    scope = f"{match[1]}/{service}/tc3_request"
    key = f"TC3{SECRET}".encode()
    for part in (*scope.split("/"), f"TC3-HMAC-SHA256\n{seconds}\n{scope}\n{digest}"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return hmac.compare_digest(key.hex(), match[4])
