"""routes.yaml: a plan, or mistakes with places. No file opens what it should not."""

import atexit
import shutil
import tempfile
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from random import Random
from unittest.mock import patch

from hypothesis import strategies as st

from gateway.config import values
from gateway.errors import ConfigInvalid, Problem
from gateway.plan import sources
from gateway.plan.compile import compile_plan
from gateway.plan.plan import Plan, Source
from gateway.plan.ranges import wanted, with_ranges
from gateway.plan.report import check_report
from gateway.providers.declaration import Declaration
from gateway.providers.extract import Extractor
from tests.fuzz.target import SEEDS, Target, promise
from tests.plan.one import MISTAKES, RIGHT

SECRET = "a-secret-of-more-than-sixteen-bytes"
LITERAL = "literal-secret-that-nobody-may-see"
ENVIRON = {
    "SET": SECRET,
    "SHORT": "short-one",
    "EMPTY": "",
    "PORT": "8080",
    "BYTES": "x\udcff" * 20,
}


@cache
def folder() -> Path:
    """A folder with secrets of every kind; gone at the end of the process."""
    made = Path(tempfile.mkdtemp(prefix="fuzz-"))
    atexit.register(shutil.rmtree, made, True)
    for name, content in (("good", f"{SECRET}\n"), ("short", "short-one"), ("empty", "")):
        (made / name).write_text(content)
    return made


def run(data: bytes) -> None:
    """The file's bytes."""
    file = folder() / "routes.yaml"
    file.write_bytes(data)
    lines = data.decode("utf-8", "replace").replace("\r\n", "\n").splitlines() or [""]
    with patch.object(sources, "Extractor", _extractor):
        plan, problems = _compile(file)
        report = check_report(file, ENVIRON)
    promise(problems == report.errors, "two readings of one file")
    for problem in (*problems, *report.warnings):
        _well_said(problem, lines)
    if plan is None:
        promise(problems and not report.ok, "no plan, and no mistake")
        return
    promise(report.ok == (not plan.problems), "check and plan say different things")
    for source in plan.sources.values():
        _closed_or_proven(source)
    promise(len(plan.by_path) == len(plan.sources), "two sources on one path")
    promise({s.name for s in plan.by_path.values()} == set(plan.sources), "a source without a path")
    for route in plan.routes.values():
        promise(set(route.targets) <= set(plan.targets), "a route to nowhere")
        promise(route.sources is None or route.sources <= set(plan.sources), "a route from nowhere")
    renewed = with_ranges(plan, dict.fromkeys(wanted(plan), ()))
    promise(set(renewed.sources) == set(plan.sources), "a source was lost")


def _extractor(declaration: Declaration) -> Extractor:
    """The shipped ones once: compiling their rules takes longer than all the rest of a file."""
    if declaration.name == "custom":
        return Extractor(declaration)
    found = _EXTRACTORS.get(declaration.name)
    if found is None:
        found = _EXTRACTORS[declaration.name] = Extractor(declaration)
    return found


_EXTRACTORS: dict[str, Extractor] = {}


def _compile(file: Path) -> tuple[Plan | None, tuple[Problem, ...]]:
    try:
        plan = compile_plan(file, ENVIRON, generation=1)
    except ConfigInvalid as invalid:
        return None, invalid.problems
    return plan, plan.problems


def _well_said(problem: Problem, lines: list[str]) -> None:
    promise(problem.message, "a mistake without a word")
    promise(1 <= problem.line <= len(lines) + 1, f"no such line: {problem.line} of {len(lines)}")
    promise(problem.column >= 1, f"no such column: {problem.column}")
    promise(len(problem.message) < 40_000, "a message without bounds")
    said = str(problem)
    for secret in (SECRET, "short-one"):
        promise(secret not in said or secret in "\n".join(lines), "a mistake shows a secret")
    said.encode("utf-8")


def _closed_or_proven(source: Source) -> None:
    """Nothing fails open."""
    if source.verifier is None and not source.problem:
        promise(source.amber, "a source that proves nothing is not amber")
        random = any(len(part) >= 22 for part in source.path.split("/"))
        promise(source.allow is not None or random, "a source that anybody reaches")
    if source.verifier is not None:
        promise(not source.problem, "open, though something is wrong")
        keys = [key for bound in source.verifier.bound for key in bound.keys]
        promise(keys and all(len(key.value) >= 16 for key in keys), "a key to be guessed")
    promise(source.path.startswith("/") and source.path.isascii(), "an odd path")
    promise(not set(source.path) & set("%;?# ") and "/." not in source.path, "an odd path")
    promise(source.limits.body > 0 and source.limits.deadline > 0, "a limit of nothing")
    for secret in source.secrets:
        promise(secret.value.decode("latin-1") not in repr(source.secrets), "a repr shows a secret")


def seeds() -> Iterable[tuple[str, bytes]]:
    """The right file of the tests of the plan, with each of their single mistakes, and the shipped
    one."""
    yield "right", RIGHT.encode()
    for number, (old, new, *_) in enumerate(MISTAKES):
        yield f"mistake-{number}", RIGHT.replace(old, new, 1).encode()
    yield "shipped", (SEEDS.parents[2] / "routes.yaml").read_bytes()
    yield "mistakes", (SEEDS.parents[1] / "plan" / "mistakes.yaml").read_bytes()


# ---------------------------------------------------------------- shapes


@cache
def _pieces() -> tuple[str, ...]:
    """What can stand in the file: everything that stands in some seed, a line or a value at a time."""
    found: set[str] = set()
    for _, data in Target("configuration", "", run, st.nothing(), seeds).seeds():
        for line in data.decode("utf-8", "replace").splitlines():
            found.add(line)
            found |= {part.strip() for part in line.replace("{", ",").replace("}", ",").split(",")}
    return tuple(sorted(piece for piece in found if piece.strip()))


def mutate(data: bytes, random: Random) -> bytes | None:
    """A line goes, comes twice, moves, sinks, or becomes another's; a value becomes another's."""
    lines = data.decode("utf-8", "replace").split("\n")
    for _ in range(random.choice((1, 1, 2, 3))):
        at = random.randrange(len(lines))
        match random.randrange(7):
            case 0:
                del lines[at]
            case 1:
                lines.insert(at, lines[at])
            case 2:
                lines[at] = "  " + lines[at]
            case 3:
                lines[at] = lines[at].removeprefix("  ")
            case 4:
                indent = len(lines[at]) - len(lines[at].lstrip())
                lines.insert(at, " " * indent + random.choice(_pieces()).strip())
            case 5:
                key, colon, _ = lines[at].partition(":")
                lines[at] = f"{key}{colon} {random.choice(_pieces()).strip()}"
            case 6:
                parts = lines[at].split(",")
                parts[random.randrange(len(parts))] = " " + random.choice(_pieces()).strip()
                lines[at] = ",".join(parts)
        lines = lines or [""]
    return "\n".join(lines).encode()


@st.composite
def _files(draw: st.DrawFn) -> bytes:
    """The right file, changed in places chosen by Hypothesis."""
    _, data = draw(st.sampled_from(list(seeds())))
    seed = draw(st.integers(0, 2**32))
    for number in range(draw(st.integers(0, 3))):
        data = mutate(data, Random(seed + number)) or data
    return data


TARGET = Target(
    name="configuration",
    promise="a file is a plan in which nothing is open by mistake, or mistakes with places",
    run=run,
    cases=_files(),
    more_seeds=seeds,
    mutate=mutate,
    words=("version: 1", "sources:", "${SET}", "${UNSET:-x}", "$${", "file:good", "!!str ", "&a ", "*a",
           "<<: ", "|\n", ">-\n", "? ", "'", '"\\u0041"', "\t", "- ", "{", "}", "[", "]", "#", "when: "),
)  # fmt: skip


# ---------------------------------------------------------------- single values


def run_values(data: bytes) -> None:
    """One text a line, read as everything that a value can be."""
    for line in data.decode("utf-8", "replace").split("\n")[:30]:
        for read, least, most in (
            (values.duration, 0.0, 36_500 * 86_400.0),
            (values.size, -1, 10**30),
            (values.rate, 0.0, 1e13),
        ):
            try:
                number = read(line)
            except ValueError as error:
                promise(
                    str(error).endswith(("30d", "512MiB", "600/m", "taken")), f"no help: {error}"
                )
            else:
                promise(least < number <= most, f"{read.__name__} of {line!r} is {number}")
        try:
            text = values.substitute(line, ENVIRON)
        except values.BadVariable as bad:
            promise(0 <= bad.position < max(len(line), 1) and bad.hint, "a mistake without a place")
        else:
            promise("$" in line or text == line, "changed without a variable")
        try:
            secret = values.secret(line, 1, ENVIRON, folder())
        except ValueError as error:
            # The name of a file that cannot be read is shown, and a variable may be part of it.
            named = line.startswith(("file:", "credential:"))
            promise(SECRET not in str(error) or named, "a mistake shows a secret")
        else:
            shown = repr(secret).replace(secret.label, "")
            promise(len(secret.value) < 9 or secret.value.decode("latin-1") not in shown, "shown")


VALUES = Target(
    name="values",
    promise="a value is read as documented or refused with an example, and shows no secret",
    run=run_values,
    cases=st.lists(
        st.builds("{}{}".format, st.floats(0, 1e13).map(repr) | st.integers(0, 10**14).map(str),
                  st.sampled_from(["ms", "s", "m", "h", "d", "KiB", "GB", "B", " MiB", "/s", "/m", "/h", "", "/d"]))
        | st.text("$${}:-AZSET_ ", max_size=16)
        | st.sampled_from(["${SET}", "file:good", "file:none", "file:../x", "file:\0", "credential:x",
                           "${SHORT}-x", "${BYTES}", "${EMPTY:-${SET}}", "$${SET}", "file:${SET}"]),
        max_size=6,
    ).map(lambda lines: "\n".join(lines).encode("utf-8", "replace")),
    words=("${SET}", ":-", "$${", "file:", "credential:", "ms", "KiB", "/s", "e5", "."),
)  # fmt: skip
