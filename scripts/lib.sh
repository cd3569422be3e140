# shellcheck shell=bash
# For the scripts beside it: run named steps, time them, and tell at the end how each went.

steps=()
failed_steps=0

# step NAME COMMAND…: runs it, also after others have failed.
step() {
    local name=$1 started=$SECONDS outcome=ok
    shift
    printf '\n=== %s\n' "$name"
    if ! "$@"; then
        outcome=FAILED
        failed_steps=$((failed_steps + 1))
    fi
    steps+=("$(printf '%-34s %6s s  %s' "$name" "$((SECONDS - started))" "$outcome")")
    [[ "$outcome" == ok ]]
}

# skipped NAME WHY: a step that could not be run counts as failed; it is never left out silently.
skipped() {
    failed_steps=$((failed_steps + 1))
    steps+=("$(printf '%-34s %8s  not run: %s' "$1" - "$2")")
}

summary() {
    printf '\n=== %s\n' "$1"
    printf '%s\n' "${steps[@]}"
    printf '%-34s %6s s  %s\n' "together" "$SECONDS" "$([[ $failed_steps -eq 0 ]] && echo ok || echo "$failed_steps FAILED")"
}
