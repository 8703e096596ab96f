"""What make runs and says, and a project that was moved, copied or has no environment."""

import os
import re
import shlex
import shutil
import subprocess
import sys

import pytest
from support import ROOT, SECTIONS, TIMEOUT, scripts

PARTS = ("examples", "compare", "figures", "claims")
LOCK = "sync_locking/ex2_lock.py"
LEAVE_OUT = ("pi_estimation", "primes_queue", "prime_verification_ipc", "sync_locking")

# Fails at ex2_lock.py, and has no Redis server and no interpreters, unless it is told otherwise.
FAKE_PYTHON = """#!/bin/sh
case "$*" in
  *ex2_lock.py*) exit "${FAKE_LOCK:-1}" ;;
  *redis_server) [ "$FAKE_REDIS" ] || { echo "no Redis server" >&2; exit 1; } ;;
  "-c import"*Interpreter*) [ "$FAKE_POOL" ] || { echo "no pool of them" >&2; exit 1; } ;;
esac
"""

# Notes what pip is told, and makes an environment whose python does the same. It cannot install
# what the environment variable LACKS names.
FAKE_INSTALLER = """#!/bin/sh
echo "$* user: $PIP_USER" >>{log}
for last; do :; done
if [ "$2" = venv ]; then mkdir -p "$last/bin" && cp "$0" "$last/bin/python"; fi
for lacks in $LACKS; do
  case "$*" in *" $lacks"*) echo "ERROR: no $lacks" >&2; exit 1 ;; esac
done
"""


def outside(command, **variables):
    """Run ``command`` as a reader does, in an environment without what tests set; in no folder."""
    ours = ("PYTHONPATH", "MAKEFLAGS", "MFLAGS", "MAKELEVEL", "WORKERS", "SCALE", "PYTHON")
    env = {name: value for name, value in os.environ.items() if name not in ours}
    return subprocess.run(
        list(map(str, command)),
        cwd="/",
        env={**env, **variables},
        capture_output=True,
        text=True,
        timeout=TIMEOUT,
    )


def make(folder, *arguments, **variables):
    return outside(["make", "-C", folder, "--no-print-directory", *arguments], **variables)


@pytest.fixture
def copy(tmp_path):
    """Return a copy of the project without its environment, in a path with a space."""
    folder = tmp_path / "a copy"
    leave = shutil.ignore_patterns(".*", "results", "__pycache__", "joblib_cache", "*.egg-info")
    shutil.copytree(ROOT, folder, ignore=leave)
    return folder


def write_program(path, source):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(source)
    path.chmod(0o755)


@pytest.fixture
def installed(copy):
    """Return the copy with an environment of its own, which runs nothing."""
    write_program(copy / ".venv/bin/python", FAKE_PYTHON)
    (copy / ".venv/.installed").write_text(f"{copy.resolve()}\n")
    return copy


def test_help_lists_every_target_that_a_reader_needs():
    listed = make(ROOT, "help").stdout
    for target in (
        "chapter",
        "report",
        "figures",
        "cluster",
        "test",
        "lint",
        "setup",
        "clean",
        *SECTIONS,
    ):
        assert re.search(rf"^make {target} +\S", listed, re.MULTILINE), target
    for part in PARTS:
        assert re.search(rf"^make SECTION-{part} .*: make \w+-{part}$", listed, re.MULTILINE)


@pytest.mark.parametrize("arguments", [(), ("WORKERS=3", "SCALE=book", "START_METHOD=spawn")])
def test_make_shows_each_command_that_it_runs(arguments):
    result = make(ROOT, "-n", "chapter", *SECTIONS, "cluster", *arguments)
    pattern = r"^printf '.*' '(.*)' '(.*)'\n(.*?)$"
    shown = re.findall(pattern, result.stdout, re.MULTILINE)
    for title, command, run in shown:
        assert title
        assert command in " ".join(run.split())
        assert ("--scale book" if arguments else "--scale quick") in command
    assert {command.split()[1] for _, command, _ in shown} == {*scripts()}


def test_the_number_of_workers_goes_to_every_example_as_an_option():
    commands = make(ROOT, "-n", "chapter", "WORKERS=3").stdout
    assert "--workers 3" in commands
    assert not re.search(r"\.py .*(?<!--workers) 3\b", commands)


def test_section_6_has_no_figures_and_make_says_so():
    result = make(ROOT, "figures", "SECTION=sync_locking")
    assert result.returncode == 0
    assert result.stdout == "Section 6 (sync_locking) has no figures\n"


def test_the_chapter_ends_with_a_summary(installed):
    write_program(installed / ".venv/bin/python", "#!/bin/sh\n")
    result = make(installed, "chapter")
    assert result.returncode == 0, result.stderr
    summary = result.stdout.split("# Summary\n")[1]
    left_out = ("fig_", "compare", "claims", "cluster")
    nbr_scripts = sum(not any(word in script for word in left_out) for script in scripts())
    assert re.match(rf"{nbr_scripts} of {nbr_scripts} scripts .* in 0 min \d+ s\.\n", summary)
    assert "Failed" not in summary
    assert re.search("Left out: .*comparisons.*figures.*cluster", summary)
    assert re.search("Next: make ", summary)


def test_the_summary_names_what_failed_and_what_was_left_out_and_why(installed):
    result = make(installed, "chapter")
    assert result.returncode == 2
    summary = result.stdout.split("# Summary\n")[1]
    right, of = map(int, re.match(r"(\d+) of (\d+) scripts", summary).groups())
    assert of - right == 6, summary
    assert re.findall("Failed: (.*)", summary) == [f"{LOCK} (exit code 1)"]
    assert re.findall("Left out: (.*): no Redis server", summary) == [
        "primes_queue/primes_queue_redis.py",
        "prime_verification_ipc/primes_flag_redis.py",
        "prime_verification_ipc/redis_sockets.py",
        "sync_locking/ex3_redis.py",
    ]
    assert "Left out: pi_estimation/pi_lists_interpreters.py: no pool of them\n" in summary
    assert "sync_locking/ex3_merge.py" in result.stdout  # the last one: it went on


def test_a_section_alone_stops_at_a_script_that_fails(installed):
    result = make(installed, "sync_locking-examples", FAKE_REDIS="1")
    assert result.returncode == 2
    assert LOCK in result.stdout
    assert "ex3_merge" not in result.stdout


@pytest.mark.parametrize("section", SECTIONS)
@pytest.mark.parametrize("has", ["", "1"])
def test_a_section_alone_runs_to_its_end(installed, section, has):
    its = {"FAKE_LOCK": "0", "FAKE_REDIS": has, "FAKE_POOL": has}
    result = make(installed, f"{section}-examples", **its)
    assert (result.returncode, result.stderr) == (0, "")
    assert ("left out: no" in result.stdout) == (section in LEAVE_OUT and not has)


def test_setup_is_done_once_and_again_after_a_move(installed):
    assert make(installed, "-n", "setup").stdout.startswith("make: Nothing")
    moved = installed.with_name("moved")
    installed.rename(moved)
    assert "-m venv --clear .venv\n" in make(moved, "-n", "setup").stdout


@pytest.mark.parametrize("path", ["", "/another/place"])
def test_setup_heeds_no_pip_user_and_leaves_the_path_of_the_project(copy, path):
    log, python = copy / "log", copy / "fake"
    write_program(python, FAKE_INSTALLER.format(log=shlex.quote(str(log))))
    if path:
        (copy / ".venv").mkdir()
        (copy / ".venv/.installed").write_text(f"{path}\n")
    result = make(copy, "setup", "PYTHON=./fake", "VENV=.venv", PIP_USER="1")
    assert result.returncode == 0, result.stderr
    created, installation = log.read_text().splitlines()
    assert ("--clear" in created) == bool(path)
    assert re.match(r"-m pip install .*-r requirements.txt user: 0", installation)
    assert (copy / ".venv/.installed").read_text() == f"{copy.resolve()}\n"


def test_setup_says_what_this_python_cannot_have_and_installs_the_rest(copy):
    log, python = copy / "log", copy / "fake"
    write_program(python, FAKE_INSTALLER.format(log=shlex.quote(str(log))))
    lacks = "requirements.txt numpy matplotlib"
    result = make(copy, "setup", "PYTHON=./fake", "VENV=.venv", LACKS=lacks)
    assert result.returncode == 0, result.stderr
    left_out = [line for line in result.stdout.splitlines() if line.startswith("left out")]
    assert [re.search("numpy|matplotlib|$", line)[0] for line in left_out] == [
        "numpy",
        "matplotlib",
    ]
    assert re.search(r"pip install .* joblib", log.read_text())
    assert (copy / ".venv/.installed").exists()


def test_setup_fails_with_the_words_of_pip_where_nothing_can_be_installed(copy):
    log, python = copy / "log", copy / "fake"
    write_program(python, FAKE_INSTALLER.format(log=shlex.quote(str(log))))
    result = make(copy, "setup", "PYTHON=./fake", "VENV=.venv", LACKS="requirements.txt -e")
    assert result.returncode != 0
    assert "ERROR: no requirements.txt" in result.stderr
    assert not (copy / ".venv/.installed").exists()


@pytest.mark.parametrize(
    "command",
    [
        ("primes_pool/primes_serial.py", "--nbr_numbers", "10"),
        ("primes_pool/primes_pool.py", "2", "--nbr_numbers", "10", "--start-method", "spawn"),
        ("primes_pool/primes_pool.py", "2", "--nbr_numbers", "10", "--start-method", "forkserver"),
    ],
)
def test_a_copy_runs_its_own_modules(copy, command):
    path = copy / "common/timing.py"
    path.write_text(path.read_text().replace("{duration", "the copy's {duration"))
    path = copy / "common/processes.py"
    settle = "    threading.excepthook = lambda"  # in settle, which every worker calls to its end
    assert settle in path.read_text()
    path.write_text(path.read_text().replace(settle, f"    os.write(1, b'its own\\n')\n{settle}"))
    result = outside([sys.executable, copy / command[0], *command[1:]])
    assert (result.returncode, result.stderr) == (0, "")
    assert "Took: the copy's 0." in result.stdout
    assert result.stdout.count("its own\n") == (2 if "2" in command else 0)


def test_every_section_finds_common_in_the_same_way():
    sources = {(ROOT / section / "common.py").read_text() for section in SECTIONS}
    assert len(sources) == 1


def test_without_the_environment_scripts_of_the_standard_library_run():
    result = outside([sys.executable, "-S", ROOT / LOCK, "2", "--max_count", "10"])
    assert (result.returncode, result.stderr) == (0, "")
    assert "Counted to 20" in result.stdout


@pytest.mark.parametrize("script", ["pi_estimation/pi_numpy_serial.py", "primes_pool/compare.py"])
def test_without_the_environment_one_line_says_how_to_get_it(script):
    result = outside([sys.executable, "-S", ROOT / script])
    assert result.returncode == 2
    assert re.fullmatch(
        rf"\w+\.py: No module named '\w+': cd {re.escape(str(ROOT))} && make setup && "
        r"source \.venv/bin/activate\n",
        result.stderr,
    )


def test_a_script_that_is_run_as_a_module_says_that_its_path_is_needed():
    root, python = map(shlex.quote, (str(ROOT), sys.executable))
    command = f"cd {root} && exec {python} -m sync_locking.ex2_lock"
    result = outside(["/bin/sh", "-c", command])
    assert result.returncode == 2
    assert re.fullmatch(
        r"ex2_lock\.py: .*'sync_check': run scripts by their path.*\n", result.stderr
    )


@pytest.mark.parametrize(
    ("setting", "line"),
    [("os.name = 'nt'", "on Windows .* in WSL"), ("sys.version_info = (3, 10)", "Python 3.11")],
)
def test_another_system_and_an_older_python_get_one_line(setting, line):
    program = f"import os, sys; {setting}; sys.path.insert(0, {str(ROOT)!r}); import common"
    result = outside([sys.executable, "-c", program])
    assert result.returncode == 1
    assert re.fullmatch(rf".*{line}.*\n", result.stderr)
