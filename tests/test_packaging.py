"""pyproject.toml, requirements/*.lock and environment.yml say the same, and name neither an index nor a machine."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import tomllib
import zipfile
from collections import defaultdict
from importlib.metadata import packages_distributions
from itertools import product
from pathlib import Path
from typing import NamedTuple

import nbformat
import pytest
import yaml
from packaging.markers import Marker, default_environment
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

from tests.absent import CODE

ROOT = Path(__file__).resolve().parents[1]
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
# What each lock is for, by extras: the reports alone; all that a user has, in a container; everything, tests too
LOCKED = {
    "report": ("build", "reports"),
    "app": ("build", "reports", "portfolio", "office", "lab"),
    "dev": ("build", *PYPROJECT["project"]["optional-dependencies"]),
}
LOCKS = tuple(LOCKED)
EVERYTHING = ("build", *PYPROJECT["project"]["optional-dependencies"])
PYTHONS = ("3.11", "3.12", "3.13", "3.14")
SYSTEMS = (("linux", "Linux", "posix"), ("darwin", "Darwin", "posix"), ("win32", "Windows", "nt"))

CONDA_NAMES = {"playwright": "playwright-python", "duckdb": "python-duckdb", "quantlib": "quantlib-python"}
# What makes a fresh kernel slow (the grammar that jupyter-events brings), and what brings it
NOT_FOR_REPORTS = {
    "jupyterlab",
    "jupyterlab-server",
    "jupyter-server",
    "jupyter-events",
    "notebook",
    "voila",
    "rfc3987-syntax",
}

# Modules named beside those of an extra, which its packages bring in turn
ALONG = {"IPython", "jupyter_client", "traitlets", "jupyterlab_server", "jupyter_server"}

PIN = re.compile(
    r"(?P<name>[A-Za-z0-9][A-Za-z0-9._-]*)==(?P<version>[0-9][A-Za-z0-9.!+]*)(?: ; (?P<marker>[^/:\\#]+))?"
)
HASH = re.compile(r"--hash=sha256:[0-9a-f]{64}")


class Pin(NamedTuple):
    name: str
    version: Version
    marker: Marker | None
    hashes: int


def entries(lock: str) -> list[str]:
    """The lock's entries, each on one line: a pin with its hashes."""
    text = (ROOT / "requirements" / f"{lock}.lock").read_text(encoding="utf-8")
    return [line for line in re.sub(r"\\\n\s*", "", text).splitlines() if line.strip()]


def pins(lock: str) -> dict[str, list[Pin]]:
    """The lock's pins by package; several if the version depends on the system or the Python."""
    found = defaultdict(list)
    for entry in entries(lock):
        match = PIN.match(entry)
        assert match, f"{lock}.lock: not a pinned package: {entry[:80]}"
        name = canonicalize_name(match["name"])
        marker = match["marker"] and Marker(match["marker"].split("--hash")[0].strip())
        found[name].append(Pin(name, Version(match["version"]), marker or None, len(HASH.findall(entry))))
    return found


def requirements(*extras: str) -> list[Requirement]:
    """What pyproject.toml asks for: the library's own needs, then the extras'; `build` is what builds it."""
    project = PYPROJECT["project"]
    asked = list(project["dependencies"])
    for extra in extras:
        asked += PYPROJECT["build-system"]["requires"] if extra == "build" else project["optional-dependencies"][extra]
    return [Requirement(text) for text in asked]


def needs(lock: str) -> list[Requirement]:
    return requirements(*LOCKED[lock])


def environments() -> list[dict[str, str]]:
    """Where one lock must do: each supported Python on each system."""
    return [
        default_environment()
        | {"python_version": python, "python_full_version": f"{python}.1", "implementation_version": f"{python}.1"}
        | {"implementation_name": "cpython", "platform_python_implementation": "CPython"}
        | {"sys_platform": system, "platform_system": name, "os_name": os_name}
        for python, (system, name, os_name) in product(PYTHONS, SYSTEMS)
    ]


def none_of(problems: list[str]) -> None:
    assert not problems, "\n" + "\n".join(problems)


@pytest.mark.parametrize("lock", LOCKS)
def test_every_requirement_is_locked_at_a_version_that_satisfies_it(lock: str) -> None:
    locked = pins(lock)
    problems = []
    for requirement in needs(lock):
        found = locked.get(canonicalize_name(requirement.name), [])
        problems += [f"{lock}.lock lacks {requirement.name}"] * (not found)
        problems += [
            f"{lock}.lock has {pin.name} {pin.version}, pyproject.toml asks for {requirement}"
            for pin in found
            if not requirement.specifier.contains(pin.version, prereleases=True)
        ]
        for environment in environments():
            here = [pin for pin in found if pin.marker is None or pin.marker.evaluate(environment)]
            if found and not here:
                where = f"Python {environment['python_version']} on {environment['sys_platform']}"
                problems.append(f"{lock}.lock leaves out {requirement.name} for {where}")
    none_of(problems)


@pytest.mark.parametrize("lock", LOCKS)
def test_each_environment_gets_one_version_of_a_package(lock: str) -> None:
    problems = set()
    for name, found in pins(lock).items():
        for environment in environments():
            here = {str(pin.version) for pin in found if pin.marker is None or pin.marker.evaluate(environment)}
            if len(here) > 1:
                problems.add(f"{lock}.lock: {name} has several versions for one environment: {', '.join(sorted(here))}")
    none_of(sorted(problems))


@pytest.mark.parametrize("lock", LOCKS)
def test_every_pin_has_sha256_hashes(lock: str) -> None:
    none_of(
        [
            f"{lock}.lock: {pin.name} has no sha256 hash"
            for found in pins(lock).values()
            for pin in found
            if not pin.hashes
        ]
    )


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_holds_pins_and_hashes_and_nothing_else(lock: str) -> None:
    """So no address, no option such as --index-url or --find-links, no path and no `-e`."""
    problems = [
        f"{lock}.lock: not a pin with hashes: {rest[:120]}"
        for entry in entries(lock)
        if not PIN.fullmatch(rest := HASH.sub("", entry).strip())
    ]
    none_of(problems)


def test_reports_need_no_jupyterlab() -> None:
    asked = {canonicalize_name(requirement.name) for requirement in requirements("reports")}
    none_of([f"the extra `reports` asks for {name}" for name in sorted(NOT_FOR_REPORTS & asked)])
    none_of([f"report.lock has {name}" for name in sorted(NOT_FOR_REPORTS & pins("report").keys())])


@pytest.mark.parametrize("lock", ["report", "app"])
def test_the_locks_agree(lock: str) -> None:
    part, dev = pins(lock), pins("dev")
    problems = []
    for name, found in sorted(part.items()):
        ours, theirs = ({str(pin.version) for pin in some} for some in (found, dev.get(name, [])))
        if ours != theirs:
            problems.append(f"{name}: {', '.join(ours)} in {lock}.lock, {', '.join(theirs) or 'absent'} in dev.lock")
    none_of(problems)


def test_environment_yml_asks_for_the_same_with_the_same_bounds() -> None:
    environment = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
    plain = [entry for entry in environment["dependencies"] if isinstance(entry, str)]
    (by_pip,) = [entry["pip"] for entry in environment["dependencies"] if isinstance(entry, dict)]
    assert environment["channels"] == ["conda-forge"]
    assert by_pip[-1] == "-e .", "environment.yml does not install the package itself"

    conda = {name: SpecifierSet(bounds) for name, _, bounds in (entry.partition(" ") for entry in plain)}
    pip = {canonicalize_name(entry.name): entry.specifier for entry in map(Requirement, by_pip[:-1])}
    for python in PYTHONS:
        assert Version(python) in conda["python"], f"environment.yml leaves out Python {python}"

    problems, known = [], {"python", "pip"}
    for requirement in requirements(*EVERYTHING):
        name = canonicalize_name(requirement.name)
        conda_name = CONDA_NAMES.get(name, name)
        known |= {name, conda_name}
        bounds = pip.get(name, conda.get(conda_name))
        if bounds is None:
            problems.append(f"environment.yml lacks {conda_name}")
        elif bounds != requirement.specifier:
            problems.append(f"environment.yml has {conda_name} {bounds or '(any)'}, pyproject.toml {requirement}")
    problems += [
        f"environment.yml has {name}, pyproject.toml does not" for name in sorted((conda | pip).keys() - known)
    ]
    none_of(problems)


def test_every_requirement_has_a_lower_bound() -> None:
    asked = requirements(*EVERYTHING)
    none_of(
        [
            f"{each.name} has no lower bound"
            for each in asked
            if not any(part.operator == ">=" for part in each.specifier)
        ]
    )


def test_the_build_backend_is_locked_as_it_is_asked_for() -> None:
    assert sorted(PYPROJECT["dependency-groups"]["build"]) == sorted(PYPROJECT["build-system"]["requires"])


@pytest.mark.parametrize("name", ["pyproject.toml", "environment.yml", "Makefile", ".ci/run", ".gitignore"])
def test_no_file_names_an_address_or_a_place_on_one_machine(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    address, option = r"\S*://\S*", r"--(?:extra-)?index-url.*|--find-links.*"
    place = r"(?<![\w.])/(?:opt|root|home|Users|tmp|work)/\S*"
    found = re.findall(f"{address}|{option}|{place}", text)
    none_of([f"{name}: {each}" for each in found])


def test_an_editable_install_can_be_made(tmp_path: Path) -> None:
    code = "import sys; from hatchling.build import build_editable; print(build_editable(sys.argv[1]))"
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    with zipfile.ZipFile(tmp_path / done.stdout.strip()) as archive:
        (pth,) = [name for name in archive.namelist() if name.endswith(".pth")]
        assert archive.read(pth).decode().strip() == str(ROOT)


LINKS = re.compile(r"\]\(([^)]+)\)")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wheel, built as `pip` builds it: what the build needs is on PYTHONPATH alone."""
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys._base_executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder)]
    surroundings = {**os.environ, "PYTHONPATH": sysconfig.get_path("purelib")}
    done = subprocess.run(build, cwd=ROOT, env=surroundings, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    (built,) = folder.glob("jiebei_lib-*.whl")
    return built


@pytest.mark.parametrize("home", ["", "https://host.example/owner/jiebei-lib/"])
def test_the_package_s_page_leads_nowhere_that_is_not_there(home: str) -> None:
    code = "from hatchling.metadata.core import ProjectMetadata; from hatchling.plugin.manager import PluginManager; import json\n"
    code += "data = ProjectMetadata('.', PluginManager()).core; print(json.dumps([data.readme, data.urls]))"
    surroundings = {**os.environ, "JIEBEI_HOME": home}
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=surroundings, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    readme, urls = json.loads(done.stdout)
    ours, page = (ROOT / "README.md").read_text("utf-8"), LINKS.findall(readme)
    assert readme.splitlines()[0] == ours.splitlines()[0] and len(LINKS.findall(ours)) > 10
    assert bool(urls) == bool(home) and all(url.startswith(home.rstrip("/")) for url in urls.values())
    local = [link for link in LINKS.findall(ours) if not link.startswith(("https://", "#"))]
    led = [re.sub(f"^{re.escape(home)}(blob|raw)/main/", "", link) for link in page if not link.startswith("#")]
    assert led == (local if home else []) and all((ROOT / link).exists() for link in local)


def test_the_wheel_holds_the_code_the_data_and_the_notebooks(wheel: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        held = set(archive.namelist())
    kinds = {".py", ".yaml", ".css", ".js", ".j2", ".json", ".csv", ".ipynb"}
    package = [path for path in (ROOT / "jiebei_lib").rglob("*") if path.suffix in kinds]
    left = {".ipynb_checkpoints", "__pycache__", "conftest.py"}
    notebooks = [path for path in (ROOT / "notebooks").rglob("*") if path.is_file() and not left & set(path.parts)]
    wanted = {path.relative_to(ROOT).as_posix() for path in package if ".ipynb_checkpoints" not in path.parts}
    wanted |= {f"jiebei_lib/{path.relative_to(ROOT).as_posix()}" for path in notebooks}
    assert any(name.startswith("jiebei_lib/notebooks/.jupyter/voila/") for name in wanted)
    wanted.add("jiebei_lib/py.typed")  # or a type checker takes all of it for Any
    none_of([f"the wheel lacks {path}" for path in sorted(wanted - held)])
    strangers = [
        path for path in held if not path.startswith(("jiebei_lib/", "jiebei_lib-")) or left & set(path.split("/"))
    ]
    none_of([f"the wheel holds {path}" for path in sorted(strangers)])
    # What it brings ready made is found, and is what the library would make
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path / "there")
    said = {name: first_answer(tmp_path / "there", tmp_path / f"cache-{name}") for name in ("new", "old")}
    assert said["new"] == said["old"] and not list(tmp_path.glob("cache-*/*"))
    shutil.rmtree(tmp_path / "there" / "jiebei_lib" / "compiled")
    assert first_answer(tmp_path / "there", tmp_path / "cache-none") == said["new"]
    assert len(list((tmp_path / "cache-none").glob("readings-*"))) == 2


# Several commands in one process, in which some modules are as if they were not installed; what they say and make, by name
PLAIN = f"""{CODE}
import contextlib, io, json, pathlib
absent, commands = json.loads(sys.argv[1]), json.loads(sys.argv[2])
without(*absent)
from jiebei_lib.cli import run
said = {{}}
for command in commands:
    with contextlib.redirect_stdout(io.StringIO()) as out, contextlib.redirect_stderr(io.StringIO()) as err:
        code = run(command)
    said[" ".join(command)] = [code, out.getvalue(), err.getvalue()]
made = {{file.name: file.read_bytes().hex() for file in sorted(pathlib.Path().iterdir())}}
print(json.dumps([said, made, sorted(set(absent) & {{name.split(".")[0] for name in sys.modules}})]))
"""
LARGE = ["pandas", "scipy", "pyarrow", "numba"]  # of what the library uses, what a plain install is without
BY_NUMPY = [
    *(["assess", "--days-overdue", "7", "--amount-overdue", "8000", "--lang", lang] for lang in ("zh", "en")),
    ["assess", "--days-overdue", "40", "--communication", "silent", "--as-of", "2026-11-26", "--json"],
    ["sample", "--rows", "40", "-o", "some.csv"],
    ["sample", "--rows", "40", "-o", "some.jsonl"],
    ["score", "some.csv", "-o", "scored.csv"],
    ["score", "some.jsonl", "-o", "scored.json", "--policy", "published"],
    ["borrower", "{borrowers}/several_debts.yaml", "--as-of", "2026-11-26", "--lang", "en"],
    ["letter", "hardship_plan", "--borrower", "{borrowers}/several_debts.yaml", "-o", "letter.txt"],
    ["ask", "--topics"],
    ["cost", "{borrowers}/../loan.yaml", "--as-of", "2026-04-22"],
    ["policy", "show", "--topic", "factors"],
]
MORE = {  # what says which extra it needs, and makes nothing
    "score some.csv -o scored.parquet": "portfolio",
    "audit {borrowers}/../contact_log.csv": "analysis",
    "learn {borrowers}/../outcomes.csv": "analysis",
    "assess --days-overdue 7 --policy own.yaml": "analysis",
}


def test_a_plain_install_answers_scores_and_draws_by_numpy_alone(wheel: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path / "there")
    borrowers = str(tmp_path / "there/jiebei_lib/notebooks/cases/borrowers")
    commands = [[word.format(borrowers=borrowers) for word in command] for command in BY_NUMPY]
    more = [command.format(borrowers=borrowers).split() for command in MORE]
    results = []
    for absent, asked in ((LARGE, [*commands, *more]), ([], commands)):
        folder = tmp_path / f"without-{len(absent)}"
        folder.mkdir()
        (folder / "own.yaml").write_text("factors: {amount: {pressing: 60000}}", "utf-8")
        surroundings = {**os.environ, "JIEBEI_CACHE": str(tmp_path / "none"), "PYTHONPATH": str(tmp_path / "there")}
        done = subprocess.run(
            [sys.executable, "-c", PLAIN, json.dumps(absent), json.dumps(asked)],
            cwd=folder,
            env=surroundings,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        results.append(json.loads(done.stdout))
    (said, made, imported), (said_with, made_with, _) = results
    assert not imported
    for command, extra in zip(more, MORE.values(), strict=True):
        code, out, err = said.pop(" ".join(command))
        assert (code, out, err.count("\n")) == (2, "", 1) and f"jiebei-lib[{extra}]" in err, (command, err)
    assert said == said_with and made == made_with and all(code == 0 for code, *_ in said.values())


def first_answer(installed: Path, cache: Path) -> str:
    """What the library there says of a case, with a cache folder of its own."""
    code = "from jiebei_lib.core.assessment import assess; print(assess({'days_overdue': 7}, as_of='2026-11-26').to_dict())"
    surroundings = {**os.environ, "JIEBEI_CACHE": str(cache), "PYTHONPATH": str(installed)}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=cache.parent, env=surroundings, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


# What is asked for in Python, and the extra that its sentence names
ASKED = {"jiebei_lib.audit": "analysis", "jiebei_lib.assess(case).frame()": "analysis", "figure.plotly()": "reports"}
IN_PYTHON = f"""{CODE}
without("pandas", "scipy", "plotly")
import json, jiebei_lib
from jiebei_lib.show.case.figures import witnesses_figure
case = jiebei_lib.Case(days_overdue=7)
figure = witnesses_figure(jiebei_lib.assess(case), "en")
said = {{}}
for asked in json.loads(sys.argv[1]):
    try:
        eval(asked)
    except jiebei_lib.UserError as told:
        said[asked] = [isinstance(told, ImportError), told.say("zh"), str(told)]
print(json.dumps(said))
"""


def test_in_python_too_what_needs_an_extra_says_so_in_one_sentence(wheel: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path / "there")
    surroundings = {**os.environ, "JIEBEI_CACHE": str(tmp_path / "none"), "PYTHONPATH": str(tmp_path / "there")}
    asked_for = [sys.executable, "-c", IN_PYTHON, json.dumps(list(ASKED))]
    done = subprocess.run(asked_for, cwd=tmp_path, env=surroundings, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert list(said) == list(ASKED)
    for asked, (is_import_error, zh, en) in said.items():
        assert is_import_error and "需要先安装" in zh and f'pip install "jiebei-lib[{ASKED[asked]}]"' in en


def test_the_sentence_of_a_missing_module_names_the_extra_that_brings_it() -> None:
    told = yaml.safe_load((ROOT / "jiebei_lib" / "core" / "knowledge" / "extras.yaml").read_text(encoding="utf-8"))
    brought = packages_distributions()
    extras = PYPROJECT["project"]["optional-dependencies"]
    problems, found = [], set()
    for extra, modules in told.items():
        listed = {canonicalize_name(Requirement(each).name) for each in extras[extra]}
        for module in modules:
            names = {canonicalize_name(name) for name in brought.get(module, [])}
            found |= names & listed
            # What they bring along in turn is named too, since it may be met first
            if not names & listed and module not in ALONG:
                problems.append(f"{module}: {extra} does not bring it")
    for extra in told:
        problems += [
            f"{each}: no module of it is named under {extra}"
            for each in map(canonicalize_name, (Requirement(text).name for text in extras[extra]))
            if each not in found and each != "jupyterlab-language-pack-zh-cn"
        ]
    none_of(problems)


@pytest.mark.slow
def test_the_source_archive_holds_what_its_own_tests_of_packaging_need(tmp_path: Path) -> None:
    build = [sys.executable, "-m", "hatchling", "build", "--target", "sdist", "--directory", str(tmp_path)]
    done = subprocess.run(build, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    (archive,) = tmp_path.glob("jiebei_lib-*.tar.gz")
    with tarfile.open(archive) as opened:
        opened.extractall(tmp_path, filter="data")
    (folder,) = (path for path in tmp_path.iterdir() if path.is_dir())
    for name in (
        "README.md",
        "README.zh.md",
        "LICENSE",
        "CHANGELOG.md",
        "docs",
        "Makefile",
        ".gitignore",
        "reports/examples",
    ):
        assert (folder / name).exists(), name
    if ROOT.joinpath(".git").exists():  # not from within the archive: it would unpack itself without end
        test = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/test_packaging.py"]
        ran = subprocess.run(
            test, cwd=folder, capture_output=True, text=True, check=False, env={**os.environ, "PYTHONPATH": "."}
        )
        assert ran.returncode == 0, ran.stdout[-3000:]


def test_hooks_before_a_commit_fetch_nothing_and_run_what_is_installed() -> None:
    told = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))
    problems = []
    for repo in told["repos"]:
        if repo["repo"] != "local":
            problems.append(f"{repo['repo']} is fetched")
        for hook in repo["hooks"]:
            program = Path(hook["entry"].split()[0])
            if hook["language"] != "system" or program.parent != Path(".venv/bin"):
                problems.append(f"{hook['id']} does not run from .venv")
            if shutil.which(program.name, path=str(Path(sys.executable).parent)) is None:
                problems.append(f"{hook['id']} runs {program}, which is not installed")
            re.compile(hook.get("files", ""))
    none_of(problems)
    assert {hook["id"] for hook in told["repos"][0]["hooks"]} == {"ruff", "ruff-format", "mypy", "nbstripout"}


def test_no_kept_notebook_holds_widget_state_or_what_a_hook_would_take_away(tmp_path: Path) -> None:
    (hook,) = [
        hook
        for hook in yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))["repos"][0]["hooks"]
        if hook["id"] == "nbstripout"
    ]
    program, *options = shlex.split(hook["entry"])
    kept = sorted((ROOT / "notebooks").rglob("*.ipynb"))
    notebooks = [str(path) for path in kept if ".ipynb_checkpoints" not in path.parts]
    command = [str(Path(sys.executable).parent / Path(program).name), *options, "--verify", *notebooks]
    done = subprocess.run(command, capture_output=True, text=True)
    assert notebooks and done.returncode == 0, done.stdout
    planted = nbformat.v4.new_notebook(metadata={"widgets": {"application/vnd.jupyter.widget-state+json": {}}})
    nbformat.write(planted, file := tmp_path / "planted.ipynb")
    assert subprocess.run([*command[: -len(notebooks)], str(file)], capture_output=True).returncode == 1


@pytest.mark.parametrize("target", ["check", "quick", "test", "lock"])
def test_make_help_lists_each_target(target: str) -> None:
    if shutil.which("make") is None:
        pytest.skip("no make here")
    done = subprocess.run(
        ["make", "--no-print-directory", "help"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert re.search(rf"^  make {target} +\S", done.stdout, re.M)


# ---- a container, a development container, Binder -----------------------------------------------------------------

INSTRUCTIONS = {
    "ARG",
    "FROM",
    "ENV",
    "RUN",
    "WORKDIR",
    "COPY",
    "USER",
    "EXPOSE",
    "HEALTHCHECK",
    "ENTRYPOINT",
    "CMD",
    "LABEL",
}


def instructions() -> list[tuple[str, str]]:
    """The Containerfile's instructions, each on one line."""
    text = re.sub(r"^\s*#.*\n", "", (ROOT / "Containerfile").read_text(encoding="utf-8"), flags=re.M)
    lines = [line.strip() for line in re.sub(r"\\\n\s*", "", text).splitlines()]
    return [(line.split()[0], line.partition(" ")[2].strip()) for line in lines if line]


def test_the_container_is_built_from_the_lock_by_an_ordinary_user_and_says_how_it_is() -> None:
    told = instructions()
    kinds = [kind for kind, _ in told]
    assert set(kinds) <= INSTRUCTIONS and kinds.index("ARG") < kinds.index("FROM") < kinds.index("RUN")
    assert kinds.index("USER") < kinds.index("ENTRYPOINT") and kinds.count("HEALTHCHECK") == 1
    (user,) = (rest for kind, rest in told if kind == "USER")
    assert user not in ("root", "0") and any(
        kind == "RUN" and "useradd" in rest and user in rest for kind, rest in told
    )
    installs = [rest for kind, rest in told if kind == "RUN" and "pip install" in rest]
    assert "--require-hashes" in installs[0] and "app.lock" in installs[0]
    assert all(
        "--require-hashes" in each or ("--no-deps" in each and "--no-build-isolation" in each) for each in installs
    )
    for kind, rest in told:
        if kind == "COPY":
            *given, _ = [word for word in rest.split() if not word.startswith("--")]
            assert all((ROOT / name).exists() for name in given), rest
        if kind in ("ENTRYPOINT", "CMD"):
            assert isinstance(json.loads(rest), list)
    assert json.loads(dict(told)["ENTRYPOINT"])[-1].endswith("jiebei") and json.loads(dict(told)["CMD"])[0] == "app"


def test_the_places_where_it_runs_for_others_call_the_same_two_commands() -> None:
    container = json.loads((ROOT / ".devcontainer" / "devcontainer.json").read_text(encoding="utf-8"))
    assert "app.lock" in container["postCreateCommand"] and container["postAttachCommand"].startswith("jiebei lab ")
    for name in ("postBuild", "start"):
        file = ROOT / "binder" / name
        assert os.access(file, os.X_OK), f"{name} must be executable"
        assert subprocess.run(["sh", "-n", str(file)], check=False).returncode == 0
    assert "jiebei lab" in (ROOT / "binder" / "postBuild").read_text(encoding="utf-8")
    assert (ROOT / "binder" / "requirements.txt").read_text(encoding="utf-8").strip() == "-r ../requirements/app.lock"


@pytest.mark.parametrize(
    "name", ["Containerfile", ".devcontainer/devcontainer.json", "binder/postBuild", "binder/start", "CITATION.cff"]
)
def test_none_of_these_names_an_address_of_its_own(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    none_of([each for each in re.findall(r"\S*://\S*|--(?:extra-)?index-url\S*", text) if "127.0.0.1" not in each])


def test_the_citation_names_this_version() -> None:
    told = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    here = re.search(r'__version__ = "(.+)"', (ROOT / "jiebei_lib" / "__init__.py").read_text(encoding="utf-8"))
    assert {"cff-version", "message", "title", "authors", "type", "license"} <= told.keys()
    assert told["version"] == here[1] and told["license"] == PYPROJECT["project"]["license"]
