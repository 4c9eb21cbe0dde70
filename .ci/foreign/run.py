"""Starts the server for each suite of this folder and runs the suite against it.

    run.py SERVER

SERVER is the program examples/scimserver. Every suite gets a server of its own,
the SCIM root in SCIM_URL and the bearer token in SCIM_TOKEN. All have to be done
in time. The last line says how many passed.
"""

import contextlib
import os
import pathlib
import secrets
import select
import signal
import subprocess
import sys
import time

SUITES = ("tester.py", "sanity.py", "client.py", "cli.py")
START_SECONDS = 20
SUITES_SECONDS = 120  # all of them together
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
def serving(program):
    """Runs the server and yields the environment in which a suite finds it."""
    env = {**os.environ, "SCIM_TOKEN": secrets.token_hex(16), "NO_PROXY": "127.0.0.1"}
    process = subprocess.Popen(
        [program, "-addr", "127.0.0.1:0", "-store", "memory"], env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True
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


def passes(program, suite, deadline):
    """Runs one suite and reports whether it passed before the deadline."""
    print(f"--- {suite}", flush=True)
    try:
        with serving(program) as env:
            path = pathlib.Path(__file__).with_name(suite)
            left = max(1, deadline - time.monotonic())
            done = subprocess.run([sys.executable, "-B", path], env=env, stdin=subprocess.DEVNULL, timeout=left)
            return done.returncode == 0
    except (OSError, RuntimeError, subprocess.TimeoutExpired) as err:
        print(f"{suite}: {err}", flush=True)
        return False


def main():
    if len(sys.argv) != 2:
        sys.exit("usage: run.py SERVER")
    # Ended from outside, the servers still end first.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    deadline = time.monotonic() + SUITES_SECONDS
    failed = [suite for suite in SUITES if not passes(sys.argv[1], suite, deadline)]
    if failed:
        print("failed: " + ", ".join(failed))
    print(f"foreign: {len(SUITES) - len(failed)} passed, {len(failed)} failed")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
