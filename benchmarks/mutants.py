"""Change lines of the package at random, one at a time, and count how many changes the tests notice.

    make mutants

It needs the file .coverage that `make coverage` writes, which tells the tests that run each line. A change is made in a
copy of the package, then tests that run the changed line are run; where there are more than 40, those 40 that run the
fewest lines. A change is noticed if one of them fails that passes without it, or if they take too long. A line that no
test runs counts as a change that was not noticed. Changes of annotations and of zip's strict, which change no result,
are not made.
"""

from __future__ import annotations

import argparse
import ast
import json
import multiprocessing
import os
import random
import shutil
import signal
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest
from cosmic_ray.ast import ast_nodes, get_ast
from cosmic_ray.mutating import mutate_code
from cosmic_ray.plugins import get_operator, operator_names
from coverage import Coverage, CoverageData

_ROOT = Path(__file__).resolve().parent.parent
_COPIED = ("skpd", "tests", "docs", "examples", "benchmarks", "pyproject.toml", "README.md", "CHANGELOG.md", "Makefile")

# Tests run in forks of a process that has imported what takes long.
_PROCESSES = multiprocessing.get_context("forkserver")
_PROCESSES.set_forkserver_preload(["__main__", "imblearn", "matplotlib.pyplot", "pandas", "scipy.stats"])


class Mutant(NamedTuple):
    """A change of one line."""

    module: str
    line: int
    operator: str
    code: str
    tests: list[str]


def draw_mutants(measured: Coverage, n_mutants: int, rng: random.Random) -> Iterator[Mutant]:
    """Draw statements at random, and for each a change that can be made on its first line."""
    # Templates run too, as modules that coverage traces.
    files = sorted(Path(file) for file in measured.get_data().measured_files() if file.endswith(".py"))
    modules = [str(file.relative_to(_ROOT)) for file in files if file.is_relative_to(_ROOT / "skpd")]
    lines = [(module, line) for module in modules for line in measured.analysis2(str(_ROOT / module))[1]]
    rng.shuffle(lines)
    size = _count_lines(measured.get_data())
    found = 0
    for module, line in lines:
        changes = _changes(module).get(line, [])
        rng.shuffle(changes)
        for operator, occurrence in changes:
            code = _apply(module, operator, occurrence)
            if code is not None:
                found += 1
                tests = sorted(_tests_of(measured.get_data(), module, line), key=lambda test: (size[test], test))
                yield Mutant(module, line, operator, code, tests)
                break
        if found == n_mutants:
            return


@cache
def _changes(module: str) -> dict[int, list[tuple[str, int]]]:
    """The changes that can be made in a module, by line: operator and which of its places."""
    nodes = list(ast_nodes(get_ast((_ROOT / module).read_text(encoding="utf-8"))))
    changes: dict[int, list[tuple[str, int]]] = {}
    for name in operator_names():
        operator_class = get_operator(name)
        if operator_class.arguments():
            continue
        places = (place for node in nodes for place in operator_class().mutation_positions(node))
        for occurrence, ((line, _), _) in enumerate(places):
            changes.setdefault(line, []).append((name, occurrence))
    return changes


def _apply(module: str, operator: str, occurrence: int) -> str | None:
    source = (_ROOT / module).read_text(encoding="utf-8")
    code = mutate_code(source, get_operator(operator)(), occurrence)
    try:
        same = code is None or _meaning(code) == _meaning(source)
    except SyntaxError:
        return None
    return None if same else code


def _meaning(source: str) -> str:
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.arg):
            node.annotation = None
        elif isinstance(node, ast.FunctionDef):
            node.returns = None
        elif isinstance(node, ast.AnnAssign):
            node.annotation = ast.Constant(None)
        elif isinstance(node, ast.Call):
            node.keywords = [keyword for keyword in node.keywords if keyword.arg != "strict"]
    return ast.dump(tree)


def _count_lines(data: CoverageData) -> Counter[str]:
    """Count the lines that each test runs."""
    return Counter(
        context.rpartition("|")[0]
        for file in data.measured_files()
        for contexts in data.contexts_by_lineno(file).values()
        for context in contexts
    )


def _tests_of(data: CoverageData, module: str, line: int, above: frozenset[str] = frozenset()) -> set[str]:
    """Return the tests that run a line, or that run a line that names the compiled function, which no tracer sees."""
    by_line = data.contexts_by_lineno(str(_ROOT / module))
    contexts = set(by_line.get(line, []))
    functions = [name for name, lines in _compiled(module).items() if line in lines]
    if contexts == {""} and not functions:
        # A line that runs when the module is imported matters to whatever runs the module.
        contexts = set().union(*by_line.values())
        functions = list(_compiled(module))
    tests = {context.rpartition("|")[0] for context in contexts if context}
    for name in set(functions) - above:
        for caller in _lines_that_name(name):
            tests |= _tests_of(data, *caller, above | {name})
    return tests


@cache
def _compiled(module: str) -> dict[str, range]:
    """The compiled functions of a module and their lines."""
    return {
        node.name: range(node.lineno, node.end_lineno + 1)
        for node in ast.walk(ast.parse((_ROOT / module).read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef)
        and any("compiled" in ast.dump(decorator) for decorator in node.decorator_list)
    }


@cache
def _lines_that_name(function: str) -> list[tuple[str, int]]:
    return [
        (str(file.relative_to(_ROOT)), node.lineno)
        for file in sorted((_ROOT / "skpd").rglob("*.py"))
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Name) and node.id == function
    ]


def is_noticed(mutant: Mutant, *, most_tests: int, seconds: float) -> bool:
    """Tell whether a test of the changed line fails or takes too long, and passes without the change."""
    if not mutant.tests:
        return False
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder, "copy")
        copy.mkdir()
        for name in _COPIED:
            source = _ROOT / name
            if source.is_dir():
                shutil.copytree(source, copy / name, ignore=shutil.ignore_patterns("__pycache__", "_build"))
            elif source.exists():
                shutil.copy(source, copy / name)
        (copy / mutant.module).write_text(mutant.code, encoding="utf-8")
        tests = mutant.tests[:most_tests]
        failed = _failed(tests, copy, seconds)
        # A test that fails without the change too says nothing of it.
        shutil.copy(_ROOT / mutant.module, copy / mutant.module)
        return bool(failed) and not _failed(failed, copy, 10 * seconds)


def _failed(tests: list[str], folder: Path, seconds: float) -> list[str]:
    """Run tests on the package in a folder up to the first that fails; all of them where they end in no other way."""
    report = folder / "failed.txt"
    report.unlink(missing_ok=True)
    process = _PROCESSES.Process(target=_run_tests, args=(tests, folder, report))
    process.start()
    process.join(seconds)
    if process.is_alive():
        os.killpg(process.pid, signal.SIGKILL)
        process.join()
    if process.exitcode == 0:
        return []
    # 1: a test failed. 2 and 4: the package cannot be imported. Below 0: the tests crashed, or took too long.
    if process.exitcode not in {1, 2, 4} and process.exitcode >= 0:
        raise RuntimeError(f"pytest ended with {process.exitcode}:\n{(folder / 'output.txt').read_text()}")
    return report.read_text(encoding="utf-8").splitlines() if report.exists() else tests


def _run_tests(tests: list[str], folder: Path, report: Path) -> None:
    """Run tests in this process, which has the packages loaded but not skpd, and leave the names of those that fail."""

    class Failures:
        def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
            if report.failed:
                names.append(report.nodeid)

    names: list[str] = []
    os.setsid()
    os.chdir(folder)
    with open("output.txt", "wb") as output:
        os.dup2(output.fileno(), 1)
        os.dup2(output.fileno(), 2)
    sys.path.insert(0, str(folder))
    sys.dont_write_bytecode = True
    os.environ.update(PYTHONPATH=str(folder), PYTHONDONTWRITEBYTECODE="1", OMP_NUM_THREADS="1")
    code = pytest.main(["-x", "-q", "-p", "no:cacheprovider", *tests], plugins=[Failures()])
    if names:
        report.write_text("\n".join(names), encoding="utf-8")
    os._exit(code)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mutants", type=int, default=50)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--most-tests", type=int, default=40, help="of the tests that run a line, how many at most")
    parser.add_argument("--seconds", type=float, default=300, help="after which the tests of a change are stopped")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--coverage", type=Path, default=_ROOT / ".coverage")
    parser.add_argument("--out", type=Path, help="a JSON file for the result")
    options = parser.parse_args()
    if not options.coverage.exists():
        parser.error(f"{options.coverage} is not there: run make coverage first")
    measured = Coverage(data_file=str(options.coverage), config_file=str(_ROOT / "pyproject.toml"))
    measured.load()
    mutants = list(draw_mutants(measured, options.mutants, random.Random(options.seed)))

    def examine(mutant: Mutant) -> bool:
        noticed = is_noticed(mutant, most_tests=options.most_tests, seconds=options.seconds)
        word = "noticed    " if noticed else "not noticed"
        print(f"{word}  {mutant.module}:{mutant.line}  {mutant.operator}  ({len(mutant.tests)} tests)", flush=True)
        return noticed

    with ThreadPoolExecutor(options.jobs) as pool:
        noticed = list(pool.map(examine, mutants))
    print(f"{sum(noticed)} of {len(mutants)} changes noticed")
    if options.out:
        rows = [
            {"module": m.module, "line": m.line, "change": m.operator, "tests": len(m.tests), "noticed": found}
            for m, found in zip(mutants, noticed, strict=True)
        ]
        document = {"seed": options.seed, "noticed": sum(noticed), "mutants": rows}
        options.out.write_text(json.dumps(document, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
