"""Alibaba Cloud's API and metadata service, as far as the program asks them.

It needs the standard library only, so that the laboratory can run it on a host of its own:

    python aliyun_mock.py api STATE CERTIFICATE KEY ADDRESS      on port 443
    python aliyun_mock.py metadata STATE ADDRESS                 on port 80

STATE is a JSON file. The API verifies every signature, from the document of the vendor and not by
the program's own code, and keeps the actions that it was asked.
"""

import hashlib
import hmac
import json
import ssl
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit

KEY_ID, SECRET = "LTAI-example-key", "example-secret-canary"
TOKEN = "metadata-token-canary"
Answer = tuple[int, dict[str, Any]]


class AliyunMock:
    """`state` holds "instances", "interfaces", "groups", "switches", "acls", "swas" and, to
    misbehave: "errors" (an action's error, [status, code], how often), "page_size",
    "endless", "clock" (seconds that it is wrong)."""

    def __init__(self, state: Mapping[str, Any]) -> None:
        self.state = dict(state)
        self.actions: list[str] = []
        self.secrets = {KEY_ID: SECRET, **state.get("keys", {})}
        self._left = {name: error[2] for name, error in state.get("errors", {}).items()}

    def answer(self, method: str, url: str, headers: Mapping[str, str]) -> Answer:
        fields = {name.lower(): value for name, value in headers.items()}
        action = fields.get("x-acs-action", "")
        self.actions.append(action)
        if (error := self._signature_error(method, url, fields)) is not None:
            return error
        if self._left.get(action, 0):
            self._left[action] -= 1
            status, code, _ = self.state["errors"][action]
            echo = f"{fields.get('authorization')} {fields.get('x-acs-security-token')}"
            return status, {"Code": code, "Message": f"what was signed: {echo}", "RequestId": "1"}
        parameters = dict(parse_qsl(urlsplit(url).query, keep_blank_values=True))
        host = urlsplit(url).hostname or ""
        if host != host_of(_product(action), parameters.get("RegionId", "")):
            return 404, {"Code": "InvalidAction.NotFound"}
        try:
            return 200, {"RequestId": "1", **getattr(self, f"_{action}")(parameters)}
        except (KeyError, StopIteration):
            return 404, {"Code": "InvalidInstanceId.NotFound"}

    def _signature_error(self, method: str, url: str, fields: Mapping[str, str]) -> Answer | None:
        algorithm, _, rest = fields.get("authorization", "").partition(" ")
        parts = dict(part.split("=", 1) for part in rest.split(",") if "=" in part)
        secret = self.secrets.get(parts.get("Credential", ""))
        if algorithm != "ACS3-HMAC-SHA256" or secret is None:
            return 404, {"Code": "InvalidAccessKeyId.NotFound"}
        date = datetime.strptime(fields["x-acs-date"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
        ours = datetime.now(UTC).timestamp() + self.state.get("clock", 0)
        if abs(date.timestamp() - ours) > 900:
            return 400, {"Code": "InvalidTimeStamp.Expired"}
        split = urlsplit(url)
        pairs = sorted(parse_qsl(split.query, keep_blank_values=True))
        query = "&".join(f"{quote(k, safe='-_.~')}={quote(v, safe='-_.~')}" for k, v in pairs)
        names = parts["SignedHeaders"].split(";")
        required = {"host", "x-acs-action", "x-acs-version", "x-acs-date", "x-acs-content-sha256"}
        if not required <= set(names) or fields["x-acs-content-sha256"] != _digest(""):
            return 400, {"Code": "IncompleteSignature"}
        head = "".join(f"{name}:{fields[name]}\n" for name in names)
        lines = (method, split.path, query, head, parts["SignedHeaders"], _digest(""))
        text = "ACS3-HMAC-SHA256\n" + _digest("\n".join(lines))
        expected = hmac.new(secret.encode(), text.encode(), hashlib.sha256).hexdigest()
        if not hmac.compare_digest(expected, parts["Signature"]):
            return 400, {"Code": "SignatureDoesNotMatch", "Message": f"server signed {text}"}
        return None

    def _page(self, items: list[Any], parameters: Mapping[str, str]) -> tuple[list[Any], str]:
        """A page, and the token of the next one."""
        if self.state.get("endless"):
            return items, f"again-{len(self.actions)}"
        size = min(int(parameters.get("MaxResults", 10)), self.state.get("page_size", 100))
        start = int(parameters.get("NextToken") or 0)
        more = start + size < len(items)
        return items[start : start + size], str(start + size) if more else ""

    def _DescribeInstances(self, parameters: Mapping[str, str]) -> dict[str, Any]:
        wanted = {
            *json.loads(parameters.get("PublicIpAddresses", "[]")),
            *json.loads(parameters.get("EipAddresses", "[]")),
            parameters.get("Ipv6Address.1", ""),
        }
        key = "eip" if "EipAddresses" in parameters else "public"
        key = "ipv6" if "Ipv6Address.1" in parameters else key
        chosen = [
            {
                "InstanceId": each["id"],
                "RegionId": parameters["RegionId"],
                "PublicIpAddress": {"IpAddress": [each["public"]] if each.get("public") else []},
                "EipAddress": {"IpAddress": each.get("eip", "")},
                "VpcAttributes": {"PrivateIpAddress": {"IpAddress": [each.get("private", "")]}},
                "NetworkInterfaces": {
                    "NetworkInterface": [
                        {"Ipv6Sets": {"Ipv6Set": [{"Ipv6Address": each.get("ipv6", "")}]}}
                    ]
                },
            }
            for each in self.state.get("instances", [])
            if each.get(key) in wanted
            and each.get("region", "cn-hangzhou") == parameters["RegionId"]
        ]
        return {"Instances": {"Instance": chosen}, "TotalCount": len(chosen)}

    def _DescribeNetworkInterfaces(self, parameters: Mapping[str, str]) -> dict[str, Any]:
        chosen = [
            each
            for each in self.state.get("interfaces", [])
            if each["InstanceId"] == parameters["InstanceId"]
        ]
        page, token = self._page(chosen, parameters)
        return {"NetworkInterfaceSets": {"NetworkInterfaceSet": page}, "NextToken": token}

    def _DescribeSecurityGroupAttribute(self, parameters: Mapping[str, str]) -> dict[str, Any]:
        group = self.state["groups"][parameters["SecurityGroupId"]]
        page, token = self._page(group.get("Permissions", []), parameters)
        return {
            "SecurityGroupId": parameters["SecurityGroupId"],
            "InnerAccessPolicy": group.get("InnerAccessPolicy", "Accept"),
            "Permissions": {"Permission": page},
            "NextToken": token,
        }

    def _DescribeSecurityGroups(self, parameters: Mapping[str, str]) -> dict[str, Any]:
        ids = json.loads(parameters.get("SecurityGroupIds", "[]"))
        chosen = [
            {
                "SecurityGroupId": name,
                "SecurityGroupName": group.get("name", ""),
                "SecurityGroupType": group.get("SecurityGroupType", "normal"),
                "ServiceManaged": bool(group.get("owner")),
                "ServiceID": group.get("owner", 0),
            }
            for name, group in self.state["groups"].items()
            if (name in ids if ids else group.get("network", "vpc-1") == parameters.get("VpcId"))
        ]
        page, token = self._page(chosen, parameters)
        return {"SecurityGroups": {"SecurityGroup": page}, "NextToken": token}

    def _DescribePrefixListAttributes(self, parameters: Mapping[str, str]) -> dict[str, Any]:
        entries = self.state["prefix_lists"][parameters["PrefixListId"]]
        return {"Entries": {"Entry": [{"Cidr": entry} for entry in entries]}}

    def _DescribeVSwitchAttributes(self, parameters: Mapping[str, str]) -> dict[str, Any]:
        return {"NetworkAclId": self.state.get("switches", {}).get(parameters["VSwitchId"], "")}

    def _DescribeNetworkAclAttributes(self, parameters: Mapping[str, str]) -> dict[str, Any]:
        return {"NetworkAclAttribute": self.state["acls"][parameters["NetworkAclId"]]}

    def _ListInstances(self, parameters: Mapping[str, str]) -> dict[str, Any]:
        wanted = json.loads(parameters["PublicIpAddresses"])
        chosen = [
            {"InstanceId": each["id"], "PublicIpAddress": each["public"],
             "InnerIpAddress": each.get("private", ""), "RegionId": parameters["RegionId"]}
            for each in self.state.get("swas", [])
            if each["public"] in wanted
        ]  # fmt: skip
        return {"Instances": chosen, "TotalCount": len(chosen)}

    def _ListFirewallRules(self, parameters: Mapping[str, str]) -> dict[str, Any]:
        rules = next(
            each["rules"] for each in self.state["swas"] if each["id"] == parameters["InstanceId"]
        )
        size, page = int(parameters.get("PageSize", 10)), int(parameters.get("PageNumber", 1))
        size = min(size, self.state.get("page_size", 100))
        shown = rules[(page - 1) * size : page * size]
        total = 10**9 if self.state.get("endless") else len(rules)
        return {"FirewallRules": rules if self.state.get("endless") else shown, "TotalCount": total}


def host_of(product: str, region: str) -> str:
    """The host of an API, as the vendor's libraries have it: Hangzhou was there first."""
    first = {"ecs": "ecs-cn-hangzhou.aliyuncs.com", "vpc": "vpc.aliyuncs.com"}
    return first.get(product if region == "cn-hangzhou" else "", f"{product}.{region}.aliyuncs.com")


def _product(action: str) -> str:
    if action in {"ListInstances", "ListFirewallRules"}:
        return "swas"
    return "vpc" if "VSwitch" in action or "NetworkAcl" in action else "ecs"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


class MetadataMock:
    """`state` holds "items", and "mode": "hardened" (a token is needed), "plain" (there is no
    token), "off". Every path that was asked is kept."""

    def __init__(self, state: Mapping[str, Any]) -> None:
        self.state = dict(state)
        self.paths: list[str] = []

    def answer(self, method: str, path: str, headers: Mapping[str, str]) -> tuple[int, str]:
        fields = {name.lower(): value for name, value in headers.items()}
        self.paths.append(path)
        mode = self.state.get("mode", "hardened")
        if mode == "off":
            return 403, "no"
        if method == "PUT":
            has_ttl = "x-aliyun-ecs-metadata-token-ttl-seconds" in fields
            is_known = path == "/latest/api/token" and mode == "hardened"
            return (200, TOKEN) if is_known and has_ttl else (404, "no")
        if mode == "hardened" and fields.get("x-aliyun-ecs-metadata-token") != TOKEN:
            return 403, "no"
        item = self.state["items"].get(path.removeprefix("/latest/meta-data/"))
        return (404, "no") if item is None else (200, item)


def serve(kind: str, state: Mapping[str, Any], address: str, port: int) -> ThreadingHTTPServer:
    """Return a server, bound and not started. `.mock` is what answers."""
    mock: Any = AliyunMock(state) if kind == "api" else MetadataMock(state)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _respond(self) -> None:
            host = self.headers.get("Host", "")
            url = f"https://{host}{self.path}" if kind == "api" else self.path
            status, answer = mock.answer(self.command, url, dict(self.headers.items()))
            body = (json.dumps(answer) if kind == "api" else answer).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = do_PUT = _respond

        def log_message(self, format: str, *args: object) -> None:
            return

    server = ThreadingHTTPServer((address, port), Handler)
    server.daemon_threads = True
    server.mock = mock  # type: ignore[attr-defined]
    return server


def main(kind: str, state_path: str, *rest: str) -> None:
    state = json.loads(Path(state_path).read_text())
    server = serve(kind, state, rest[-1], 443 if kind == "api" else 80)
    if kind == "api":
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(rest[0], rest[1])
        server.socket = context.wrap_socket(server.socket, server_side=True)
    server.serve_forever()


if __name__ == "__main__":
    main(*sys.argv[1:])
