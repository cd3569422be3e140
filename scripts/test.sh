#!/usr/bin/env bash
# Every test there is, from units to journeys in a real browser. One build serves them all. The last
# lines say how long each step took, and how many tests passed and failed.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=scripts/lib.sh
source scripts/lib.sh
export SQLX_OFFLINE="${SQLX_OFFLINE:-true}"
# Of the developer's own database, the tests know nothing.
unset DATABASE_URL DATABASE_REPLICA_URL

target="${CARGO_TARGET_DIR:-$PWD/target}"
logs=$target/test-logs
rm -rf "$logs"
mkdir -p "$logs"
passed=0
failed=0
skipped_tests=0

# logged NAME COMMAND…: shows the output and keeps it, to count from.
logged() {
    local name=$1
    shift
    "$@" 2>&1 | tee "$logs/$name.log"
}

plain() {
    sed -E 's/\x1b\[[0-9;]*[A-Za-z]//g' "$1" 2>/dev/null || true
}

# add FAILED_STEP PASSED FAILED SKIPPED: a step that failed without a failed test counts as one.
add() {
    local outcome=$1 bad=$3
    if [[ "$outcome" -ne 0 && "$bad" -eq 0 ]]; then
        bad=1
    fi
    passed=$((passed + $2))
    failed=$((failed + bad))
    skipped_tests=$((skipped_tests + $4))
    [[ "$outcome" -eq 0 && "$bad" -eq 0 ]]
}

# The sum of the numbers that stand before a word: `count LOG REGEX-OF-LINE WORD…`.
count() {
    local log=$1 line=$2 sum=0 word number
    shift 2
    for word in "$@"; do
        while read -r number; do
            sum=$((sum + number))
        done < <(plain "$log" | { grep -E "$line" || true; } | { grep -oE "[0-9]+ $word" || true; } | cut -d' ' -f1)
    done
    echo "$sum"
}

rust_tests() {
    local outcome=0 log=$logs/nextest.log line='^ *Summary \['
    PATH="$(scripts/tools.sh cargo-nextest):$PATH"
    export PATH OXCART_TEST_DATABASE_BIN="$target/debug/test-database"
    logged nextest cargo nextest run --locked --workspace --profile ci || outcome=1
    add "$outcome" "$(count "$log" "$line" passed)" \
        "$(count "$log" "$line" failed 'timed out' 'exec failed')" "$(count "$log" "$line" skipped)"
}

documentation_tests() {
    local outcome=0 log=$logs/doctests.log line='^test result:'
    logged doctests cargo test --locked --doc --workspace || outcome=1
    add "$outcome" "$(count "$log" "$line" passed)" "$(count "$log" "$line" failed)" \
        "$(count "$log" "$line" ignored)"
}

# json FILE EXPRESSION: a value out of a report; 0 when there is none.
json() {
    PATH="$(sh scripts/node.sh):$PATH" node -e '
        try {
            const report = JSON.parse(require("node:fs").readFileSync(process.argv[1], "utf8"));
            console.log(Number(new Function("r", "return " + process.argv[2])(report)) || 0);
        } catch { console.log(0); }' "$1" "$2"
}

web_tests() {
    local outcome=0 report=$logs/vitest.json
    logged vitest scripts/web.sh run test -- --reporter=default --reporter=json --outputFile="$report" \
        || outcome=1
    add "$outcome" "$(json "$report" r.numPassedTests)" "$(json "$report" r.numFailedTests)" \
        "$(json "$report" r.numPendingTests+r.numTodoTests)"
}

end_to_end() {
    local outcome=0 report=$logs/playwright-$1.json
    E2E_REPORT=$report OXCART_BUILT=yes logged "e2e-$1" scripts/e2e.sh "$1" || outcome=1
    # A test that passes only the second time has failed.
    add "$outcome" "$(json "$report" r.stats.expected)" \
        "$(json "$report" r.stats.unexpected+r.stats.flaky)" "$(json "$report" r.stats.skipped)"
}

# The operations that answered as described, by each kind of actor, are what passed.
api_description() {
    local outcome=0 report good=0 bad=0
    local wrong='new Set(r.failures.flatMap((it) => it.operations)).size+r.errors.length'
    SCHEMATHESIS_REPORTS=$logs OXCART_BUILT=yes logged schemathesis scripts/schemathesis.sh \
        || outcome=1
    for report in "$logs"/schemathesis-*.json; do
        bad=$((bad + $(json "$report" "$wrong")))
        good=$((good + $(json "$report" "r.operations.tested-($wrong)")))
    done
    # No report, no test.
    [[ "$good" -gt 0 ]] || outcome=1
    add "$outcome" "$good" "$bad" 0
}

# What failed, by name, with the beginning of what each said of itself: the last lines of a long log
# are what people read.
failures() {
    plain "$logs/nextest.log" | { grep -E '^ +(FAIL|TIMEOUT|SIG[A-Z]+|ABORT) \[' || true; } | sort -u
    plain "$logs/doctests.log" | { grep -E '^test .* FAILED$' || true; }
    plain "$logs/vitest.log" | { grep -E '^ *FAIL ' || true; } | sort -u
    for log in "$logs"/e2e-*.log; do
        plain "$log" | { grep -E -A 14 '^ +[0-9]+\) \[' || true; }
        plain "$log" | { grep -E '^over budget: ' || true; }
    done
}

generated_files() {
    local outcome=0
    cargo xtask update --check openapi web || outcome=1
    add "$outcome" 0 0 0
}

scripts/setup-system.sh test

if step "build (everything, once)" cargo build --locked --workspace --all-targets; then
    step "Rust: units, properties, PostgreSQL" rust_tests || true
    step "Rust: examples in the documents" documentation_tests || true
    step "generated files up to date" generated_files || true
    step "the API against its description" api_description || true
    can_run=yes
else
    failed=$((failed + 1))
    skipped "Rust tests" "the build failed"
fi
step "front end: units" web_tests || true
step "front end: size of its scripts" end_to_end size || true
step "front end: every page, mocked" end_to_end mocked || true
step "front end: speed (Lighthouse)" end_to_end lighthouse || true
if [[ "${can_run:-}" == yes ]]; then
    step "journeys in Chromium, for real" end_to_end real || true
else
    skipped "journeys in Chromium" "the build failed"
fi

summary "test"
failures | sed -n 1,80p | tee "$logs/failures.txt"
line="$passed passed, $failed failed"
if [[ $skipped_tests -gt 0 ]]; then
    line+=", $skipped_tests skipped"
fi
printf '\n%s\n' "$line" | tee "$logs/summary.txt"
[[ $failed -eq 0 && $failed_steps -eq 0 && $passed -gt 0 ]]
