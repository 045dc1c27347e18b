"""Mistakes with secrets, tokens and passwords, and with which way judges a request."""

from tests.mutants.mutant import mutant

_TOKEN = "if hmac.compare_digest(key.value, token) and found is None:"
_PAIR = "if hmac.compare_digest(key.value, pair) and found is None:"

KEYS = (
    mutant(
        "secret-short",
        "a secret that can be guessed opens a source",
        ("keys", "if len(key.value) < SHORTEST:", "if not key.value:"),
    ),
    mutant(
        "secret-empty",
        "an unset variable opens a source to everybody",
        ("keys", "if not secret.value:", "if secret.value is None:"),
        ("keys", "if len(key.value) < SHORTEST:", "if 0 < len(key.value) < SHORTEST:"),
    ),
    mutant(
        "secret-base64-lenient",
        "a mistyped secret is another secret, silently",
        ("keys", "a2b_base64(value, strict_mode=True)", "a2b_base64(value)"),
    ),
    mutant(
        "password-empty",
        "a user's name alone is a secret",
        ("basic", 'if not key.value.partition(b":")[2]:', 'if b":" not in key.value:'),
    ),
)


TOKENS = (
    mutant(
        "token-compared-as-prefix",
        "one letter of a token is enough",
        ("token", _TOKEN, "if key.value.startswith(token) and found is None:"),
    ),
    mutant(
        "token-longer",
        "anything behind a token passes",
        ("token", _TOKEN, "if token.startswith(key.value) and found is None:"),
    ),
    mutant(
        "token-lower-cased",
        "many tokens fit",
        ("token", _TOKEN, "if key.value.lower() == token.lower() and found is None:"),
    ),
    mutant(
        "token-stripped",
        "many tokens fit",
        ("token", _TOKEN, "if key.value == token.strip() and found is None:"),
    ),
    mutant(
        "token-empty",
        "no token is a token",
        ("token", _TOKEN, "if key.value.startswith(token) and found is None:"),
        ("token", "if not token:", "if token is None:"),
    ),
    mutant(
        "token-only-first",
        "a rotation loses events",
        ("token", "for key in keys:", "for key in keys[:1]:"),
    ),
    mutant(
        "token-prefix-unchecked",
        "a password of another kind is taken for a token",
        (
            "token",
            "if sent[:size].lower() != self.prefix.lower().encode():",
            "if sent is None:",
        ),
    ),
    mutant(
        "basic-user-unchecked",
        "any user with that password",
        ("basic", _PAIR, "if key.value.partition(b':')[2] == pair.partition(b':')[2] and found is None:"),
    ),
    mutant(
        "basic-password-unchecked",
        "that user with any password",
        ("basic", _PAIR, "if key.value.partition(b':')[0] == pair.partition(b':')[0] and found is None:"),
    ),
    mutant(
        "basic-kind-unchecked",
        "a bearer token is read as a password",
        ("basic", 'if scheme.lower() != b"basic":', "if scheme is None:"),
    ),
    mutant(
        "basic-base64-lenient",
        "one password in many spellings",
        ("basic", "strict_mode=True", "strict_mode=False"),
    ),
    mutant(
        "basic-only-first",
        "a rotation loses events",
        ("basic", "for key in keys:", "for key in keys[:1]:"),
    ),
)  # fmt: skip
