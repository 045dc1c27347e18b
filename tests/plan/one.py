"""A right file, and small changes of it that each make one mistake. Data for `test_one_mistake`."""

RIGHT = """\
version: 1
server: {listen: "127.0.0.1:8080"}
admin: {listen: "127.0.0.1:8081"}
store: {url: "sqlite:gateway.db"}
sources:
  hub: {provider: github, secrets: ["file:good"]}
  pay: {provider: stripe, secrets: ["file:good"]}
  own:
    provider: custom
    secrets: ["file:good"]
    verify: {scheme: hmac, header: X-Sig}
targets:
  ledger: {url: "http://127.0.0.1:9000/"}
routes:
  - name: all
    to: [ledger]
  - name: pushes
    from: [hub]
    on: [vcs.push]
    to: [ledger]
"""

SERVER, ADMIN, STORE = (
    'listen: "127.0.0.1:8080"',
    'listen: "127.0.0.1:8081"',
    'url: "sqlite:gateway.db"',
)
HUB = 'provider: github, secrets: ["file:good"]'
PAY = 'provider: stripe, secrets: ["file:good"]'
OWN = "verify: {scheme: hmac, header: X-Sig}"
URL = 'url: "http://127.0.0.1:9000/"'
ON = "on: [vcs.push]"

MISTAKES: list[tuple[str, str, str, str, str]] = [
    # what is replaced, by what, the text the mark stands on, part of the message, part of the hint
    ("version: 1", "version: 2", "2", "none of: 1", ""),
    ("version: 1\n", "", "server", "'version' is missing", ""),
    ("version: 1", "version: 1\nversion: 1", "version: 1\nserver", "a second time", "line 1"),
    ("sources:", "soruces: {}\nsources:", "soruces", "unknown key", "sources"),
    (SERVER, "lisen: 127.0.0.1:80", "lisen", "unknown key", "did you mean listen?"),
    (SERVER, "listen: 8080", "8080", "a text is wanted", "quotes"),
    (SERVER, 'listen: ":8080"', '":8080"', "cannot listen", "127.0.0.1:8080"),
    (SERVER, 'listen: "127.0.0.1:99999"', '"127.0.0.1:99', "cannot listen", "unix:"),
    (SERVER, 'listen: "example.com:80"', '"example', "cannot listen", "unix:"),
    (SERVER, 'listen: "::1:8080"', '"::1', "cannot listen", "unix:"),
    (SERVER, 'listen: "unix:gateway.sock"', '"unix', "cannot listen", "unix:/run"),
    (SERVER, 'listen: "${PORT}"', "${PORT}", "PORT is not set", ":-"),
    (SERVER, 'listen: "${EMPTY}"', "${EMPTY}", "EMPTY is not set", ":-"),
    (SERVER, 'listen: "127.0.0.1:${"', '${"', "without a name", "$${"),
    (SERVER, "client_address: forwaded", "forwaded", "none of", "did you mean forwarded?"),
    (SERVER, "trusted_proxies: [10.0.0.0/33]", "10.0.0.0/33", "10.0.0.0/33", "unix"),
    (SERVER, "trusted_proxies: 127.0.0.1", "127.0.0.1", "a list is wanted", ""),
    (SERVER, 'public_url: "http://[::1"', '"http', "no public URL", "https://"),
    (SERVER, "public_url: https://a.example/x", "https", "more than scheme", "https://"),
    (ADMIN, 'listen: "127.0.0.1:8080"', '"127.0.0.1:8080"}\nstore', "already", "its own"),
    (ADMIN, "listen: systemd", "systemd", "cannot listen", "127.0.0.1"),
    (ADMIN, "users: {}", "users", "unknown key", "listen"),
    (STORE, "url: postgresql://x/y", "postgresql", "no store", "sqlite:"),
    (STORE, "retention: 91d", "91d", "longer than `dedup_window`", ""),
    (STORE, "dedup_window: 29d", "29d", "shorter than", ""),
    (STORE, "retention: 30 days", "30 days", "no duration", ""),
    (STORE, "retention: 0s", "0s", "no time", ""),
    (STORE, "min_free: 1TB", "1TB", "no size", ""),
    (STORE, "min_free: 100", "100", "has no unit", ""),
    ("  own:", "  Own:", "Own", "no name", "a-z"),
    ("  pay:", "  hub:", "hub: {provider: stripe", "a second time", "line 6"),
    (HUB, f"{HUB}, secrets: []", "secrets: []", "a second time", "line 6"),
    (HUB, 'provider: gihub, secrets: ["file:good"]', "gihub", "no provider", "did you mean github?"),
    (HUB, f"{HUB}, path: /a//b", "/a//b", "cannot be a source's path", "slashes"),
    (HUB, f"{HUB}, path: /a%20b", "/a%20b", "cannot be a source's path", "letters"),
    (HUB, f"{HUB}, path: /a/../b", "/a/../b", "cannot be a source's path", ""),
    (HUB, f"{HUB}, path: /é", "/é", "cannot be a source's path", ""),
    (HUB, f"{HUB}, path: /healthz", "/healthz", "cannot be a source's path", ""),
    (HUB, f"{HUB}, path: /in/pay", "/in/pay", "of source 'pay'", ""),
    (HUB, 'provider: github, secrets: ["file:short"]', '"file:short"', "16 bytes", "503"),
    (HUB, 'provider: github, secrets: ["file:empty"]', '"file:empty"', "is empty", "503"),
    (HUB, 'provider: github, secrets: ["file:none"]', '"file:none"', "cannot read", "503"),
    (HUB, 'provider: github, secrets: ["file:."]', '"file:."', "cannot read", "503"),
    (HUB, 'provider: github, secrets: ["${UNSET}"]', '"${UNSET}"', "UNSET is not set", "503"),
    (HUB, 'provider: github, secrets: ["${EMPTY}"]', '"${EMPTY}"', "EMPTY is not set", "503"),
    (HUB, 'provider: github, secrets: ["credential:x"]', '"cred', "LoadCredential", "503"),
    (HUB, "provider: github, secrets: []", "[]}", "no secret", "secrets:"),
    (HUB, 'provider: github, secrets: "file:good"', '"file:good"}\n  pay', "a list", ""),
    (HUB, f"{HUB}, tolerance: 5m", "tolerance", "no time is signed", "leave it out"),
    (HUB, f"{HUB}, options: {{sha: true}}", "true", "no option 'sha'", ""),
    (HUB, f"{HUB}, options: {{sha1: 1}}", "1}", "", ""),
    (HUB, f"{HUB}, verify: {{scheme: token, header: X}}", "verify: {scheme: token", "brings", "out"),
    (HUB, f"{HUB}, verify: non", "non", "", ""),
    (HUB, f"{HUB}, event_type: body.x", "event_type", "`provider: custom` only", ""),
    (HUB, f"{HUB}, keep_refused: {{for: 72h}}", "keep_refused", "unknown key", ""),
    (HUB, f"{HUB}, enforce: no", "no}", "true or false", ""),
    (HUB, f"{HUB}, redelivery: revives", "revives", "none of", "did you mean revive?"),
    (HUB, f"{HUB}, allow_ips: [10.0.0.1/8]", "10.0.0.1/8", "10.0.0.1/8", "192.0.2.0/24"),
    (PAY, f"{PAY}, tolerance: 5", "5}", "has no unit", ""),
    (PAY, f"{PAY}, limits: {{rate: 5/d}}", "5/d", "no rate", ""),
    (PAY, f"{PAY}, limits: {{body: 0B}}", "0B", "more than nothing", ""),
    (PAY, f"{PAY}, limits: {{encodings: [br]}}", "br]", "none of: gzip", ""),
    (PAY, f"{PAY}, limits: {{rat: 5/s}}", "rat:", "unknown key", "did you mean rate?"),
    (f"    {OWN}\n", "", "own", "needs `verify`", "scheme"),
    (HUB, "provider: github, verify: none", "none}", "`allow_ips`", "token_urlsafe"),
    (OWN, "verify: {scheme: hmca, header: X}", "hmca", "none of", "did you mean hmac?"),
    (OWN, "verify: {scheme: hmac}", "{scheme: hmac}", "needs `header`", "header:"),
    (OWN, "verify: {header: X-Sig}", "{header", "'scheme' is missing", ""),
    (OWN, "verify: {scheme: hmac, header: X, algorithm: sha255}", "sha255", "no digest", "sha256"),
    (OWN, "verify: {scheme: hmac, header: X, algorithm: shake_128}", "shake", "no digest", "sha256"),
    (OWN, "verify: {scheme: hmac, header: X, encoding: hexx}", "hexx", "none of", "did you mean hex?"),
    (OWN, 'verify: {scheme: hmac, header: X, signed: "{bdy}"}', "{scheme", "bdy", ""),
    (OWN, f"{OWN}\n    tolerance: 5m", "tolerance", "no time is signed", "leave it out"),
    (OWN, f"{OWN}\n    event_id: id", "id\ntargets", "names no place", "body.id"),
    (OWN, f"{OWN}\n    event_type: header.", "header.\n", "names no place", "header.X-Id"),
    (OWN, f"{OWN}\n    rules: [{{on: x}}]", "{on: x}", "'to' is missing", ""),
    (OWN, f"{OWN}\n    rules: [{{to: vcs.psh}}]", "vcs.psh", "no type", "did you mean vcs.push?"),
    (URL, 'url: "127.0.0.1:9000"', '"127', "no http(s) URL", "http://"),
    (URL, 'url: "ftp://127.0.0.1/"', '"ftp', "no http(s) URL", "http://"),
    (URL, 'url: "http://u:p@127.0.0.1/"', '"http', "credentials", "Authorization"),
    (URL, 'url: "http://169.254.169.254/x"', '"http', "link-local", ""),
    (URL, 'url: "http://[fe80::1]/"', '"http', "link-local", ""),
    (URL, 'url: "http://a b/"', '"http', "no URL", ""),
    (URL, 'url: "http://[::1/"', '"http', "is no URL", "http://"),
    (URL, f"{URL}, breaker: {{failures: 5}}", "breaker", "unknown key", ""),
    (URL, f"{URL}, rate: 5/s", "rate", "unknown key", ""),
    (URL, f"{URL}, balance: failover", "balance", "unknown key", ""),
    (URL, f"{URL}, endpoints: []", "endpoints", "unknown key", ""),
    (URL, f'{URL}, sign: ["file:short"]', '"file:short"', "16 bytes", ""),
    (URL, f'{URL}, sign: ["${{UNSET}}"]', '"${UNSET}"', "UNSET is not set", ""),
    (URL, f'{URL}, headers: {{"A B": x}}', '"A B"', "cannot be set", ""),
    (URL, f"{URL}, headers: {{Host: x}}", "Host", "cannot be set", ""),
    (URL, f"{URL}, headers: {{X-A: x, x-a: y}}", "x-a", "already", ""),
    (URL, f'{URL}, headers: {{X-A: "a\\nb"}}', "a\\nb", "line break", ""),
    (URL, f'{URL}, headers: {{X-A: "{{{{ evnt.x }}}}"}}', "evnt", "not a name", "event"),
    (URL, f"{URL}, concurrency: 0", "0}", "greater than or equal to 1", ""),
    (URL, f"{URL}, retry: {{attempts: 0}}", "0}", "greater than or equal to 1", ""),
    (URL, f"{URL}, retry: {{bse: 5s}}", "bse", "unknown key", "did you mean base?"),
    ("name: all", "name: pushes", "pushes\n    from", "a second route", ""),
    ("name: all", "name: All", "All", "no name", "a-z"),
    ("from: [hub]", "from: [hubb]", "hubb", "no source", "did you mean hub?"),
    ("from: [hub]", "from: []", "[]", "at least one", ""),
    (ON, "on: [vcs.pusch]", "vcs.pusch", "no type", "did you mean vcs.push?"),
    (ON, 'on: ["pay*"]', '"pay*"', "no type", ""),
    (ON, "on: [vsc.*]", "vsc.*", "no type", ""),
    (ON, "on: []", "[]", "at least one", ""),
    (ON, f"{ON}\n    order_by: evnt.repo", "evnt", "not a name", "event"),
    (ON, f"{ON}\n    order_by: event.repoo", ".repoo", "`repoo`", ""),
    (ON, f"{ON}\n    order_by: true", "true", "a text is wanted", ""),
    (ON, f"{ON}\n    order_bi: event.repo", "order_bi", "unknown key", "did you mean order_by?"),
    (ON, f"{ON}\n    on_dead: hold", "on_dead", "without `order_by`", ""),
    (ON, f"{ON}\n    order_by: event.repo\n    on_dead: stop", "stop", "none of", ""),
    (ON, f"{ON}\n    delay: 30", "30", "no unit", ""),
    (ON, f"{ON}\n    delay: 0s", "0s", "no time to wait", ""),
    (ON, f"{ON}\n    delay: 5s\n    debounce: {{by: event.ref, wait: 5s}}", "5s\n", "exclude", ""),
    (ON, f"{ON}\n    debounce: {{by: evnt.ref, wait: 5s}}", "evnt", "not a name", "event"),
    (ON, f"{ON}\n    debounce: {{by: event.ref}}", "{by", "'wait' is missing", ""),
    (ON, f"{ON}\n    debounce: {{wait: 5s}}", "{wait", "'by' is missing", ""),
    (ON, f"{ON}\n    debounce: {{by: event.ref, wait: 5s, max_wait: 1s}}", "1s", "shorter", ""),
    (URL, f"{URL}, fair_by: evnt.repo", "evnt", "not a name", "event"),
    (URL, f"{URL}, fair: event.repo", "fair:", "unknown key", "did you mean fair_by?"),
    (ON, f"{ON}\n    format: cloudevnt", "cloudevnt", "none of", "did you mean cloudevent?"),
    (ON, f"{ON}\n    when: true", "true", "not a constant", "leave"),
    (ON, f"{ON}\n    when: event.branch == 'x' and evnt.y", "evnt", "not a name", "event"),
    (ON, f'{ON}\n    when: "event.branch == \'x\' and evnt.y"', "evnt", "not a name", "event"),
    (ON, f"{ON}\n    when: 'event.branch == ''x'' and evnt.y'", "evnt", "not a name", "event"),
    (ON, f"{ON}\n    when: |\n      event.branch == 'x'\n      and evnt.y", "evnt", "not a name", ""),
    (ON, f"{ON}\n    when: >-\n      event.branch\n      and evnt.y", "evnt", "not a name", ""),
    (ON, f"{ON}\n    when: event.reff", ".reff", "`reff`", ""),
    (ON, f"{ON}\n    when: event.branch ==", "", "", ""),
    (ON, f"{ON}\n    when: event.branch ** 2", "", "`**` is not allowed", ""),
    (ON, f"{ON}\n    when: event.branch == '${{UNSET}}'", "${UNSET}", "not set", ":-"),
    (ON, f'{ON}\n    transform: {{a: "{{{{ x }}}}"}}', "x }}", "not a name", ""),
    (ON, f'{ON}\n    format: raw\n    transform: {{a: ""}}', '{a: ""}', "exclude", ""),
    ("to: [ledger]\n  - name: pushes", "to: []\n  - name: pushes", "[]", "at least one", ""),
    ("to: [ledger]\n  - name: pushes", "to: [leger]\n  - name: pushes", "leger", "no target", "ledger"),
    ("to: [ledger]\n  - name: pushes", "format: raw\n  - name: pushes", "name: all", "'to' is missing", ""),
]  # fmt: skip
