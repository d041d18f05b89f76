"""What programs, browsers and people say when a site fails: the pattern of each kind of symptom.

The patterns are the words of the programs' own sources and translations; docs/error-messages.md
lists them, and `tests/support/error_messages.py` has an example of each.
"""

from diagnose.model.symptom import SymptomKind
from diagnose.parsers.complaints import COMPLAINTS, VAGUE_COMPLAINTS
from diagnose.parsers.container_messages import CONTAINER_MESSAGES
from diagnose.parsers.error_codes import ERROR_REASONS, NUMBERED_ERRORS
from diagnose.parsers.missing_fields import FIELD, FIELD_LINES
from diagnose.parsers.server_messages import SERVER_MESSAGES
from diagnose.parsers.websocket_messages import WEBSOCKET_MESSAGES

#: In this order, because messages quote one another: nginx quotes the system, certbot the authority,
#: a WebSocket's failure a connection's. The first that matches counts. Case is ignored.
SYMPTOM_PATTERNS: tuple[tuple[SymptomKind, str], ...] = (
    # Cloudflare's own pages, which say in other words what failed behind it
    ("status", r"\b(?:error|erro|erreur|errore|fehler|ошибка|błąd|hata|fout)(?: code| http)?:? (?P<n>52[0-7]|530)\b|(?:报错?|错误码?|返回) ?(?P<m>52[0-7]|530)(?!\d)"),
    ("status", r"\bError (?:code:? )?10(?:16|33)\b"),
    # The pages of ngrok and frp, and frpc's log (client/service.go, client/control.go)
    ("status", r"\bERR_NGROK_\d{3,5}\b|\bFaithfully yours, frp\b|\blogin to the server failed: "
        r"|\bstart error: (?:port (?:already used|unavailable)|type \[[a-z]{1,10}\] not supported|router config conflict)"),
    # Caddy 1 begins its lines with the status
    ("status", r"\[ERROR (?P<n>[45]\d\d) /"),
    # A header that is too large for nginx, in the words of its log and of people
    ("status", r"(?<![\w.:])(?P<n>4(?:00|14|94))\b[^.\n]{0,40}?(?:too (?:big|large|long)(?: a)? (?:request )?header"
        r"|headers? (?:(?:is|are) )?too (?:big|large|long)|\bcookies? (?:(?:is|are) )?too (?:big|large|long|many))"),
    *NUMBERED_ERRORS,
    *CONTAINER_MESSAGES,
    *SERVER_MESSAGES,
    # Storage: what a proxy does to the request breaks its signature
    ("signature", r"SignatureDoesNotMatch|request signature we calculated"),
    # What applications refuse because of where a form comes from
    # gorilla/websocket, Phoenix and Tornado log why they refused a handshake
    ("websocket", r"websocket: (?:request )?origin not allowed|Could not check origin for Phoenix"
        r"|Cross origin websockets not allowed|Request origin not allowed: http|Failed to upgrade to WebSocket \("),
    ("csrf", r"CSRF verification failed|CSRF Failed:|(?:Origin|Referer) checking failed|HTTP Origin "
        r"header|InvalidAuthenticityToken|Can't verify CSRF token|Invalid Server Actions request"
        r"|The change you (?:want|request)ed was rejected|header with value .{1,200}does not match .?origin.? header|Invalid CORS request"
        # Mastodon, Redmine and OpenProject in the place of Rails' own words
        r"|Security verification failed\. Are you blocking cookies|Invalid form authenticity token|Unable to verify Cross-Site Request Forgery token"
        r"|\b[cx]srf (?:error|fail\w{0,4}|check|protection|validation|403)\b|403 ?[(（]?csrf|触发 ?csrf|csrf.{0,2}?(?:防护|校验|验证|错误|失败|报错|403)"
        r"|Cross-site \S{1,10} (?:form submissions|requests?) (?:are|is) forbidden"
        r"|(?<!Access-Control-Allow-)\borigin not allowed"),
    # Laravel: a form's page was sent on, and arrives without its content
    ("method", r"\bThe GET method is not supported for (?:this )?route\b.{0,200}?\bSupported methods: [^.]{0,40}?\bPOST\b"),
    # What a login elsewhere refuses: Google, Microsoft, GitHub, Keycloak, Auth0, WeChat, QQ, Feishu
    ("login-address", r"redirect[_ ]?ur[il](?:_|\s)?(?:mis|does not |did not |must |is (?:not |illegal|wrong|"
        r"invalid))|(?:invalid|incorrect|wrong|unregistered)(?: parameter:?)?[ _](?:value of )?\S{0,4}redirect[_ ]?ur[il]"
        r"|(?:redirect[_ ]?ur[il]|invalid redirect)\b[^.]{1,90}?(?:did|does) not match (?:an?|any|one|the)\b"
        r"|AADSTS50011|callback URL mismatch|redirect_?ur[il].{0,12}?(?:参数错误|请求不合法|不匹配|不一致|不正确|错误|无效|未)"
        r"|回调(?:地址|域名|URL).{0,6}(?:不匹配|错误|不一致|不正确|未)"),
    # What browsers refuse in a page
    # A service worker controls the folder of its file and what is below it (Service Workers, 4.1)
    # The loader of Unity's builds names a file that it cannot read
    # Firefox and Safari say no more of what a page may not do without a secure context
    # A page in a frame may not use storage that the visitor blocks; a worker that answers amiss
    ("other", r"(?:DOMException|SecurityError): The operation is insecure|Access is denied for this document|The FetchEvent for |script resource is behind a redirect|Blocked a frame with origin|Blocked autofocusing|not under the max scope allowed|Unable to parse \S{1,300}\.(?:br|gz|unityweb)!"),
    ("mixed-content", r"WebSocket\b.{0,80}?The operation is insecure|\bws:(?://…?)? (?:\w{1,12} )?instead of wss\b|Mixed Content|requested an insecure |mixed[- ]block|must be served over HTTPS|insecure WebSocket connection may not be initiated"
        r"|An insecure WebSocket|(?:Blocked loading|Loading(?: of)?) mixed|insecure content from|gemischte\w{0,2} (?:\w{1,12} )?(?:Anzeige)?Inhalt|contenu mixte|contenido mixto|contenuto misto|conteúdo mis[ct]o|смешанн\w{1,3} (?:\w{1,12} )?содержим|混在コンテンツ|혼합 (?:\S{1,8} )?콘텐츠|混合(?:内容|连接|加载)|混合.{0,9}(?:活动|显示|主动|被动)内容|https.{0,10}?(?:包含|加载|引用|请求)了?.{0,6}?http(?!s)"),
    # Scanners: a field that protects visitors is not in the response
    ("response-field", rf"{FIELD}['\"”’)]{{0,2}}(?: ?\([A-Z-]{{2,6}}\))?(?: (?:HTTP|response|security|policy)){{0,3}}(?: ?(?:headers?|fields?|响应头|头部?|安全头))?"
        r"(?: in (?:the )?responses?)?:? ?(?:(?:is|are|was) )?(?:missing\b|not (?:being )?(?:set|sent|present|found|implemented|detected|configured|"
        r"returned|included|enabled)\b|absent\b|(?:is|was)n['’]t (?:being )?(?:set|sent|present|there|returned)\b|lost\b|缺失|丢失|未(?:设置|配置|启用|返回)|没有?(?:设置|配置|返回|生效|了))"
        rf"|(?:\bmissing|\bno|\black(?:s|ing)?|\bwithout|缺少|缺失|没有|未(?:设置|配置|返回|启用))(?: (?:the|an?|HTTP|response|security|header)){{0,3}}:? ?['\"“‘]?{FIELD}(?! (?:violation|error))"
        r"|(?:missing|no|lack\w{0,3}|lost) (?:HTTP )?security (?:response )?headers?\b|security headers? (?:(?:is|are) )?(?:not (?:set|sent|detected|present|found|applied)|missing|lost|gone)\b"
        r"|(?:缺少|缺失|没有|丢失)(?:了|的)?(?:HTTP ?)?安全(?:响应)?头|安全(?:响应)?头(?:部|信息)?(?:缺失|丢失|没有|未设置|不生效|没生效)"
        rf"|{FIELD_LINES}"),
    ("frame", r"X-Frame|\b(?:display|show|load|open)\w{0,3} .{1,300}? in a frame\b|frame-ancestors|\bframing\b(?! layer)"
        r"|\biframes?\b.{0,60}?(?:refused to (?:connect|display)|拒绝)|(?:refused to (?:connect|display)|拒绝).{0,60}?iframe"
        r"|if another site has embedded it|如果有其他网站嵌入|in eine[rm]? anderen (?:Web)?[Ss]eite? eingebettet|andere (?:Web)?[Ss]eite (?:sie|diese) eingebettet"
        r"|si un autre site l.a intégré|si otro sitio la ha (?:incrust|insert)ado|se un altro sito l.ha incorporat"),
    ("csp", r"requires? \W?Trusted(?:HTML|Script|ScriptURL)\W? assignment|\bis sandboxed and (?:the \W?allow-|lacks)|sandboxed frame whose \W?allow-"),
    ("csp", r"\bEvalError\b|\b(?:wasm-)?unsafe-(?:eval|inline)\b|['’]wasm-eval['’]|eval\w{0,6} a string as JavaScript|\b(?:eval|Function)\(\) blocked by CSP"
        r"|settings blocked a JavaScript eval|is not an allowed source of script|NotAllowedError: Permission denied|settings blocked the loading of a resource"),
    ("csp", r"Content[ -]Security[ -]Policy|内容安全策略|Permissions?[ -]Policy|Feature[ -]Policy"
        r"|BLOCKED_BY_RESPONSE|Cross-Origin-(?:Embedder|Opener|Resource)-Policy|Cross-Origin Resource Policy"
        r"|NS_ERROR_DOM_CO(?:EP|RP)_FAILED|\bSharedArrayBuffer\b|\bcrossOriginIsolated\b"),
    # Browsers let no public page ask a private address: the address in the page is wrong
    ("wrong-address", r"(?:more-private|less-public|more-local|`(?:unknown|local|loopback|private)`) address "
        r"space|Private Network Access"),
    ("application", r"Blocked request\. This host \(|\bBlocked hosts?: [\w-]|\bHost validation failed\b|Invalid Host/Origin header"
        # Home Assistant logs why it answers 400 to a proxy
        r"|from an untrusted proxy\b"),
    ("cors", r"blocked by CORS policy|Cross-Origin Request Blocked|Access-Control-Allow-(?:Origin|Headers|Methods)|Access-Control-Expose-Headers|Refused to get unsafe header"
        r"|access control checks|\bCORS\b|跨域|已拦截跨源请求"),
    # Firefox in each language: «cookie» in quotes, and that it is refused
    ("cookie", r"\bcookie ?[“\"'‘「«„][^”\"'’」»“]{1,100}[”\"'’」»“].{0,200}?(?:abgelehnt|rechazad|rejeté|refusé|rifiutat|rejeitad|recusad|отклон|отверг|отказан|odrzucon|被拒|拒绝|拒絕|拒否|거부|geweigerd)"),
    ("cookie", r"Set-Cookie|cookies? (?:\S{1,60} )?(?:was|has been|were|is) (?:blocked|rejected|refused|"
        r"not (?:set|sent|stored|saved))|Cookie [“\"].{1,60}[”\"] (?:has been|will be soon) rejected|SameSite"
        r"|Mark cross-site cookies as Secure|(?:iframe|跨站|第三方|third[- ]party|cross[- ]site|嵌[套入]).{0,100}?\bcookies?[^,.;，。；]{0,40}?"
        r"(?:\bnot?\b|n['’]t\b|never|lost|missing|block|reject|丢|失效|没有?|无法|不|未)|\bcookies?(?![A-Za-z])[^,.;，。；]{0,40}?"
        r"(?:\bnot?\b|n['’]t\b|never|lost|missing|block|reject|丢|失效|没有?|无法|不|未).{0,100}?(?:iframe|跨站|第三方|third[- ]party|cross[- ]site|嵌[套入])"
        r"|session (?:is |was |gets )?(?:lost|not (?:kept|saved|persist\w*))|(?:session|会话|登录状?态?)\s?(?:丢失"
        r"|失效(?!之?后|以后)|不保持)|cookie\s?(?:丢失|失效)|跳回登录|(?:没有?|未|不|无法|不能)(?:设置|携?带|发送|保存|写入|存)[上到进]? ?cookie"
        r"|\b(?:new|different|another|fresh) session(?:[ _-]?ids?)?\b.{0,30}?\b(?:every|each|per|all|always)\b"
        r"|\b(?:every|each) (?:\S{1,16} ){1,5}?(?:new|different|another|fresh) session\b"
        r"|(?<!log )\bsession[ _.-]?ids?\b.{0,30}?\b(?:chang|differ|regenerat|reset|new\b|not the same)|\bsession[ _-]?ids?\b.{0,12}?(?:每次|总是?|一直|都).{0,6}?(?:变|不同|不一样|不一致|新)"
        r"|每次.{0,10}?session(?:[ _-]?id)?.{0,8}?(?:不一样|不同|不一致|变|新|改变)|\breq(?:uest)?\.session\b.{0,24}?\b(?:undefined|empty|null|lost|missing|new|gone)\b"
        r"|(?:log-?in|sign-?in) (?:screens? |pages? |forms? )?(?:issue |problem )?loops?\b|back (?:on|to|at) (?:the )?(?:log-?in|sign-?in) (?:page|screen|form)"
        r"|(?:session|会话) ?的?问题|(?:强制|反复|一直要求?|总是?要求?|不停地?).{0,6}?登[录陆]|登[录陆](?:页面?)?.{0,4}?(?:死循环|循环)"),
    # What browsers give to pages of https: alone (Secure Contexts)
    ("not-secure", r"\b(?:getUserMedia|navigator\.(?:mediaDevices|clipboard|serviceWorker|geolocation)|crypto\.(?:subtle|randomUUID))\b"
        r".{0,24}?\b(?:undefined|null|not a function|not available)\b"
        r"|\bundefined \(reading '(?:getUserMedia|getDisplayMedia|enumerateDevices|digest|importKey|generateKey|deriveKey|deriveBits|writeText|readText)'\)"
        r"|undefined is not an object \(evaluating '(?:window\.)?(?:navigator\.(?:mediaDevices|clipboard|serviceWorker)|crypto\.subtle)\."),
    # A script that is a page: its file, and no data
    ("mime", r"Uncaught SyntaxError: Unexpected token '?<'?(?!,)|expected expression, got '<'"),
    ("data", r"Unexpected token '?<|is not valid JSON|Unexpected token .{1,3} in JSON|JSON\.parse: "
        r"unexpected character|Unexpected character \(at (?:line|character|offset) |JSON Parse error|work properly without JavaScript enabled"
        r"|need to enable JavaScript to run this app|SyntaxError: The string did not match the expected"
        r"|Manifest: Line: \d{1,4}, column: \d{1,4}, Syntax error"),
    ("characters", r"乱码|mojibake|garbled|\bwrong (?:charset|encoding)\b|encoding of the (?:plain text|HTML)"
        r" document was not declared"),
    ("data", r"EventSource['’]s response has a MIME type \(\W{0,2}text/html"),
    ("mime", r"MIME[ -]typ|\bapplication/wasm\b|wasm streaming compile failed|(?:types?|tipo|Typ\w{0,2}|типа?) (?:de )?MIME|MIME[ -]?(?:类型|類型|タイプ|형식|тип\w?)|ERR_BLOCKED_BY_ORB|OpaqueResponseBlocking|Cross-Origin Read Blocking|OTS parsing error|Failed to decode downloaded font|NS_ERROR_CORRUPTED_CONTENT|Corrupted Content Error|内容损坏错误"),
    # webpack, Vite (Chrome, Firefox), Safari: a script that the page's script asks for
    # Firefox in each language: a script that does not come
    ("page-files", r"(?:Loading failed for|fehlgeschlagen für|Échec du chargement|失败|失敗|Ошибка загрузки|Falló la carga|Caricamento fallito|Falha ao carregar).{0,120}?<(?:script|link)>"
        r"|Loading failed for the module|<(?:script|link)>.{0,200}?(?:失败|失敗|fehlgeschlagen)"),
    ("page-files", r"ChunkLoadError|Loading (?:CSS )?chunk \S{1,80} failed|dynamically imported module"
        r"|Unable to preload CSS|Importing a module script failed"
        r"|valid digest in the .integrity.|hash(?:es)? in the integrity attribute|\bsha-?(?:256|384|512)\b.{0,120}?\bintegrity\b|following icon from the Manifest|downloadable font: download failed"),
    # WebSockets
    *WEBSOCKET_MESSAGES,
    ("websocket-status", r"WebSocket handshake:? ?['\"(]?Unexpected response code:? (?P<n>\d{3})"
        r"|Unexpected server response: (?P<m>\d{3})|rejected WebSocket connection: HTTP (?P<o>\d{3})"
        r"|Handshake status (?P<p>\d{3})|status code '(?P<q>\d{3})' when status code '101'"
        r"|(?:Response|Status) code (?:was )?not 101: (?P<r>\d{3})|Expected HTTP 101 response but was '(?P<w>\d{3})"
        r"|(?P<s>\d{3}), message='Invalid response status'"
        r"|(?:WebSocket|(?<![A-Za-z])wss?(?![A-Za-z])).{0,30}?(?:报错?|错误码?|返回|提示|出现|状态码|得到)"
        r"[:： ]{0,3}(?P<t>[45]\d\d)(?![0-9A-Za-z:])"
        r"|(?:web ?sockets?|(?<![A-Za-z])wss)(?! handshake)(?:\b|(?=[\u3400-\u9fff]))[^.,;，。；\n]{0,30}?(?<![\w.:/-])(?P<u>40[0-5]|426|50[0-4])(?![0-9A-Za-z:.])"
        r"|web ?sockets?\b[^.;\n]{0,60}?(?:\b(?:error|erreur|fehler|erro)|ошибка|エラー) ?(?:http ?)?(?P<v>40[0-5]|426|50[0-4])(?![0-9A-Za-z:.])"
        # Daphne refuses a handshake with 403; uvicorn's log has the status behind the path
        r"|\"WebSocket /[^\"\s]{0,300}\" (?P<y>[45]\d\d)"),
    ("websocket-subprotocol", r"Sec-WebSocket-Protocol|Server sent (?:no|an invalid) subprotocol"
        r"|unsupported subprotocol|no subprotocols? (?:supported|in common)"),
    ("websocket-accept", r"Sec-WebSocket-Accept|Invalid challenge response|Invalid HTTP version string|'(?:Upgrade|Connection)' header (?:is missing|value)"
        r"|Invalid (?:Upgrade|Connection) header|missing (?:Upgrade|Connection) header"
        r"|invalid (?:Upgrade|Connection) header"),
    ("websocket-closed", r"websocket: close (?P<n>\d{4})|\(code:? (?P<m>1\d{3}|4\d{3})\b"
        r"|(?:sent|received) (?P<o>1\d{3}|4\d{3}) \([\w ]{3,40}\)|no close frame received or sent"
        r"|\btransport close\b|\bping timeout\b|Server timeout elapsed without receiving|Invalid frame header|already in CLOSING or CLOSED|reserved bits? |Close received after close|closed abnormally"
        r"|\bio server disconnect\b|text frame (?:with|as) (?:invalid )?UTF-8|\bWhoops! Lost connection to\b|CloseReason:? ?\[?(?:code=)?(?P<aa>1\d{3})\b"
        # Netty, Tomcat, Jetty, SignalR: a message that is too large
        r"|\bMax(?:imum)? frame length of \d{1,12} has been exceeded|decoded (?:text|binary) message was too big|(?:Text|Binary) message too large|maximum message size of \d{1,12}B was exceeded"
        r"|(?:close ?code|\bcode|关闭代码|关闭码|\bclose)[ :=：]{1,3}(?P<p>100[1-9]|101[0-5]|4\d{3})(?![0-9A-Za-z])"
        r"|(?:WebSocket|closed?|error|关闭|断开|错误).{0,40}?(?<![:\w])(?P<q>1006)(?![0-9A-Za-z_)])"
        r"|(?<![:\w])(?P<r>1006)(?![0-9A-Za-z_:]).{0,40}?WebSocket"
        r"|(?:WebSocket|(?<![A-Za-z])wss?(?![A-Za-z/:])|长连接|socket).{0,20}?(?:掉线|断线|断开|断连|自动关闭|(?:\d{1,4}|[一两三五十半]{1,2}) ?(?:秒|s|分钟?|min|个?小时).{0,6}?断)"
        r"|(?:WebSocket|(?<![A-Za-z])wss?(?![A-Za-z/:])|socket).{0,60}?(?:drop|disconnect|reconn?ect|clos|die"
        r"|terminat|lost)[a-z]{0,4} (?:\w{1,12} ){0,3}(?:after|every|in|within) (?:about |exactly |around |precisely )?"
        r"(?:(?:\d{1,5}|one|a) ?(?:s(?:ec\w{0,5})?|m(?:in\w{0,4})?|hours?)|minute|hour)\b"
        r"|(?:WebSocket|\bwss?\b|socket|\bchat\b|real-?time|live).{0,80}?(?:drop|disconnect|clos|die|terminat)\w{0,4} (?:\w{1,12} ){0,3}(?:at|after|every|on)"
        r" (?:the |about |exactly |around )?\d{1,5}[- ]?(?:s(?:ec\w{0,5})?|m(?:in\w{0,4})?)\b"
        r"|web ?socket(?: connection)?s?\b.{0,12}?\b(?:is|are|was|were|gets?|got|being) (?:\w{1,13} ){0,2}?(?:reset|terminated|dropped|killed|cut)\b"
        r"|web ?sockets?\b.{0,30}?\b(?:(?:keeps?|constantly|always|frequently|repeatedly) (?:clos|dropp|break)\w{1,4}|disconnect(?:s|ed|ing)?\b|reconnect(?:s|ing)\b)"
        r"|\b(?:disconnect|clos|drop|die)\w{0,3} (?:if|when|while|on|after)(?: being| it is| they are)? (?:idle|inactiv)|空闲.{0,10}?断"),
    ("websocket", r"establish a connection to the server at wss?:|connection to wss?://\S{1,9} was "
        r"interrupted|无法建立到 ?wss?:|与 ?wss?://\S{1,9} ?的连接(?:已)?中断"
        r"|(?<![A-Za-z])wss?(?![A-Za-z/:]).{0,8}(?:连接?失败|连不上|连接不上|不通)"
        # Engine.IO (lib/server.ts) and SignalR (HttpConnectionDispatcher.cs)
        r"|Session ID unknown|No Connection with that ID|\bxhr p(?:oll|ost) error\b|\bTransport unknown\b|unable to mount socket"
        r"|\bAttempting to reconnect to the server\b|\bfall(?:s|ing)? ?back (?:in)?to (?:http )?long[- ]?polling"
        # Socket.IO's client says why it lost its connection; SignalR waited for the server
        r"|退回(?:到)?长?轮询|降级(?:为|到|成)长?轮询"),
    # Chromium: the visitor's extension or administrator; Edge and Firefox: their own protection
    ("extension", r"ERR_BLOCKED_BY_(?:CLIENT|ADMINISTRATOR)|Tracking Prevention blocked"
        r"|blocked because content blocking is enabled|blocked by (?:an? |my |the )?(?:ad ?block\w{0,3}|ublock\w{0,7}|content blocker)"),
    ("client-policy", r"CLEARTEXT communication\b.{0,260}?not permitted|App Transport Security|url not in domain list|不在以下.{0,40}合法域名列表"),
    *ERROR_REASONS,
    # Certificates
    # nginx's page 495 and log; mod_ssl (AH02039); HAProxy's log; Go's crypto/tls
    ("tls-client-certificate-rejected", r"(?:\b400|Bad Request)\W{1,40}(?:The )?SSL certificate error\b|^\W{0,9}The SSL certificate error\W{0,9}(?:nginx|$)"
        r"|client SSL certificate verify error|Certificate Verification: Error \(\d"
        r"|SSL client (?:CA chain cannot be verified|certificate not trusted)"
        r"|failed to verify client certificate"),
    ("certificate-revoked", r"ERR_CERT_REVOKED|SEC_ERROR_REVOKED|certificate (?:has been |is |was )?"
        r"revoked|CertificateRevokedException|证书已?被?吊销"),
    ("certificate-status", r"OCSP data are old|OCSP_(?:OLD|FUTURE|MALFORMED)_RESPONSE|OCSP_(?:INVALID"
        r"_SIGNING|UNKNOWN|RESPONSE_FOR)_CERT|Response is unreliable: its validity|INVALIDCERTSTATUS"
        r"|status verification FAILED|No OCSP response|OCSP response (?:has |is )?(?:expired|too old)"
        r"|REVOCATION_OFFLINE|NO_REVOCATION_CHECK|unable to check revocation|RevocationStatusUnknown"),
    ("certificate-constraint", r"CERT_NOT_IN_NAME_SPACE|subtree violation|(?:not permitted|excluded) by "
        r"(?:any )?constraint|not authorized to sign for this name|NameConstraintViolation"),
    ("certificate-transparency", r"CERTIFICATE_TRANSPARENCY|证书透明度"),
    ("pinned", r"PINNED_KEY_NOT_IN_CERT_CHAIN|KEY_PINNING_FAILURE|certificate pinning"
        r"|SSL: public key does not match pinned"),
    ("certificate-weak", r"ERR_CERT_WEAK_(?:KEY|SIGNATURE)|INADEQUATE_KEY_SIZE|SIGNATURE_ALGORITHM_"
        r"DISABLED|EE[ _]KEY[ _]TOO[ _]SMALL|CA[ _](?:MD|KEY)[ _]TOO[ _](?:WEAK|SMALL)"
        r"|EE certificate key too weak|signature algorithm .{0,40}(?:disabled|insecure|weak)"),
    ("certificate-not-yet-valid", r"(?:is|was) not yet valid(?<!or is not yet valid)|NOT_YET_VALID"
        r"|InvalidCertificate\(NotValidYet|NotYetValid|not yet activated|Issued certificate not yet valid|证书(?:尚未|还未|还没)生效"
        r"|的证书将生效于|NSURLErrorDomain.{0,30}-1204\b"),
    ("certificate-issuer", r"EXPIRED_ISSUER|certificate in (?:certificate )?chain|SELF_SIGNED_CERT_IN"
        r"_CHAIN|get (?:local )?issuer cert|GET_ISSUER_CERT|UNABLE_TO_VERIFY_LEAF|verify the first "
        r"certificate|verify the issuer's authority|PartialChain|certificate chain is incomplete|autorité de l['’]émetteur|autoridad del emisor|autoridade do emissor|Ausstellers? kann lokal nicht|локально проверить подлинность"
        r"|\bPeer['’]s Certificate issuer is not recogni[sz]ed|issuer certificate is invalid|\bchain issues\W{1,3}incomplete|(?:incomplete (?:certificate )?chain|certificate chain incomplete)|证书链.{0,4}?(?:不完整|不全|缺失)|(?:更新|补全|补齐|缺少?)(?:完整的?)?(?:中间证书|证书链)"),
    ("certificate-self-signed", r"self[- _]signed|SELF_SIGNED|自签"),
    ("certificate-date", r"ERR_CERT_DATE_INVALID|has expired or is not yet valid|Your clock is "
        r"(?:ahead|behind)|您的时钟(?:快|慢)了|NSURLErrorDomain.{0,30}-1201\b|\bnet_error -201\b|NotTimeValid|validity check failed"),
    ("certificate-expired", r"Peer['’]s Certificate has expired|certificate(?:'s)? (?:has |is |had )?(?:already )?expired|CERT_HAS_"
        r"EXPIRED|EXPIRED_CERTIFICATE|CertificateExpiredException|expired (?:SSL |TLS )?cert"
        r"|\bcert(?:ificate)? (?:of|for|on) \S{1,253} (?:has |had |is |was )?(?:already )?expired"
        r"|cert(?:ificate)? expir|\bcert(?:ificate)?s? (?:has|have|had|is|was|are|just|already) (?:\w{1,8} ){0,2}?expired|\bcert(?:ificate)?s?\b[^.;\n]{0,40}?\b(?:it|which|that|they) (?:has |had |have |is |was )?(?:just |already )?expired\b|\bcert(?:ificate)?s? (?:has |have |had )?(?:ran out|run out|lapsed)|Certificate '[^']{1,253}' expired|peer certificate: Expired|InvalidCertificate\(Expired"
        r"|SEC_E_CERT_EXPIRED|-9814\b|证书.{0,12}过期|过期的?(?:SSL)?证书|证书.{0,6}到期"),
    ("certificate-name", r"ERR_CERT_COMMON_NAME_INVALID|BAD_CERT_DOMAIN|ALTNAME_INVALID"
        r"|\bnet_error -200\b|\bcert(?:ificate)? (?:of|for|from|issued (?:to|for)) [`\"'“]?[\w.-]{3,253}[`\"'”]? (?:instead of|rather than)\b|\b[\w-]{1,63}\.[a-z]{2,24}[`\"'”]? is (?:serv|present|show|return|us)ing (?:the|a|an) (?:\w{1,8} )?certificate (?:for|of) [`\"'“]?[\w-]{1,63}\."
        r"|hostname mismatch|IP address mismatch|does not match (?:host ?name|target host|"
        r"certificate's altnames|expected CN|requested host)|requested domain name does not match|no alternative certificate subject name"
        r"|subject alternative|SAN dNSName|contain any IP SANs|certificate is (?:not )?valid for|No name matching"
        r"|did not match expected CN|RemoteCertificateNameMismatch|legacy Common Name"
        r"|doesn't match '?(?:either|[\w.-])|is only valid for|name in the certificate does not match"
        r"|HTTPS hostname wrong|Hostname \S{1,253} not verified|NotValidForName|WRONG_PRINCIPAL"
        r"|target principal name is incorrect|-9843\b|hostname in certificate didn[’']t match|目标主要名称不正确"
        r"|证书.{0,6}?(?:别的|其他|另一个|别人)的?(?:域名|网站)|证书来自.{1,80}?而不是|证书.{0,20}(?:域名|名称).{0,6}不(?:匹配|一致|符)"
        r"|域名.{0,10}证书.{0,6}不(?:匹配|一致|符)|证书对 ?\S{1,253} ?无效|certificate .{0,30}?\b(?:wrong|"
        r"another|different) (?:host ?|domain ?)?(?:name|host|domain)"
        r"|\b(?:wrong|incorrect|another|different) (?:ssl |tls |https )?cert(?:ificate)? (?:(?:is|was|gets?|being) ){1,2}(?:presented|served|shown|returned|used|sent|delivered|given)\b"),
    ("certificate-untrusted", r"ERR_CERT_AUTHORITY_INVALID|\bnet_error -202\b|\bissuer(?: certificate)? is unknown\b|\b(?:as|is|shows?|reports?|says?|warning) (?:an? )?untrusted cert"
        r"|\b(?:refus|reject|distrust)\w{0,3} (?:the |my |our )?let[’']?s ?encrypt|(?:\bnot|n[’']t) (?:trust|accept|recogni[sz]e) (?:the |my |our )?let[’']?s ?encrypt|UNKNOWN_ISSUER|PKIX path|unknown authority"
        r"|UntrustedRoot|marked as not trusted|not trusted|unable to find valid certification path|errors in the "
        r"certificate chain|RemoteCertificateChainErrors|Trust anchor for certification path|UnknownIssuer"
        r"|unknown_ca\b|SEC_E_UNTRUSTED_ROOT|cannot be authenticated with given CA|-98(?:07|13)\b"
        r"|NSURLErrorDomain.{0,30}-1203\b|不受信任的颁发机构|证书不?(?:受|被).{0,4}信任|不受信任的证书"),
    ("hsts", r"uses HSTS|Strict Transport Security|HSTS"),
    ("tls-client-certificate", r"alert certificate required|CERTIFICATE_REQUIRED|BAD_SSL_CLIENT_AUTH"
        r"|No required SSL certificate was sent|accept your login certificate"
        r"|NSURLErrorDomain.{0,30}-120[56]\b"),
    ("certificate", r"ERR_CERT_\w{1,40}|certificate verify failed|SEC_ERROR_\w{1,60}|MOZILLA_PKIX_\w"
        r"{1,60}|invalid security certificate|使用了无效的安全证书|remote certificate is invalid"
        r"|certificate (?:verification|validation) (?:failed|error)|\bSSL certificate error(?!:? code)|connection is not private"
        r"|连接不是私密连接|连接非私人连接|SSL certificate problem|cannot verify .{1,253}'s certificate"
        r"|证书的?(?:有?风险|无效|错误|有?问题|异常|不可用|不对|不正确|.{0,3}报错)|连接并?不(?:是)?安全|connection is not secure|confirming the ssl certificate(?![^\n]{0,400}WRONG_VERSION)|scrambled credentials|SSL peer certificate or SSH"
        r"|invalid peer certificate|certificate for this server is invalid|Chain validation failed"
        r"|(?:NSURLErrorDomain|加载).{0,30}-1202\b|establish trust relationship|KEY_USAGE_INCOMPATIBLE"
        r"|validate the SSL certificate|server verification failed|bad[_ ]certificate|远程证书无效|建立信任关系|(?:证书|(?<![A-Za-z])CA) ?(?:校验|验证)(?:失败|不(?:能)?通过|出错)|不是专用连接"
        r"|面临潜在的安全风险|verify the identity of the website|problem with this website[’']s security"),
    ("ech", r"ERR_ECH_\w{1,40}|SSL_ERROR_ECH_\w{1,40}|alert[ _]ech[ _]required"),
    # What the client's own proxy says, or the client of it
    ("proxy", r"ERR_(?:TUNNEL|PROXY|SOCKS)_\w{1,60}|ERR_MANDATORY_PROXY_\w{1,60}|PROXY_CONNECTION_REFUSED"
        r"|NS_ERROR_(?:PROXY|UNKNOWN_PROXY)\w{0,60}|(?:CONNECT )?tunnel failed, response|from proxy after "
        r"CONNECT|Proxy CONNECT aborted|Tunnel connection failed|tunneling socket could not be established"
        r"|connect via tunnel|via proxy: |\bProxyError\b|connect to (?:the )?proxy\b|proxyconnect tcp:"
        r"|proxy server (?:is refusing|that is refusing|isn[’']t responding|could not be found)"
        r"|something wrong with the proxy server|resolve proxy|代理服务器(?:拒绝|出现|没有响应|可能有问题|连接失败)"),
    # TLS
    ("grpc", r"missing selected ALPN property"),
    ("tls-plain", r"record that exceeded the maximum permissible length|wrong[ _]version[ _]number|RX_RECORD_TOO_LONG|first record does not look like a "
        r"TLS|server gave HTTP response to HTTPS client|Unsupported or unrecognized SSL message"
        r"|unexpected TLS packet|Cannot determine the frame size|packet[ _]length[ _]too[ _]long"
        r"|unknown protocol|record[ _]layer[ _]failure"
        # uvicorn, and Django's server of development
        r"|\bInvalid HTTP request received\b"
        r"|accessing the development server over HTTPS, but it only supports HTTP"),
    ("tls-name", r"unrecognized[ _]name|SSL routines:\w{0,60}:callback failed"),
    ("tls-version", r"\bTLS ?v?1\.3(?![\d.])[^.\n]{0,40}?(?:not (?:(?:get(?:ting)? |being )?(?:enabled|used|active|offered|negotiated"
        r"|applied|available)|work|tak(?:e|ing) effect)|n['’]t (?:work|get|take|enabled|being|used|negotiat)|disabled|no effect|has no effect"
        r"|没有?(?:生效|启用|开启|起作用)|[不未](?:起作用|生效|启用|开启|被启用)|无效|无法(?:启用|开启|生效)|greift nicht|nicht aktiv)"
        r"|(?:can(?:not|['’]t)|unable to|fail\w{0,3} to|won['’]t|doesn['’]t|does not|not) (?:(?:enable|use|negotiate|get|offer|activate|turn on|support) )(?:\S{1,12} )?TLS ?v?1\.3(?![\d.])"
        r"|(?:only|仅|只(?:有|能|支持|使用)?) ?TLS ?v?1\.2(?![\d.])[^\n]{0,60}?TLS ?v?1\.3|(?:无法|不能|没有)(?:启用|开启|使用|支持) ?TLS ?v?1\.3"),
    ("tls-parameters", r"VERSION_OR_CIPHER_MISMATCH|NO_CYPHER_OVERLAP|no common encryption algorithm|UNSUPPORTED_VERSION"
        r"|alert[ _]protocol[ _]version|protocol version not supported|protocol_version"
        r"|handshake[ _]failure|unsupported[ _]protocol|no[ _]shared[ _]cipher|no protocols available"
        r"|uses an unsupported protocol|使用了不受支持的协议|dh key too small"
        r"|legacy renegotiation|SSL_OBSOLETE_VERSION|selected (?:unsupported )?protocol version"
        r"|ALGORITHM_MISMATCH|possess a common algorithm|unsafe TLS security settings|-98(?:01|36)\b"
        r"|may not support the client's requested TLS|要求的 ?TLS ?版本必须"
        r"|create SSL/TLS secure channel|未能创建 ?SSL/TLS ?安全通道"),
    ("reset", r"CONNECTION_RESET|\bkind: ConnectionReset\b|CONNECT_RESET|ERROR_NET_RESET|ECONNRESET|connection (?:was )?reset|forcibly closed "
        r"by the remote|errno 104\b|被对[方端]重[设置]|强迫关闭|连接.{0,4}(?:被)?重置"),
    ("closed", r"end of file reached|ERR_CONNECTION_CLOSED|ERR_EMPTY_RESPONSE|END_OF_FILE|SSL_ERROR_SYSCALL|unexpected"
        r"[ _]eof|EOF occurred|socket hang up|other side closed|Empty reply from server|closed the "
        r"connection|didn[’']t send any data|Remote (?:host terminated|end closed)|dropped the "
        r"connection|before secure TLS connection|Unexpected end of file|zero return|No data received"
        r"|0 bytes from the transport|\btls handshake eof\b|Server disconnected without|NS_ERROR_NET_INTERRUPT|: EOF\b"
        r"|non-properly terminated|network connection was lost|kept alive was closed by the server"
        r"|connection was closed unexpectedly|意外(?:终止|断开|关闭)了?连接|未发送任何数据|连接(?:已)?中断|ServerDisconnectedError"),
    # HTTP
    ("plain-to-tls", r"plain HTTP request was sent to HTTPS port|HTTP request to an HTTPS server"
        r"|speaking plain HTTP to an SSL-enabled|NS_ERROR_NET_ON_.{0,20}PLAIN"),
    ("redirects", r"TOO_MANY_REDIRECTS|too ?many ?redirects|lead to an infinite loop|redirected you too many|Maximum \(\d+\) "
        r"redirects|isn[’']t redirecting properly|NS_ERROR_REDIRECT_LOOP|redirections exceeded"
        r"|Exceeded \d+ redirects|redirect count exceeded|stopped after \d+ redirects|Exceeded "
        r"maximum allowed redirects|redirected too many|Maximum number of redirects|redirect loop|(?:infinite|endless)(?:ly)? redirect|redirect\w{0,3} too many times"
        r"|NSURLErrorDomain.{0,30}-1007\b|never[- ]?ending (?:30[1278]|redirect)|redirect\w{0,3}\b[^.;\n]{0,120}?\bloop(?:s|ing)?\b|\bkeeps? (?:on )?redirecting (?:forever|endlessly|over and over|and redirecting)|\bredirect\w{0,3} (?:forever|endlessly)\b|重定向.{0,6}(?:过多|太多)|(?:不停|不断|反复|一直).{0,4}?(?:重定向|跳转)(?!到)|(?:不能|未能|无法)正确地?重定向|循环重定向|重定向循环|无限重定向"),
    ("incomplete", r"CONTENT_LENGTH_MISMATCH|INCOMPLETE_CHUNKED|IncompleteRead|Premature end of|"
        r"Premature EOF|bytes remaining to read|outstanding read data|response ended prematurely"
        r"|incomplete chunked|Chunked stream has ended unexpectedly|without sending complete message body|TransferEncodingError"
        r"|ContentLengthError|ERR_HTTP_CONTENT_LENGTH|: unexpected EOF"
        r"|not closed cleanly: INTERNAL_ERROR"),
    ("decoding", r"CONTENT_DECODING_FAILED|Content Encoding Error|incorrect header check|content "
        r"decoding|INVALID_CONTENT_ENCODING|unrecognized content encoding|内容编码错误|not a gzipped"
        r"|Error while processing content unencoding"),
    ("http2", r"NSPOSIXErrorDomain:? ?100\b|operation couldn['’]t be completed\. Protocol error|Operation konnte nicht abgeschlossen werden\. Protokollfehler|未能完成操作。协议错误|"
        r"HTTP2_\w{1,40}ERROR|HTTP/2 (?:stream|protocol|framing)|http2 framing|NS_ERROR_NET_"
        r"(?:HTTP2|INADEQUATE_SECURITY)|RST_STREAM|\bstream error: stream ID|PROTOCOL_ERROR \(0x1\)|ERR_HTTP2_\w{1,40}|ERR_HTTP_1_1_REQUIRED|curl: \((?:16|92)\)"),
    ("http3", r"QUIC_\w{1,40}ERROR|ERR_QUIC|HTTP3_\w{1,40}ERROR|NSPOSIXErrorDomain:? ?40\b"),
    ("invalid-response", r"INVALID_HTTP_RESPONSE|sent an invalid response(?!.{0,40}ERR_SSL)|BadStatusLine|Received "
        r"HTTP/0\.9|malformed HTTP (?:response|status)|HPE_INVALID|Parse Error: |invalid HTTP "
        r"response(?!: [45]\d\d\b)|发送(?:的响应无效|了无效的?响应)(?!.{0,40}ERR_SSL)|RESPONSE_HEADERS_MULTIPLE|illegal (?:header|status) line"
        r"|RemoteProtocolError|Unsupported HTTP version|RESPONSE_HEADERS_TOO_BIG"),
    ("tls", r"ERR_SSL_\w{1,60}|SSL_ERROR_\w{1,60}|establish (?:an SSL |a secure |SSL )connection|SSL "
        r"connection could not be established|\bSSL[ _]connect\b|SSLHandshakeException|handshake "
        r"fail|SSLError|Secure Connection Failed|建立安全连接失败|无法(?:与服务器)?建立安全连接|无法提供安全连接"
        r"|安全连接失败|EPROTO|SSL: error:|\berror:[0-9A-F]{8}:(?:SSL|TLS|lib)\b|\[SSL|ssl hand ?shake|NSURLErrorDomain.{0,30}-1200\b"
        r"|schannel: |SEC_E_\w{1,40}|:tls_alert|error occurred on a (?:send|receive)"
        r"|kCFStreamErrorDomainSSL|SslHandshakeFailed|curl: \(35\)|SSL routines:.{0,60}?alert|收到的消息异常|(?:SSL|TLS) ?(?:连接|握手)(?:错误|失败)|基础连接已经?关闭"),
    *COMPLAINTS,
    # Names and connections
    ("name", r"NAME_NOT_RESOLVED|DNS_PROBE|server with the specified host ?name could not be found|(?<![A-Za-z])ENOTFOUND|EAI_\w{3,12}|Could not resolve host|resolve host"
        r" address|server IP address could not be found|no such host|UnknownHostException"
        r"|(?:Name or service|nodename nor servname).{0,30}not known|Temporary failure in name"
        r"|NameResolutionError|No address associated|NXDOMAIN|finding that site|(?:Safari|we|browser) can(?:[’']t|not| not) find the server|find the server [“\"]"
        r"|getaddrinfo|UNKNOWN_HOST|No such host is known|server misbehaving|connect to the server at"
        r"|remote name could not be resolved|failed to lookup address|NoNameservers|Resolving timed out"
        r"|\bSERVFAIL\b|status: REFUSED|can't find \S{1,253}: (?:Non-existent|No answer|REFUSED)|could not find host|resolve call failed|请求找不到主机"
        r"|lookup \S{1,253}: i/o timeout|NSURLErrorDomain.{0,30}-1003\b|未能解析此远程名称"
        r"|找不到.{0,260}服务器|找不到此网站|(?:域名|DNS).{0,8}(?:无法解析|解析失败|解析不[了到]|解析错误|不解析|解析.{0,4}?(?:挂了|有问题|异常|不对|没生效))"
        r"|不知道这样的主机"),
    ("refused", r"CONNECTION_REFUSED|\bkind: ConnectionRefused\b|ECONNREFUSED|connection refused|\bconnections? to \S{1,253} refused\b|\bport \d{1,5} (?:is |was |gets? )?refused\b|\bconnections? (?:\S{1,60} ){0,3}?(?:is|are|was|were|gets?|got|being) (?:\w{1,11} )?refused|actively refused|refused to "
        r"connect|CONNECT_REFUSED|errno 111\b|拒绝了?我们的连接|连接.{0,4}被?拒绝"
        r"|拒绝了?连接|积极拒绝"),
    ("unreachable", r"ADDRESS[_ ]UNREACHABLE|EHOSTUNREACH|ENETUNREACH|No route to host|Network is "
        r"unreachable|NoRouteToHost|is unreachable|connect.{0,200}Permission denied|connect EACCES|errno 113\b|没有到主机的路由"),
    ("timeout", r"TIMED_OUT|ETIMEDOUT|errno 110\b|timed[ -]?out|\btim(?:es|ing) out\b|\brequests? .{0,20}?(?:cut|killed|aborted|end\w{0,2}|fail\w{0,2}|die\w?)"
        r" (?:off )?(?:at|after) (?:exactly |about )?\d{1,4} ?(?:s|sec\w{0,5}|min\w{0,4})\b|(?:请求|接口|处理).{0,8}?超过.{1,6}?(?:秒|分钟).{0,6}?(?:报错|失败|断)|"
        r"(?<!gateway )(?<!request )time[ -]?out(?! {0,4}[:=] {0,2}\d)|too long to respond|\btook too long\b|Timeout(?:Error|Exception)\b"
        r"|deadline exceeded|isn[’']t responding|did not (?:properly )?respond|CONNECT_TIMEOUT"
        r"|NET_TIMEOUT|Timeout of \d|ConnectTimeout|ReadTimeout|(?<!网关)超时|停止响应|端口不通|ping ?不通|没有正确答复|响应时间(?:过|太)长"
        r"|花了太长时间|没有响应|无响应"),
    # The words are the server's; the number before them is often a slip
    ("body-size", r"(?<![\w.:])(?!413)[45]\d\d:? (?:Request Entity|Payload|Content) Too Large"),
    ("status", r"HTTP ERROR (?P<n>[45]\d\d)|returned error: (?P<m>[45]\d\d)"
        r"|status(?: code)?(?: of)?[ :=]{1,3}'?(?P<o>[45]\d\d)(?!\w)"
        r"|(?<![A-Za-z0-9_.:])(?P<p>[45]\d\d):? (?:Client Error|Server Error|\(?(?:Bad |Forbid|(?:[-–—|] )?Not (?:Found|Allowed|Acceptable|Implemented|Extended)|Internal|Service"
        r"|Gateway|Unauth|Method|Misdirected|Request(?!s)|Upgrade|Proxy|Gone|Too (?:Many|Early)|Payload|Content Too"
        r"|Conflict|Authorization|Payment|HTTP Version|Locked|Unprocessable|Unsupported Media|Precondition|Failed Dependency|Insufficient Storage"
        r"|Length Required|URI Too|Range Not|Expectation Failed|Unavailable For|Loop Detected|Network Auth))"
        # HAProxy's log: status, bytes, cookies, state, connections (Configuration Manual, 8.2.3)
        r"|(?:\bhaproxy\b[^\n]{0,300}?|\d{1,9}(?:/ {0,4}-?\d{1,9}){3}/\+?-?\d{1,9}) (?P<ab>[45]\d\d) \d{1,12} \S{1,40} \S{1,40} [A-Za-z-]{4} \d"
        r"|HTTP/[\d.]{1,3}\"? (?P<q>[45]\d\d)(?!\w)|ERROR (?P<r>[45]\d\d):|\bERR! code E(?P<i>[45]\d\d)\b|(?P<s>[45]\d\d), message="
        r"|HTTP(?: status)?(?: code)?[ :]{0,2}(?P<t>[45]\d\d)(?![0-9A-Za-z])"
        r"|does not indicate success: (?P<u>[45]\d\d)|bad HTTP response code \((?P<aa>[45]\d\d)\)"
        r"|(?:\b(?:error|code|says?|(?:bekomm(?:t|e|en)|krieg(?:t|e|en))(?: eine?n?)?|erh(?:ä|ae)lt|erhalten?|meldet|gets?|getting|throws?|throwing|threw|gave|received|receiving|(?:respond|answer)(?:s|ed) with|returning|giving|got|shows?|returns?|gives?|with|an?)[: ]|错误码?|报错?|返回|提示|显示|出现|导致|结果|变成|是|全部|都|时|跳转(?:到|成|至)?|刷新(?:页面)?(?:就|后)?)"
        r"[:： `'\"“‘]{0,3}(?P<v>(?!443)[45]\d\d)(?![0-9A-Za-z:]|(?:\.\d{3}|,(?![45]\d\d)\d{3})(?!\d)| ?(?:requests|bytes|users|visitors|(?:page ?)?views|hits|files|items|rows|records|connections|times|ms|[KMG]i?B)\b)"
        r"|(?:失败|\bfail(?:ed|s)?\b)(?:了| with| code| due to)?[:：,，(（ ]{0,3}(?P<z>(?!443)[45]\d\d)(?![0-9A-Za-z:.])"
        # Nothing else has this number
        r"|(?<![\w.:/#-])(?P<ac>429)(?![\w:%/-]|\.\d| ?(?:requests|bytes|users|visitors|people|files|ms\b|KB|MB|kB))"
        r"|[\"'](?:code|status|statusCode|status_code|DownstreamStatus|err(?:or)?_?code)[\"']: ?[\"']?(?P<y>[45]\d\d)(?!\w)"
        r"|(?<![\w.:])(?<!port )(?P<w>(?!443)[45]\d\d)[`'\"]? (?:error|page|status|when|after|if|on (?:re|all|any|every))|(?<![0-9A-Za-z.])(?P<x>(?!443)[45]\d\d) ?(?:错误|报错|页面)"
        r"|(?:登[录陆]|提交|点击|访问|打开|部署|升级|重启|请求)之?后[ ,，:：]{0,3}(?P<j>(?!443)[45]\d\d)(?![0-9A-Za-z:]| ?[KMG]i?B)"
        # A status in front of the path that was asked for, but for a handshake
        r"|(?<![\w.:/])(?P<l>(?!443)4[0-2]\d|431|451|5[0-3]\d)(?::? | ?(?:->|=>|[-–—→>|]) ?)(?:(?:GET|HEAD|POST|PUT|DELETE|PATCH) )?(?:https?:/)?/(?![^\n]{0,300}\bUpgrade\b)(?:[a-z0-9/…]|$)"
        r"|(?<![\w.:])(?P<k>499) ?(?:状态码|in (?:\w{1,12} ){0,3}logs?\b|client closed)"
        r"|(?:errors?|status|fehler|erreurs?|\() ?[45]xx\b|\b[45]xx(?: errors?| status|\))|HTTP_RESPONSE_CODE_FAILURE|currently unable to handle this request|目前无法处理此请求"),
    # Clients of gRPC (Go, C++, Java, Node.js, .NET), which quote the system and HTTP's status first
    ("grpc", r"rpc error: code = \w{1,20}|malformed header: missing HTTP content-type"
        r"|error reading server preface|\b1[234] (?:UNAVAILABLE|INTERNAL|UNIMPLEMENTED)\b|\b2 UNKNOWN: |\bgrpc\b.{0,40}?stream removed|StatusCode[.=: \"]{1,3}(?:Unavailable"
        r"|Unimplemented|Internal)|StatusRuntimeException: (?:UNAVAILABLE|UNIMPLEMENTED|INTERNAL|UNKNOWN)|First received "
        r"frame was not SETTINGS|unexpected HTTP/1\.x request|without sending trailers|Bad gRPC response|grpc.{0,20}(?:fail"
        r"|UNAVAILABLE)|grpc.{0,12}(?:调用|连接)?(?:失败|报错|不通|连不上)"),
    ("not-connected", r"Couldn['’]t connect to server|Failed to connect to|establish a connection to"
        r"|can[’']t connect to|Unable to connect|Cannot connect to host|NewConnectionError"
        r"|ConnectError|Connect call failed|All connection attempts failed|\bno connection\b(?! (?:pool|string|limit))|not listening\b|nothing (?:is )?listen\w{0,3}|(?:没有?|未)(?:在)?监听|无法建立到|无法(?:成功|正常)?连接|连接失败|连不上|连接不上"
        r"|ERR_CONNECTION_FAILED|ConnectException|fetch failed|Failed to fetch|NetworkError"
        r"|connect to the (?:remote )?server|\bNetwork request failed\b|\bCould not open connection to the host\b|NSURLErrorDomain.{0,30}-1004\b"
        r"|ERR_FAILED\b|\bMax retries exceeded with url\b|TypeError: Load failed|The Internet connection appears"),
    ("websocket", r"WebSocket|connectSocket:fail|ws连接|WebSocketException|websocket: bad handshake"
        r"|Failed to start the (?:connection|transport)\b"),
    *VAGUE_COMPLAINTS,
    # Who names a frame and no refusal mostly tells of something else in it: a login, a cookie
    ("frame", r"(?:\biframes?\b|\bin a frame\b|嵌入框架|内嵌(?:页面|框架))(?!.{0,200}?(?:log-?in|logged|sign(?:ed)?[ -]?in|authenticat|登[录陆]|session|会话))"),
    ("unusable", r"Could not get (?:any )?response|\bnothing works\b|\bnever (?:loads?|opens?|works?|connects?|responds?|comes up)\b|can(?:no|['’])t (?:be )?(?:open|reach|access|load|visit)|(?:is|are|site|went)(?: (?:both|all|still|now|completely|always))? down\b"
        r"|(?:do|does|did)(?: not|n['’]t) (?:open|work|load|respond|come up)\b|not (?:working|reachable|accessible|loading|serv(?:ing|ed))|(?:unable|not able|fail(?:s|ed)?) to (?:communicate with|reach|open|access|load)|(?:isn|doesn)['’]t (?:work|load|open)\w{0,3}"
        r"|unreachable|inaccessible|can(?:no|['’])t get .{1,40}?to work|打不开|(?:无法|不能)(?:通过|用|使用|从|在).{1,16}?(?:访问|打开|连接)|(?:无法|没办法|没法)(?:正常)?(?:访问|打开|使用|显示|加载)|访问不了|进不去|上不去|不能访问|无法正常运作|(?:访问|打开|显示)不正常|挂了"),
)  # fmt: skip
