"""One target under one engine in a process of its own: `python -m tests.fuzz.worker …`.

Both engines are libFuzzer's, by atheris, with the branches of `gateway` as its guide. `bytes`
changes inputs; `shapes` changes the choices by which Hypothesis makes inputs. Failures are written
down and passed over; only a hang or too much memory ends the process.
"""

import argparse
import hashlib
import importlib
import json
import pkgutil
import sys
from pathlib import Path
from random import Random

import atheris

PACKAGES = ("model", "config", "plan", "verify", "providers", "routing", "ingest", "schemas")
"""Parts of the gateway that are watched."""

with atheris.instrument_imports(include=["gateway"], enable_loader_override=False):
    for _name in PACKAGES:
        _package = importlib.import_module(f"gateway.{_name}")
        for _module in pkgutil.iter_modules(_package.__path__, f"gateway.{_name}."):
            importlib.import_module(_module.name)

from tests.fuzz import judging  # noqa: E402  # after the gateway is instrumented
from tests.fuzz.properties import as_property  # noqa: E402
from tests.fuzz.registry import TARGETS  # noqa: E402


class Findings:
    """Each kind of failure once, with a small input."""

    def __init__(self, target, folder: Path) -> None:
        self._target = target
        self._folder = folder
        self._seen: set[str] = set()

    def judge(self, data: bytes) -> None:
        found = judging.failure(self._target.run, data)
        if found is None or found.name in self._seen:
            return
        self._seen.add(found.name)
        data = judging.shrunk(self._target.run, data, found)
        digest = hashlib.sha256(data).hexdigest()[:12]
        self._folder.mkdir(parents=True, exist_ok=True)
        (self._folder / digest).write_bytes(data)
        line = {"name": found.name, "input": digest, "text": found.text}
        with (self._folder / "findings.jsonl").open("a") as file:
            file.write(json.dumps(line) + "\n")


def main() -> None:
    """Runs until libFuzzer ends the process."""
    parser = argparse.ArgumentParser()
    parser.add_argument("target")
    parser.add_argument("engine", choices=("bytes", "shapes"))
    parser.add_argument("findings", type=Path)
    parser.add_argument("flags", nargs="*", help="libFuzzer's own, and folders of inputs")
    given, flags = parser.parse_known_args()
    target = TARGETS[given.target]
    findings = Findings(target, given.findings)
    mutator = None
    if given.engine == "bytes":
        one = findings.judge
        if target.mutate is not None:
            mutator = _mutator(target.mutate)
    else:
        one = as_property(target.cases, findings.judge)
    more = {} if mutator is None else {"custom_mutator": mutator}
    atheris.Setup([sys.argv[0], *given.flags, *flags], one, **more)
    atheris.Fuzz()


def _mutator(mutate):
    def custom(data: bytes, most: int, seed: int) -> bytes:
        random = Random(seed)
        changed = mutate(data, random) if random.random() < 0.7 else None
        if changed is None or len(changed) > most:
            return atheris.Mutate(data, most)
        return changed

    return custom


if __name__ == "__main__":
    main()
