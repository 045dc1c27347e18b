"""Mistakes with signatures: how one is found, decoded and compared."""

from tests.mutants.mutant import mutant

_ONE_VALUE = "value = headers.one(name)"
_FILLED = "if value and value.isascii():"
_COMPARED = "if hmac.compare_digest(mac, candidate) and found is None:"
_HEX_SIZE = "    if len(value) != 2 * size:\n        return None\n"
_HEX = "return unhexlify(value)"
_NO_CANDIDATE = "if not candidates:"
_CANONICAL = "canonical = len(decoded) == size and b2a_base64(decoded, newline=False) == value"

HEADERS = (
    mutant(
        "header-doubled-takes-first",
        "two programs on the way believe different headers",
        ("headers", _ONE_VALUE, "value = next(iter(headers.all(name)), None)"),
    ),
    mutant(
        "header-doubled-takes-last",
        "two programs on the way believe different headers",
        ("headers", _ONE_VALUE, "value = next(reversed(headers.all(name)), None)"),
    ),
    mutant(
        "header-doubled-is-one",
        "two programs on the way believe different headers",
        (
            "model/request",
            "return None if name in self._doubled else self._values",
            "return self._values",
        ),
    ),
    mutant(
        "header-not-ascii",
        "bytes that two programs decode differently",
        ("headers", _FILLED, "if value:"),
    ),
    mutant(
        "header-empty",
        "an empty id or time is as good as one",
        ("headers", _FILLED, "if value.isascii():"),
    ),
    mutant(
        "header-absent-is-bad",
        "the operator is not told that nothing was sent",
        ("headers", "Outcome.MISSING_SIGNATURE", "Outcome.BAD_SIGNATURE"),
    ),
)


DIGESTS = (
    mutant(
        "keys-only-first",
        "a rotation loses events",
        ("mac", "for key in keys:", "for key in keys[:1]:"),
    ),
    mutant(
        "keys-only-last",
        "a rotation loses events",
        ("mac", "for key in keys:", "for key in keys[-1:]:"),
    ),
    mutant(
        "keys-last-fitting",
        "the log names another secret than the first that fits",
        ("mac", _COMPARED, "if hmac.compare_digest(mac, candidate):"),
    ),
    mutant(
        "any-of-an-empty-list",
        "a header without a signature fits every secret",
        ("mac", "        for candidate in candidates:\n", ""),
        (
            "mac",
            f"            {_COMPARED}\n",
            "        if all(hmac.compare_digest(mac, one) for one in candidates):\n    ",
        ),
        ("mac", "                found = key, mac\n", "        found = key, mac\n"),
        ("hmac", _NO_CANDIDATE, "if candidates is None:"),
        ("standard_webhooks", _NO_CANDIDATE, "if candidates is None:"),
    ),
    mutant(
        "every-candidate-must-fit",
        "senders that list the signatures of two secrets lose events",
        ("mac", "        for candidate in candidates:\n", ""),
        (
            "mac",
            f"            {_COMPARED}\n",
            "        if all(hmac.compare_digest(mac, one) for one in candidates):\n    ",
        ),
        ("mac", "                found = key, mac\n", "        found = key, mac\n"),
    ),
    mutant(
        "digest-compared-as-prefix",
        "one byte of a signature is enough",
        ("mac", _COMPARED, "if mac.startswith(candidate) and found is None:"),
        ("mac", _HEX_SIZE, ""),
    ),
    mutant(
        "digest-half-compared",
        "half of a signature is enough",
        ("mac", _COMPARED, "if mac[:16] == candidate[:16] and found is None:"),
    ),
    mutant(
        "digest-last-byte-free",
        "a changed signature passes",
        ("mac", _COMPARED, "if mac[:-1] == candidate[:-1] and found is None:"),
    ),
    mutant(
        "digest-truncated",
        "a signature cut short is as good as a whole one",
        ("mac", _COMPARED, "if mac[: len(candidate)] == candidate and found is None:"),
        ("mac", _HEX_SIZE, "    if len(value) % 2 or not value:\n        return None\n"),
    ),
    mutant(
        "digest-of-sha1-accepted",
        "whoever can break the weaker algorithm gets in",
        (
            "mac",
            _COMPARED,
            "if found is None and candidate in (mac, hmac.digest(key.value, b''.join(parts), 'sha1')):",
        ),
        ("mac", _HEX_SIZE, ""),
    ),
    mutant(
        "hex-with-blanks",
        "one signature in many spellings",
        ("mac", _HEX_SIZE, ""),
        ("mac", _HEX, "return bytes.fromhex(value.decode())"),
    ),
    mutant(
        "base64-lenient",
        "one signature in many spellings",
        ("mac", "a2b_base64(value, strict_mode=True)", "a2b_base64(value)"),
        ("mac", _CANONICAL, "canonical = len(decoded) == size"),
    ),
    mutant(
        "base64-spare-bits",
        "one signature in four spellings",
        ("mac", _CANONICAL, "canonical = len(decoded) == size"),
    ),
    mutant(
        "base64url-mixed",
        "one signature in two alphabets",
        ("mac", 'if b"+" in value or b"/" in value:', "if value is None:"),
    ),
    mutant(
        "prefix-unchecked",
        "a signature of another algorithm's name is taken for ours",
        ("hmac", "if not sent.startswith(ready.prefix):", "if sent is None:"),
    ),
    mutant(
        "entries-of-any-name",
        "a signature of a scheme given up for its weakness counts",
        ("hmac", "for name, _, value in named if name == ready.entry]", "for name, _, value in named]"),
    ),
    mutant(
        "version-by-prefix",
        "a signature of another version counts",
        ("standard_webhooks", 'version == b"v1"', 'version.startswith(b"v1")'),
    ),
    mutant(
        "families-mixed",
        "a second set of headers gets into a proof",
        ("standard_webhooks", "_OWN if any(", "_OWN if all("),
    ),
    mutant(
        "large-body-uncovered",
        "everything over 64 KiB of a signed body can be changed",
        ("mac", 'b"".join(parts)', 'b"".join(parts)[:65536]'),
    ),
    mutant(
        "last-part-uncovered",
        "what stands last in a template, mostly the body, can be changed",
        ("mac", 'b"".join(parts)', 'b"".join(parts[:-1] or parts)'),
    ),
    mutant(
        "hash-goes-on",
        "a request is judged by the bytes of those before it as well",
        ("base", "begun[0].copy(), begun[1].copy()", "begun"),
    ),
)  # fmt: skip
