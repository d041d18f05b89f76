"""Messages of programs on a server: of those that order certificates, Apache, Caddy, HAProxy, nginx
and systemd, and of those that keep a visitor out. No I/O."""

import re

from diagnose.model.symptom import SymptomKind
from diagnose.parsers.program_limits import MESSAGE_WORDS

#: A certificate or key in a message.
_TLS_FILE = r"/[^\s'\"]{1,300}\.(?:pem|key|crt|cer|p12|pfx|jks|keystore)\b"

#: HAProxy's log of requests up to the state at the end of a connection: the status, the bytes and
#: two cookies (Configuration Manual, section 8.2.3). The state's letters keep their case.
_STATE = r" \d{3} \d{1,12} \S{1,40} \S{1,40} "

#: In this order: nginx quotes the system, certbot the authority. The first that matches counts.
SERVER_MESSAGES: tuple[tuple[SymptomKind, str], ...] = (
    # certbot, acme.sh, lego: they quote the certificate authority (Boulder)
    ("acme-limit", r"too many (?:failed authorizations|certificates)|acme:error:rateLimited"),
    ("acme-caa", r"acme:error:caa|CAA record for .{1,253}? prevents issuance|While processing CAA"),
    ("acme-port", r"Problem binding to port \d{1,5}|Could not bind TCP port \d{1,5} because"
        r"|could not start HTTPS? server for challenge|tcp port \d{1,5} is already used by"
        r"|\bport \d{1,5} is (?:already )?used by [^\n]{1,60}?stop it first"),
    ("acme-dns", r"acme:error:dns|DNS problem: |no valid A records found|no valid IP addresses"
        r"|could not determine authoritative nameservers"),
    ("acme-connect", r"likely firewall problem|acme-challenge/\S{0,200}:? (?:Connection (?:refused|"
        r"reset)|Timeout|Error getting validation data|No route)|acme:error:connection"
        r"|Type: {1,9}connection\b|verify error: ?pending timeout"
        r"|(?:certbot|acme|续期|证书).{0,60}Timeout during connect"
        r"|self check GET request .{0,200}acme-challenge.{0,300}(?:refused|timeout|deadline)"),
    ("acme-response", r"Invalid response from https?://|acme:error:unauthorized"
        r"|Invalid (?:host|port) in redirect target|HTTP-01 challenge propagation: wrong status"
        r"|Type: {1,9}unauthorized\b|Wrote file to /.{1,400}, but couldn'?t download https?://"
        r"|key authorization file from the server did not match|Verify error: ?Fetching https?:///"),
    # What certbot has is not old: what the server shows may be
    ("certificate-outdated", r"\bnot (?:yet )?due for renewal\b"),
    # The authority is not reached, the settings of the client or its plugin, an order.
    ("acme", r"HTTPSConnectionPool\(host='acme|nonexistent certificate resolver|non-existent resolver"
        r"|can ?not init api|[Cc]reate new order error|Sign failed, finalize|domain token entry"
        r"|find conf file for domain|EAB credentials|information found to solve challenge for"
        r"|looking up info for HTTP challenge|acme: error: \d{3}|The \w{1,20} plugin is not working"
        r"|choose appropriate plugin|requested \w{1,20} plugin does not|find a matching server block for"
        r"|virtual host listening on port 80 which is currently|Another instance of Certbot"
        r"|\bError add txt for domain\b|Input the webroot for|certbot\.lock|DNS challenge failed|Cannot issue for \"?\w"
        r"|Error (?:creating new|finalizing) order|PluginError\("),
    ("acme", r"get directory at '?https?:|failed to get nonce|obtain ssl failed|申请证书失败|证书申请失败|验证域名失败|(?:No|Incorrect) TXT record|\"acme-tls/1\"|Some challenges have failed|Challenge failed for domain|Failed authorization "
        r"procedure|Certbot failed to authenticate|Failed to renew certificate"
        r"|证书 ?(?:无法|不能|没法|没有?|未) ?(?:自动)?(?:续签|续期|更新)|(?:无法|不能|没法|没办法)(?:自动)?(?:续签|续期)|(?:续签|续期|更新)证书(?:失败|出错|不成功|报错)|证书 ?(?:自动)?(?:生成|申请|签发|获取|续签|续期|颁发|更新).{0,4}?(?:失败|出错|不成功|报错)"
        r"|(?:生成|申请|签发|获取|续签|续期|颁发)(?:不了|不到|不下来|失败)[^，。；,]{0,6}?证书|(?:生成|申请|签发|获取|续签|续期|颁发)[^，。；,]{0,20}?证书.{0,6}?(?:失败|出错|不成功|报错|不了|不下来)"
        r"|\bcert(?:ificate)?s? (?:generation|issuance|request|renewal|order|provisioning)s? (?:has |have |is |was |keeps? |always )?(?:fail|error|unsuccess)"
        r"|(?:fail(?:s|ed|ing)?|unable|could not|couldn['’]t|cannot|can['’]t|does(?: not|n['’]t)) (?:to )?(?:issue|obtain|generate|request|renew|provision)"
        r" (?:(?:the|a|an|any|new|my|our|SSL|TLS|Let['’]?s ?Encrypt|wildcard) ){0,4}cert"),
    # Apache, Caddy and HAProxy: they quote the system, and their messages begin with a number or a
    # logger of their own
    # After its configuration: what the unit's user may not do, and what is not there
    ("server-start", r"cannot bind (?:UNIX socket|socket \((?:Permission|Cannot|No such))|cannot chroot\d?\("
        r"|protocols failed to start their listeners|opening log writer|reading config from file"
        r"|loading .{0,200}bind: (?:permission denied|cannot assign)|caddy process exited with error"
        r"|sending configuration to instance"
        r"|(?:apache2|httpd|haproxy|caddy)\.service: Start request repeated"),
    ("server-port", r"make_sock: could not bind|AH00072|(?:Starting|for) (?:frontend|proxy) .{1,80}: cannot "
        r"bind socket|loading .{0,200}listen(?:ing)?.{0,60}bind: address already in use"),
    ("server-workers", rf"MaxRequestWorkers setting|scoreboard is full|AH10159|{_STATE}[sC]Q|Proxy .{1,80} reached process FD limit"
        r"|reached (?:its|the) (?:configured )?maxconn"),
    ("server-certificate", r"AH0(?:2561|2562|2564|2565|2572|2577|2203|2241|1909|1910)|unable to load "
        r"(?:SSL )?(?:certificate|private key)|[Nn]o Private Key found in|inconsistencies between "
        r"private key and certificate|private key does not match public key|Server should be "
        r"SSL-aware but has no certificate|loading (?:tls app module|certificates).{0,300}\.(?:pem|crt|key)"
        # Node, Python, Go, Java, mosquitto: the user of the program may not read its key
        rf"|(?:EACCES|(?<!:)permission denied).{{0,60}}?{_TLS_FILE}|{_TLS_FILE}['\"]?.{{0,4}}permission denied"
        r"|Unable to load server (?:key|certificate) file"),
    ("server-config", r"AH0(?:0526|0558|0014)|Syntax error on line \d|apache2: Syntax error|httpd: "
        r"Syntax error|Invalid command '|\[ALERT\].{0,60}(?:parsing \[|config)|Error\(s\) found in "
        r"configuration file|Error: adapting config|unrecognized directive|loading new config:"
        r"|Fatal errors? found in configuration|Missing LF on last line|ambiguous site definition"
        r"|no SSL certificate specified for bind|cannot find (?:user|group) id for '"),
    ("server-port", r"Bind for \S{1,60} failed: port is already allocated|failed to bind host port"),
    ("unusable", r"dependency failed to start: container |driver failed programming external "
        r"connectivity|exec /\S{1,200}: (?:exec format error|no such file or directory)|exited with "
        r"code \d{1,3} \(restarting\)"),
    ("server-start", r"Job for (?:apache2|httpd|haproxy|caddy)\.service failed|Failed to start (?:The "
        r"Apache|HAProxy|Caddy)|(?:apache2|httpd|haproxy|caddy)\.service: (?:Failed with result|"
        r"Main process exited|Control process exited)|AH00015|Action 'start' failed"),
    ("server-denied", r"AH01630|AH01797|client denied by server configuration"),
    ("server-file", r"AH00(?:035|132|529)|search permissions are missing|file permissions deny server "
        r"access"),
    ("server-rewrite", r"AH00124|exceeded the limit of \d{1,6} internal redirects"),
    ("server-module", r"AH01144|AH0?0961|AH01961|No protocol handler was valid"),
    ("server-application-tls", r"AH0(?:2005|2039|2040|1097|1084)|Error during SSL Handshake with remote "
        r"server|Layer6 invalid response|(?:http\.log\.error|reverse_?proxy).{0,600}(?:x509: |first record "
        r"does not look|tls: )|SSL Proxy: Peer certificate"),
    ("server-application-slow", r"AH01102.{0,200}?time-?out|The timeout specified has expired"
        rf"|{_STATE}(?-i:sH)"
        r"|http\.log\.error.{0,600}(?:i/o timeout|timeout awaiting|deadline exceeded)"),
    # Without the timeout: the application closed the connection before it answered
    ("upstream-closed", rf"AH01102|{_STATE}(?-i:SH)|proxy: error reading status line from remote server"),
    ("server-no-backend", r"<NOSRV>(?! \S{3,60} [1-4]\d\d )|\b(?:backends?|servers?|upstreams?)\b.{0,20}?\b(?:marked|flagged|shown|reported) (?:as )?(?:unhealthy|down)\b|has no server available!|Server [\w.-]{1,100}/[\w.-]{1,100} is (?:DOWN"
        r"|going DOWN|UP/DOWN)|No server is available to handle this request|Health check for server "
        r".{1,200} failed|\bLayer7 (?:wrong status|invalid response)|\bL7STS\b"
        r"|\bhttp-?ch(?:ec)?k\b.{0,60}?(?:\b(?:fails?|failed|failing|returns?|gets|got|answers?)\b|失败|返回)"),
    ("server-application", r"\bhaproxy\[\d{1,7}\]: .{0,300}?/-1/\S{1,40} .{0,40}? SC[-D]{0,2} |AH0(?:0957|1114|2454|1079|0898|0959|0940)|attempt to connect to .{1,200} "
        r"failed|http\.log\.error.{0,600}(?:connect: |no such host|server misbehaving|connection re|EOF)"
        r"|The AJP Connector is configured with secretRequired"),
    # Programs' own bans and limits
    ("program-limit", MESSAGE_WORDS),
    # fail2ban, CrowdSec, lfd, sshguard
    ("program-limit", r"\[[\w-]{1,60}\] (?:Restore |Increase )?Ban [0-9a-f]|[0-9a-f] already banned\b"
        r"|\bip [0-9a-f.:]{3,45} performed '|\blfd(?:\[\d{1,7}\])?: .{0,200}?(?:triggered by|\bfrom) [0-9a-f]"
        r"|\*Blocked in csf\*|\bBlocking \"[0-9a-f.:]{3,45}/\d{1,3}\" for"),
    # nginx and systemd
    ("conntrack", r"conntrack: table full|连接跟踪表.{0,6}满"),
    ("no-space", r"no space left on device|failed \(28:|\bENOSPC\b|disk (?:is |was )?full"
        r"|磁盘(?:空间)?(?:已?满|不足)"),
    ("no-files", r"too many open files|failed \(24:|\bEMFILE\b"),
    ("port-in-use", r"bind\(\) to .{0,60}failed \(98:|still could not bind\(\)"
        # Rust, gunicorn, Python, Spring Boot
        r"|\bkind: AddrInUse\b"
        r"|Connection in use: \(|\[Errno (?:48|98)\] Address already in use|\bPort \d{2,5} (?:is|was) already (?:in use|used|taken)\b"
        r"|(?:listen|bind).{0,60}address already in use|地址已(?:经)?(?:在|被)(?:使用|占用)"),
    ("address-unavailable", r"bind\(\) to .{0,60}failed \(99:"
        r"|(?:listen|bind)\b.{0,80}cannot assign requested address|EADDRNOTAVAIL"),
    ("port-permission", r"\brootlessport cannot expose privileged port\b|bind\(\) to .{0,60}failed \(13:|\blisten (?:tcp|udp)\d? \S{0,60}: bind: permission denied"
        r"|\blisten EACCES\b|\[Errno 13\] error while attempting to bind on address"),
    ("nginx-key", r"SSL_CTX_use_PrivateKey.{0,120}key values mismatch|key values mismatch"),
    ("nginx-certificate", r"cannot load certificate|SSL_CTX_use_(?:certificate|PrivateKey)\("
        r"|BIO_new_file\(\"|PEM_read_bio_X509"),
    ("upstream-name", r"host not found in upstream|could not be resolved \(\d|no resolver defined"
        r"|\b(?:502|Bad Gateway)\b.{0,80}\bdial tcp: lookup \S{1,253}(?: on \S{1,60}:53)?: no such host"),
    ("nginx-config", r"nginx: \[emerg\]|\[emerg\] \d+#|nginx: configuration file \S{1,200} test "
        r"failed"),
    ("nginx-start", r"Job for nginx\.service failed|Failed to start (?:nginx|A high performance)"
        r"|invalid PID number \"|nginx\.service: (?:start operation timed out|Start request repeated|Failed with result)|nginx\.service: Control process exited"),
    ("script", r"Primary script unknown|FastCGI sent in stderr: \"(?:Unable to open|Access to the)"),
    ("upstream-none-live", r"no live upstreams"),
    ("upstream-tls", r"SSL_do_handshake\(\) failed.{0,300}to upstream|upstream SSL certificate"
        r"|peer closed connection in SSL handshake.{0,80}to upstream"),
    ("upstream-header", r"upstream sent too big header"),
    # uWSGI, Node, nginx's and Jetty's page, Tomcat, gunicorn, Puma, Kestrel, Apache
    ("request-header", r"invalid request block size: \d{1,9} \(max \d{1,9}\)|HPE_HEADER_OVERFLOW"
        r"|request header or cookie too large|Bad Message 431|request header is too large"
        r"|Request Line is too large|limit request (?:headers? fields?|line)\b"
        r"|HTTP element \w{4,24} is longer than|Request (?:headers|line) too long"
        r"|request header (?:field )?exceeds (?:server limit|LimitRequestFieldSize)"),
    ("upstream-missing", r"connect\(\) to unix:.{1,200}failed \(2:"),
    ("upstream-denied", r"connect\(\) (?:to .{1,200})?failed \(13:"),
    ("upstream-refused", r"\b502\b.{0,60}?\b(?:upstream|backend)\W{1,3}(?:server )?connection refused|connect\(\) (?:to .{1,200})?failed \(111:|failed \(111:[^)]{1,60}\) while connecting to upstream"
        # What a program on the server asked of its own machine: Node, Go
        r"|ECONNREFUSED (?:127(?:\.\d{1,3}){3}|\[?::1\]?|localhost):\d"
        r"|(?<!tcp: )dial tcp (?:127(?:\.\d{1,3}){3}|\[::1\]|localhost):\d{1,5}: connect: connection refused"),
    ("upstream-unreachable", r"connect\(\) (?:to .{1,200})?failed \((?:113|101):"),
    # The header had come: the visitor has a part of the response
    ("incomplete", r"(?:prematurely closed connection|timed out [^,]{0,60}|failed \(104:[^)]{0,60}\)"
        r"|invalid chunked response) while reading upstream"),
    ("upstream-timeout", r"upstream timed out|connect\(\) failed \(110:"),
    ("upstream-closed", r"upstream prematurely closed|upstream sent (?:invalid|duplicate) header|while reading (?:response header from "
        r"|)upstream|recv\(\) failed \(104.{0,80}upstream"),
    # Then Next.js, Spring, Kestrel: limits that an application has without being told one
    ("body-size", r"client intended to send too large (?:chunked )?body|\bBody exceeded [\d.]{1,8} ?[kmg]b limit|\bMaximum upload size(?: of \d{1,16} bytes)? exceeded"
        r"|MaxUploadSizeExceededException|SizeLimitExceededException|\bmax request body size is \d|Request body too large\.|MultipartBodyLength"
        r"|Multipart body length limit \d{1,16} exceeded"),
    ("limit", r"limiting (?:requests|connections)|worker_connections are not enough|\bmod_qos\(\d{3}\): access denied"),
    ("internal-redirects", r"rewrite or internal redirection cycle"),
    # Monolog of PHP, Python, Node.js: EACCES (13) of open(2) and its like
    ("file-denied", r"could not be opened in append mode: .{0,60}?Permission denied|(?:open|stat)\(\) .{1,300}failed \(13:|\" is forbidden \(13:"
        r"|(?<!connect: )(?<!connection: )\[Errno 13\] Permission denied|\bEACCES: permission denied, [a-z]{3,12} '"
        r"|\bFailed at step [A-Z]{3,12} spawning .{1,300}?: Permission denied"
        r"|\bEROFS\b|[Rr]ead-only file system"),
    ("file-missing", r"(?:open|stat)\(\) .{1,300}failed \(2:|directory index of .{1,300} is "
        r"forbidden|\" is not found \(2:"),
)  # fmt: skip

#: Words of a web server that no other writes.
_SENDERS = (
    ("caddy", r"\bcaddy(?:file)?\b|loading (?:initial|new) config|administration endpoint: listen"),
    ("haproxy", r"\bhaproxy\b|\[ALERT\]|(?:Starting|for) (?:frontend|proxy) .{1,80}: cannot bind"),
    ("apache", r"\bAH0\d{4}\b|\bapache2\b|\bhttpd\b"),
)


def sender_of(message: str) -> str:
    """Return the web server that wrote a message, "" if its words do not tell or name several."""
    senders = [name for name, words in _SENDERS if re.search(words, message, re.IGNORECASE)]
    return senders[0] if len(senders) == 1 else ""
