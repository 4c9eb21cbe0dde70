#!/usr/bin/env bash
# Starts the service providers of this folder, and runs the client and the cases of
# package scimtest against them and ours:
# run.sh DIR, where DIR/env is a Python environment with requirements.txt. It
# needs Go and Node.js with npm, and prints a table of what came of each step.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
dir=$1
export SCIM_TOKEN=${SCIM_TOKEN:-a-token-of-the-service-providers} NO_PROXY=127.0.0.1
pids=()
trap 'kill "${pids[@]}" 2>/dev/null || true' EXIT

# start NAME COMMAND... runs a service provider and notes its base URL.
start() {
	local name=$1
	shift
	"$@" >"$dir/$name.url" 2>"$dir/$name.log" &
	pids+=($!)
	for _ in $(seq 100); do
		[[ -s $dir/$name.url ]] && break
		sleep 0.1
	done
	[[ -s $dir/$name.url ]] || { cat "$dir/$name.log"; return 1; }
	ZOHOSCIM_TEST_PROVIDERS+=" $name=$(head -1 "$dir/$name.url")"
}

cp "$here/package.json" "$here/scimmy.js" "$dir"
(cd "$dir" && npm install --no-audit --no-fund --silent)
export ZOHOSCIM_TEST_PROVIDERS=
start scimmy node "$dir/scimmy.js"
start scim2-server "$dir/env/bin/python" -B "$here/server.py"

cd "$here/../../../scim/internal/interop"
mkdir "$dir/reports"
go test -count=1 -timeout 6m -run '^(TestProviders|TestConformance|TestEngine)$' -v . -reports "$dir/reports" || { tail -n 20 "$dir"/*.log; exit 1; }
