"""Scenarios of tls.no-certificate: programs that speak TLS and have no certificate to show, or
that speak none on the port for it."""

from .. import certificates
from ..lab import Lab
from ..scenario import scenario
from .programs import ELSEWHERE, TEXT, node
from .upstream_context_path import needs_java

GIVEN = "a person knows which files the program reads"
FOLDER = "/opt/shop"
#: A key manager that is asked for an alias which the key store does not have, as Spring Boot's with
#: server.ssl.key-alias.
JAVA = """\
import java.net.*;
import java.security.*;
import javax.net.ssl.*;
public class Main {
  public static void main(String[] given) throws Exception {
    KeyManager manager = new X509ExtendedKeyManager() {
      public String chooseEngineServerAlias(String t, Principal[] i, SSLEngine e) { return "A"; }
      public String chooseServerAlias(String t, Principal[] i, Socket s) { return "A"; }
      public String[] getServerAliases(String t, Principal[] i) { return null; }
      public String[] getClientAliases(String t, Principal[] i) { return null; }
      public String chooseClientAlias(String[] t, Principal[] i, Socket s) { return null; }
      public java.security.cert.X509Certificate[] getCertificateChain(String a) { return null; }
      public PrivateKey getPrivateKey(String a) { return null; }
    };
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(new KeyManager[] {manager}, null, null);
    ServerSocket server = context.getServerSocketFactory().createServerSocket(443);
    while (true) {
      Socket visitor = server.accept();
      new Thread(() -> {
        try (visitor) {
          visitor.getInputStream().read();
        } catch (java.io.IOException failed) {
          // The handshake: the alert is sent.
        }
      }).start();
    }
  }
}
"""

#: Spring Boot and Tomcat without a key store: the port alone turns no TLS on.
PLAIN = """\
import com.sun.net.httpserver.HttpServer;
import java.net.InetSocketAddress;
public class Main {
  public static void main(String[] given) throws Exception {
    HttpServer server = HttpServer.create(new InetSocketAddress(443), 0);
    server.createContext("/", visit -> {
      visit.sendResponseHeaders(200, 2);
      visit.getResponseBody().write("ok".getBytes());
      visit.close();
    });
    server.start();
  }
}
"""


@scenario(
    outside="tls.no-shared-cipher", server="tls.no-certificate", manual=GIVEN, not_on=ELSEWHERE
)
def node_ignores_a_misspelt_option(lab: Lab) -> None:
    """Issue 263 of spdy-http2/node-spdy: `crt` in place of `cert`."""
    node(lab, certificates.good(), TEXT.replace("  cert: ", "  crt: "))


@scenario(
    outside="tls.no-shared-cipher",
    server="tls.no-certificate",
    manual=GIVEN,
    not_on=ELSEWHERE,
    needs=needs_java,
)
def java_has_no_key_of_that_alias(lab: Lab) -> None:
    """Issue 16168 of spring-projects/spring-boot: server.ssl.key-alias is spelt otherwise than in
    the key store."""
    _java(lab, JAVA)


@scenario(outside="tls.plain-http", manual=GIVEN, not_on=ELSEWHERE, needs=needs_java)
def java_speaks_http_on_the_port_of_https(lab: Lab) -> None:
    """server.port=443 without server.ssl.key-store, after questions about "This combination of host
    and port requires TLS" the other way round."""
    _java(lab, PLAIN)


def _java(lab: Lab, text: str) -> None:
    """A program in Java on port 443, and the redirect on port 80."""
    node(lab, certificates.good(), TEXT.replace("server.listen(443", "server.listen(8443"), 80)
    lab.undo(lambda: lab.server.sh(f"rm -rf {FOLDER}"))
    lab.server.write(f"{FOLDER}/Main.java", text)
    lab.server.sh(f"cd {FOLDER} && javac Main.java")
    lab.spawn(lab.server, ["java", "-cp", FOLDER, "Main"], 443)
