"""Bring `.venv` up to date with the hash-pinned requirement files; the Makefile calls this first.

    python3 requirements/install.py run|test|bench|lock [--program NAME[@PACKAGE]=WHAT IS SKIPPED WITHOUT IT]…

PACKAGE is the Debian package of a program, where it goes by another name.

Standard library only, since it runs before anything is installed. Safe to run twice at once: the second waits
for the first. An environment that was made by another Python, at another place, or from other requirement
files is made anew; one that is up to date costs a few milliseconds.
"""

import argparse
import contextlib
import fcntl
import hashlib
import importlib.util
import json
import os
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
STAMP = VENV / "installed.json"
PIP = (str(VENV / "bin" / "python"), "-m", "pip", "--disable-pip-version-check", "--quiet", "--no-input")


def main() -> None:
    """Install one set of requirements and the programs that its make target likes to have."""
    parser = argparse.ArgumentParser(description="bring .venv up to date")
    parser.add_argument("set", choices=["run", "test", "bench", "lock"])
    parser.add_argument("--program", action="append", default=[], metavar="NAME[@PACKAGE]=SKIPPED")
    arguments = parser.parse_args()
    for program in arguments.program:
        names, _, skipped = program.partition("=")
        name, _, package = names.partition("@")
        if shutil.which(name) is None and not install_debian(package or name):
            print(f"{name} is not installed: {skipped} is skipped.")
    with only_one():
        install(arguments.set)


def install(name: str) -> None:
    """Make or complete the environment so that it holds the set `name` and, but for `lock`, the project
    itself."""
    wanted = digest(name)
    installed = read_stamp()
    if installed.get(name) == wanted:
        return
    if not installed or name in installed or not (VENV / "bin" / "python").exists():
        installed = {"python": interpreter()}
        make_environment()
    print(f"Installing requirements/{name}.txt into .venv …", flush=True)
    files = [name] if name == "lock" else ["build", name]
    run(*PIP, "install", "--require-hashes", *(f"--requirement=requirements/{file}.txt" for file in files))
    if name != "lock":
        run(*PIP, "install", "--no-deps", "--no-build-isolation", "--no-index", "--editable", ".")
    STAMP.write_text(json.dumps(installed | {name: wanted}), encoding="utf-8")


def make_environment() -> None:
    """An empty virtual environment, in place of what was there."""
    if importlib.util.find_spec("ensurepip") is None and not install_debian("python3-venv"):
        sys.exit(f"{sys.executable} cannot make a virtual environment: install python3-venv for it.")
    run(sys.executable, "-m", "venv", "--clear", str(VENV))


def interpreter() -> str:
    """What the environment depends on besides the requirement files: this Python, and where the project
    lies."""
    return f"{sys.version} at {os.path.realpath(sys.executable)} for {ROOT}"


def digest(name: str) -> str:
    """One hash over all that decides what the set `name` installs."""
    inputs = (ROOT / "requirements" / f"{name}.txt").read_bytes()
    if name != "lock":
        project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
        inputs += (ROOT / "requirements" / "build.txt").read_bytes() + json.dumps(project).encode()
    return hashlib.sha256(inputs).hexdigest()


def read_stamp() -> dict[str, str]:
    """The sets that are installed, by name; nothing if the environment was made by another Python or
    elsewhere."""
    try:
        stamp: dict[str, str] = json.loads(STAMP.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return {}
    return stamp if stamp.get("python") == interpreter() else {}


def install_debian(package: str) -> bool:
    """Install a Debian package where that may be done without asking: as root on Debian. False if it was
    not."""
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        return False
    print(f"Installing the Debian package {package} …", flush=True)
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    for command in (("update",), ("install", "--yes", "--no-install-recommends", package)):
        apt = ("apt-get", "-qq", *command)
        done = subprocess.run(apt, env=environment, stdout=subprocess.DEVNULL, check=False)
        if done.returncode != 0:
            return False
    importlib.invalidate_caches()
    return True


@contextlib.contextmanager
def only_one() -> Iterator[None]:
    """Hold the lock beside the environment: two makes at once would clear it under each other's feet."""
    with (ROOT / ".venv.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def run(*command: str) -> None:
    """Run a command in the project's folder; end with its exit code if it fails, its own words being the
    reason."""
    done = subprocess.run(command, cwd=ROOT, check=False)
    if done.returncode != 0:
        sys.exit(done.returncode)


if __name__ == "__main__":
    main()
