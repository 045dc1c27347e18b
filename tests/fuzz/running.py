"""Running one target under one engine in a process, and reading what libFuzzer says of it."""

import json
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from time import monotonic

from tests.fuzz.target import FOLDER, Target

ROOT = FOLDER.parents[1]
CORPUS = ROOT / ".cache" / "fuzz" / "corpus"
"""Inputs that reached something new, kept from run to run; not in the repository."""
FINDINGS = ROOT / ".cache" / "fuzz" / "findings"
ENGINES = ("bytes", "shapes")
_HANG = 25
"""Seconds after which one input counts as a hang."""
_MEMORY = 2048
"""MiB of the whole process."""
_LONGEST = 64 * 1024
"""Bytes of an input."""
_RUNS = re.compile(r"stat::number_of_executed_units:\s*(\d+)|^#(\d+)\s", re.MULTILINE)


@dataclass(frozen=True)
class Result:
    """What one run came to."""

    target: str
    engine: str
    executions: int
    seconds: float
    findings: tuple[dict[str, str], ...]
    crash: str
    """How the process ended, where it should not have; empty: it ended well."""


def fuzz(target: Target, engine: str, seconds: float) -> Result:
    """Attacks a target for so long. What it finds is in `FINDINGS`."""
    corpus, found = CORPUS / target.name / engine, FINDINGS / target.name / engine
    corpus.mkdir(parents=True, exist_ok=True)
    found.mkdir(parents=True, exist_ok=True)
    (found / "findings.jsonl").unlink(missing_ok=True)
    folders = [str(corpus)]
    if engine == "bytes":
        folders.append(str(_seeds(target)))
    words = found / "words.dict"
    words.write_text("\n".join(map(_quoted, target.words)), "utf-8")
    flags = [f"-dict={words}"] if engine == "bytes" and target.words else []
    command = [
        sys.executable, "-W", "ignore", "-m", "tests.fuzz.worker", target.name, engine, str(found), "--",
        f"-max_total_time={max(1, round(seconds))}", "-print_final_stats=1", f"-timeout={_HANG}",
        f"-rss_limit_mb={_MEMORY}", f"-max_len={_LONGEST}", f"-artifact_prefix={found}/", *flags, *folders,
    ]  # fmt: skip
    began = monotonic()
    try:
        done = subprocess.run(
            command, cwd=ROOT, capture_output=True, timeout=seconds + 180, check=False
        )
        said, code = done.stderr.decode("utf-8", "replace"), done.returncode
    except subprocess.TimeoutExpired as late:
        said, code = (late.stderr or b"").decode("utf-8", "replace"), -1
    (found / "log.txt").write_text(said, "utf-8")
    counts = [int(one or other) for one, other in _RUNS.findall(said)]
    return Result(
        target.name,
        engine,
        max(counts, default=0),
        monotonic() - began,
        _read(found / "findings.jsonl"),
        "" if code == 0 else f"ended with {code}, see {found / 'log.txt'}",
    )


def _seeds(target: Target) -> Path:
    """A folder with all seeds of a target as files."""
    folder = CORPUS / target.name / "seeds"
    folder.mkdir(parents=True, exist_ok=True)
    for name, data in target.seeds():
        (folder / name.replace("/", "-")).write_bytes(data)
    return folder


def _quoted(word: str) -> str:
    """A word as libFuzzer's dictionaries write it."""
    signs = (
        f"\\x{byte:02x}" if byte in b'"\\' or not 32 <= byte < 127 else chr(byte)
        for byte in word.encode()
    )
    return f'"{"".join(signs)}"'


def _read(file: Path) -> tuple[dict[str, str], ...]:
    if not file.exists():
        return ()
    return tuple(json.loads(line) for line in file.read_text("utf-8").splitlines())
