#!/usr/bin/python3
"""Stands for Tomcat: it opens the ports of the connectors in its server.xml that are no comments,
for AJP and for HTTP, and starts none for AJP without a secret (Tomcat 9.0.31).

    tomcat_server.py -Dcatalina.base=/srv/tomcat org.apache.catalina.startup.Bootstrap start

Source of the packets: https://tomcat.apache.org/connectors-doc/ajp/ajpv13a.html
"""

import re
import struct
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from socketserver import StreamRequestHandler, ThreadingTCPServer

PAGE = b"<!doctype html><title>Shop</title><p>It works, welcome to the shop.</p>\n"
REFUSED = (
    'java.lang.IllegalArgumentException: The AJP Connector is configured with secretRequired="true"'
    ' but the secret attribute is either null or "". This combination is not valid.'
)


def text(value: bytes) -> bytes:
    return struct.pack(">H", len(value)) + value + b"\0"


class Ajp(StreamRequestHandler):
    def handle(self) -> None:
        while len(head := self.rfile.read(4)) == 4:
            data = self.rfile.read(struct.unpack(">H", head[2:])[0])
            if data[:1] == b"\x0a":  # CPing
                self.wfile.write(b"AB\0\1\x09")
            if data[:1] == b"\x02":  # Forward Request
                self.answer()

    def answer(self) -> None:
        size = str(len(PAGE)).encode()
        fields = text(b"Content-Type") + text(b"text/html") + text(b"Content-Length") + text(size)
        headers = b"\4" + struct.pack(">H", 200) + text(b"OK") + b"\0\2" + fields
        body = b"\3" + struct.pack(">H", len(PAGE)) + PAGE + b"\0"
        for part in (headers, body, b"\5\1"):
            self.wfile.write(b"AB" + struct.pack(">H", len(part)) + part)


class Http(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(PAGE)))
        self.end_headers()
        self.wfile.write(PAGE)


def start(connector: str) -> None:
    values = dict(re.findall(r'(\w+)="([^"]*)"', connector))
    is_ajp = values.get("protocol", "").startswith("AJP")
    if is_ajp and values.get("secretRequired") != "false" and not values.get("secret"):
        print(REFUSED, file=sys.stderr, flush=True)
        return
    address = (values.get("address", "127.0.0.1"), int(values["port"]))
    ThreadingTCPServer.allow_reuse_address = ThreadingTCPServer.daemon_threads = True
    server = ThreadingTCPServer(address, Ajp) if is_ajp else ThreadingHTTPServer(address, Http)
    threading.Thread(target=server.serve_forever, daemon=True).start()


if __name__ == "__main__":
    base = next(word.partition("=")[2] for word in sys.argv if word.startswith("-Dcatalina.base="))
    document = Path(base, "conf", "server.xml").read_text("utf-8")
    for each in re.findall(r"<Connector\s[^>]*>", re.sub(r"(?s)<!--.*?-->", "", document)):
        start(each)
    print("Server startup in [812] milliseconds", flush=True)
    threading.Event().wait()
