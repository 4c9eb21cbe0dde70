"""Runs scim-sanity, which walks a server through the life of a user and a group.

What it reports fails the run, except for the findings in KNOWN, where the
standard allows what the suite refuses. One of those that no longer appears fails
the run too, so that the list stays true.
"""

import os
import sys

from scim_sanity.probe.runner import run_probe_api

# RFC 7644, section 3.5.2: the server may answer a successful PATCH with 204 (No
# Content) and must answer 200 only if the request has "attributes". A group can
# be big, so its PATCH is answered with 204.
NO_CONTENT = "a PATCH may be answered with 204 (RFC 7644, section 3.5.2)"
KNOWN = {
    ("PATCH /Groups/{id}", "Expected HTTP 200, got 204 (RFC 7644 §3.3); Response body is empty"): NO_CONTENT,
    ("PATCH /Groups/{id} add member", "Expected 200, got 204"): NO_CONTENT,
    ("PATCH /Groups/{id} remove members", "Expected 200, got 204"): NO_CONTENT,
}
LEAST_PASSED = 25


def main():
    answer = run_probe_api(os.environ["SCIM_URL"], token=os.environ["SCIM_TOKEN"], timeout=20)
    failed = 0
    stale = set(KNOWN)
    for result in answer["results"]:
        status, name, message = result["status"], result["name"], result.get("message", "")
        if reason := status == "fail" and KNOWN.get((name, message)):
            stale.discard((name, message))
            print(f"KNOWN  {name}: {message}: {reason}")
            continue
        print(f"{status.upper():<6} {name}: {message}")
        failed += status in ("fail", "error")
    for name, message in sorted(stale):
        print(f"STALE  {name}: {message}: take it out of the known findings")
    passed = answer["summary"]["passed"]
    if passed < LEAST_PASSED:
        print(f"SHORT  {passed} checks passed, {LEAST_PASSED} did once")
    print(f"scim-sanity: {passed} passed, {failed} failed, {len(KNOWN) - len(stale)} known findings")
    sys.exit(1 if failed or stale or passed < LEAST_PASSED else 0)


if __name__ == "__main__":
    main()
