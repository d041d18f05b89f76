"""An authority that issues nothing: it answers an order as its mode says (RFC 8555).

    python -m tests.lab.applications.acme_server 14000 CERTIFICATE KEY MODE

The texts are those of Let's Encrypt (Boulder). Signatures are not verified, and nobody is asked
for the challenge.
"""

import base64
import json
import ssl
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

ERROR = "urn:ietf:params:acme:error:"
#: Problems of a whole order, and of its challenges (the name is put in). RFC 8555 section 6.7.
ORDERS = {
    "rate": (
        "rateLimited",
        429,
        "too many certificates (5) already issued for this exact set of domains in the last 168h0m0"
        "s, retry after 2026-11-30 09:12:44 UTC: see https://letsencrypt.org/docs/rate-limits/",
    ),
    "policy": (
        "rejectedIdentifier",
        400,
        "Invalid identifiers requested :: Cannot issue for {name}: Domain name does not end with a"
        " valid public suffix (TLD)",
    ),
}
CHALLENGES = {
    "caa": ("caa", 403, "CAA record for {name} prevents issuance"),
    "elsewhere": (
        "unauthorized",
        403,
        "203.0.113.99: Invalid response from http://{name}/.well-known/acme-challenge/x: 404",
    ),
    "closed": (
        "connection",
        400,
        "203.0.113.10: Fetching http://{name}/.well-known/acme-challenge/x: Timeout during connect"
        " (likely firewall problem)",
    ),
    "refused": ("connection", 400, "203.0.113.10: Connection refused"),
    "unknown": (
        "dns",
        400,
        "DNS problem: NXDOMAIN looking up A for {name} - check that a DNS record exists for this"
        " domain; DNS problem: NXDOMAIN looking up AAAA for {name} - check that a DNS record exists"
        " for this domain",
    ),
    "tls": (
        "unauthorized",
        403,
        "203.0.113.99: Incorrect validation certificate for tls-alpn-01 challenge. Requested {name}"
        " from 203.0.113.99:443. Received certificate with no ALPN protocol",
    ),
}


class Authority(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    mode, name, tried = "caa", "", False

    def do_GET(self) -> None:
        if self.path == "/directory":
            paths = {"newNonce": "nonce", "newAccount": "account", "newOrder": "order"}
            self.send(200, {key: self.url(path) for key, path in paths.items()})
        else:
            self.send(200, {})

    do_HEAD = do_GET

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        text = body["payload"]
        payload = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)) or b"{}")
        kind = self.path.partition("/")[2].partition("/")[0]
        if kind == "account":
            self.send(201, {"status": "valid"}, Location=self.url("account/1"))
        elif kind == "order":
            type(self).name = payload["identifiers"][0]["value"] if payload else self.name
            type(self).tried = False
            self.order()
        elif kind == "challenge":
            type(self).tried = True
            self.send(200, self.challenge(self.path.rpartition("/")[2], "processing"))
        else:
            self.authorization()

    def order(self) -> None:
        if self.mode in ORDERS:
            self.send(ORDERS[self.mode][1], self.problem(*ORDERS[self.mode]))
            return
        order = {
            "status": "pending",
            "identifiers": [{"type": "dns", "value": self.name}],
            "authorizations": [self.url("authorization/1")],
            "finalize": self.url("finalize/1"),
        }
        self.send(201, order, Location=self.url("order/1"))

    def authorization(self) -> None:
        status = "invalid" if self.tried else "pending"
        kinds = ("dns-01",) if self.mode == "wildcard" else ("http-01", "tls-alpn-01")
        challenges = [self.challenge(kind, status) for kind in kinds]
        identifier = {"type": "dns", "value": self.name}
        self.send(200, {"status": status, "identifier": identifier, "challenges": challenges})

    def challenge(self, kind: str, status: str) -> dict[str, Any]:
        challenge = {"type": kind, "url": self.url(f"challenge/{kind}"), "token": "x" * 22}
        error = {"error": self.problem(*CHALLENGES[self.mode])} if status == "invalid" else {}
        return challenge | {"status": status} | error

    def problem(self, kind: str, status: int, detail: str) -> dict[str, Any]:
        return {"type": ERROR + kind, "status": status, "detail": detail.format(name=self.name)}

    def url(self, path: str) -> str:
        return f"https://{self.headers['Host']}/{path}"

    def send(self, status: int, document: object, **fields: str) -> None:
        body = json.dumps(document).encode()
        self.send_response(status)
        problem = "application/problem+json" if status >= 400 else "application/json"
        length = str(len(body))
        fields |= {"Content-Type": problem, "Replay-Nonce": "bm9uY2U", "Content-Length": length}
        for field, value in fields.items():
            self.send_header(field, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


def main(port: str, certificate: str, key: str, mode: str) -> None:
    Authority.mode = mode
    server = ThreadingHTTPServer(("127.0.0.1", int(port)), Authority)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    server.serve_forever()


if __name__ == "__main__":
    main(*sys.argv[1:])
