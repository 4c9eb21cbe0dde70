"""Runs scim2-tester, which checks a server against RFC 7643 and RFC 7644.

An error is a broken MUST and fails the run, and so does a kind of check that
never succeeded: a suite that stops early must not pass. Deviations from a
SHOULD and skipped checks are printed as warnings.
"""

import collections
import os
import random
import sys

from httpx2 import Client
from scim2_client.engines.httpx2 import SyncSCIMClient
from scim2_tester import Status, check_server

FAILURES = {Status.ERROR, Status.CRITICAL}
WARNINGS = {Status.DEVIATION, Status.SKIPPED}

# What has to have succeeded at least once, and for resources once for each type.
DISCOVERY = {"discovery", "service-provider-config", "resource-types", "schemas", "misc"}
OPERATIONS = {"crud:create", "crud:read", "crud:update", "crud:delete", "patch:add", "patch:replace", "patch:remove"}
RESOURCE_TYPES = {"User", "Group"}
EXPECTED = {(None, tag) for tag in DISCOVERY} | {(name, tag) for name in RESOURCE_TYPES for tag in OPERATIONS}


def main():
    # The same values in each run: a failure can be repeated.
    random.seed(7644)
    headers = {"Authorization": "Bearer " + os.environ["SCIM_TOKEN"]}
    with Client(base_url=os.environ["SCIM_URL"], headers=headers, timeout=20) as http:
        results = check_server(SyncSCIMClient(http))

    seen = set()
    for result in results:
        where = f"{result.resource_type} {result.title}" if result.resource_type else result.title
        print(f"{result.status.name:<10} {where}: {result.reason}")
        if result.status in FAILURES and result.data is not None:
            print(f"{'':<10} {result.data!r:.1000}")
        if result.status not in FAILURES | WARNINGS:
            seen |= {(result.resource_type, tag) for tag in result.tags}

    missing = sorted(f"{name or 'server'} {tag}" for name, tag in EXPECTED - seen)
    for what in missing:
        print(f"{'MISSING':<10} {what}: no check of this kind succeeded")
    counts = collections.Counter(result.status for result in results)
    errors = sum(counts[status] for status in FAILURES)
    warnings = sum(counts[status] for status in WARNINGS)
    print(f"scim2-tester: {len(results)} checks, {errors} errors, {warnings} warnings, {len(missing)} kinds missing")
    sys.exit(1 if errors or missing else 0)


if __name__ == "__main__":
    main()
