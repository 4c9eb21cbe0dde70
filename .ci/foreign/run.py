"""Starts the server for each suite of this folder and runs the suite against it.

    run.py SERVER [STORE...]

SERVER is the program examples/scimserver, a STORE is memory, sqlite, postgres or
directory, which is sqlite with the settings in directory.json; without one it is all of them. Every suite gets a server and an empty store of its
own, the SCIM root in SCIM_URL and the bearer token in SCIM_TOKEN. All have to be
done in time. The last line says how many passed.

PostgreSQL is the server of the URL in ZOHOSCIM_TEST_POSTGRES or, without it, one
that is started in a temporary folder.
"""

import contextlib
import glob
import os
import pathlib
import secrets
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.parse

SUITES = ("tester.py", "sanity.py", "client.py", "cli.py")
START_SECONDS = 20
SUITES_SECONDS = 120  # all of them together, on one store
STOP_SECONDS = 15
ANNOUNCEMENT = "listening on "


def first_line(process):
    """Returns what the server announces, or fails when it says nothing in time."""
    ready, _, _ = select.select([process.stdout], [], [], START_SECONDS)
    line = process.stdout.readline() if ready else ""
    if not line.startswith(ANNOUNCEMENT):
        raise RuntimeError(f"the server's first line is {line!r}")
    return line.removeprefix(ANNOUNCEMENT).strip()


@contextlib.contextmanager
def memory():
    """Yields what gives each suite a store of its own: here nothing has to be made."""
    yield lambda folder: ["memory"]


@contextlib.contextmanager
def sqlite():
    """The same with a file for each suite."""
    yield lambda folder: [f"sqlite:{folder}/scim.db"]


@contextlib.contextmanager
def directory():
    """The same with accounts in a table of users."""
    settings = pathlib.Path(__file__).with_name("directory.json")
    yield lambda folder: [f"sqlite:{folder}/scim.db", "-directory", str(settings)]


@contextlib.contextmanager
def postgres():
    """The same with a database for each suite."""
    programs = postgres_programs()
    with contextlib.ExitStack() as stack:
        server = os.environ.get("ZOHOSCIM_TEST_POSTGRES") or stack.enter_context(postgres_server(programs))

        def database(_):
            name = "foreign_" + secrets.token_hex(8)
            subprocess.run([f"{programs}/psql", "-qXd", server, "-c", f"CREATE DATABASE {name}"], check=True)
            return [urllib.parse.urlsplit(server)._replace(path="/" + name).geturl()]

        yield database


def postgres_programs():
    """Returns the folder of the newest PostgreSQL's programs."""
    found = sorted(glob.glob("/usr/lib/postgresql/*/bin"), reverse=True)
    if initdb := shutil.which("initdb"):
        found.insert(0, os.path.dirname(os.path.realpath(initdb)))
    for folder in found:
        if os.access(f"{folder}/initdb", os.X_OK):
            return folder
    raise RuntimeError("PostgreSQL is not installed: neither in the PATH nor in /usr/lib/postgresql")


@contextlib.contextmanager
def postgres_server(programs):
    """Runs a server in a temporary folder, on a socket there, and yields its URL."""
    with tempfile.TemporaryDirectory(prefix="foreign") as folder:
        who = {}
        if os.geteuid() == 0:  # initdb refuses root
            shutil.chown(folder, "postgres", "postgres")
            who = {"user": "postgres", "group": "postgres", "extra_groups": []}

        def run(program, *args):
            log = open(f"{folder}/{program}.log", "wb")
            with log:
                subprocess.run([f"{programs}/{program}", "-D", f"{folder}/data", *args], check=True,
                               cwd=folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log, **who)

        run("initdb", "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
        run("pg_ctl", "-w", "-o", f"-c listen_addresses= -c unix_socket_directories='{folder}'", "start")
        try:
            yield "postgres://postgres@/postgres?" + urllib.parse.urlencode({"host": folder, "sslmode": "disable"})
        finally:
            run("pg_ctl", "-w", "-m", "immediate", "stop")


STORES = {"memory": memory, "sqlite": sqlite, "postgres": postgres, "directory": directory}


@contextlib.contextmanager
def serving(program, store):
    """Runs the server and yields the environment in which a suite finds it."""
    env = {**os.environ, "SCIM_TOKEN": secrets.token_hex(16), "NO_PROXY": "127.0.0.1"}
    process = subprocess.Popen(
        [program, "-addr", "127.0.0.1:0", "-store", *store],
        env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True,
    )
    try:
        yield {**env, "SCIM_URL": first_line(process) + "/scim/v2"}
        if process.poll() is not None:
            raise RuntimeError(f"the server ended with status {process.returncode}")
    finally:
        process.terminate()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        process.stdout.close()


def passes(program, new_store, suite, deadline):
    """Runs one suite and reports whether it passed before the deadline."""
    try:
        with tempfile.TemporaryDirectory(prefix="foreign") as folder, serving(program, new_store(folder)) as env:
            path = pathlib.Path(__file__).with_name(suite)
            left = max(1, deadline - time.monotonic())
            done = subprocess.run([sys.executable, "-B", path], env=env, stdin=subprocess.DEVNULL, timeout=left)
            return done.returncode == 0
    except (OSError, RuntimeError, subprocess.SubprocessError) as err:
        print(f"{suite}: {err}", flush=True)
        return False


def failures(program, store):
    """Runs all suites on one store and returns the names of those that failed."""
    deadline = time.monotonic() + SUITES_SECONDS
    failed = []
    try:
        with STORES[store]() as new_store:
            for suite in SUITES:
                print(f"--- {suite} on {store}", flush=True)
                if not passes(program, new_store, suite, deadline):
                    failed.append(f"{suite} on {store}")
    except (OSError, RuntimeError, subprocess.SubprocessError) as err:
        print(f"{store}: {err}", flush=True)
        return failed + [f"{store} itself"]
    return failed


def main():
    stores = sys.argv[2:] or list(STORES)
    if len(sys.argv) < 2 or not set(stores) <= set(STORES):
        sys.exit("usage: run.py SERVER [memory | sqlite | postgres | directory]...")
    # Ended from outside, the servers still end first.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    failed = [name for store in stores for name in failures(sys.argv[1], store)]
    if failed:
        print("failed: " + ", ".join(failed))
    print(f"foreign: {len(SUITES) * len(stores) - len(failed)} passed, {len(failed)} failed")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
