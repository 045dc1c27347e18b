"""Mistakes with which way judges a request, and with what is told of it."""

from tests.mutants.mutant import mutant

_JUDGED = "        return judge.scheme.verify(request, judge.keys, now, self.context)\n"

VERIFIER = (
    mutant(
        "second-try",
        "a request that fails the strong way is judged by the weak one",
        (
            "verifier",
            _JUDGED,
            (
                "        for way in self.bound:\n"
                "            found = way.scheme.verify(request, way.keys, now, self.context)\n"
                f"            if isinstance(found, Proof):\n                return found\n{_JUDGED}"
            ),
        ),
    ),
    mutant(
        "second-way-never-used",
        "senders of the way that was opened for them are refused",
        ("verifier", "if len(self.bound) > 1:", "if len(self.bound) > 9:"),
    ),
    mutant(
        "weak-way-open-by-any-word",
        '`allow: "false"` opens the weak way',
        ("verifier", "options.get(way.option) is True", "bool(options.get(way.option))"),
    ),
    mutant(
        "weak-way-always-open",
        "a weak way is open that nobody asked for",
        ("verifier", "if not way.option or options.get(way.option) is True", ""),
    ),
    mutant(
        "plain-token-beside-a-signing-one",
        "whoever knows the token needs no signature",
        ("verifier", "if way.secret_prefix != first.secret_prefix:", "if way.secret_prefix not in owned:"),
    ),
    mutant(
        "bad-secret-passed-over",
        "a source runs with half of its secrets, unnoticed",
        ("verifier", "return problems or Verifier(", "return Verifier("),
    ),
    mutant(
        "no-keys",
        "a way without a key is live",
        (
            "verifier",
            "if not self.bound or not all(way.keys for way in self.bound):",
            "if self.bound is None:",
        ),
    ),
    mutant(
        "no-secrets",
        "a source without secrets is not said to be closed",
        ("verifier", '        return ["no secret is configured"]\n', "        return []\n"),
    ),
    mutant(
        "covers-any",
        "an id that only one of two ways signs is believed of both",
        ("verifier", "return all(way.scheme.covers", "return any(way.scheme.covers"),
    ),
    mutant(
        "token-covers-the-body",
        "an id beside a token counts as signed",
        ("token", "        return False\n", "        return True\n"),
    ),
    mutant(
        "secret-header-stored",
        "a token is written to the disk",
        ("token", "        return (self.header.lower(),)\n", "        return ()\n"),
    ),
)  # fmt: skip
