#!/usr/bin/env bash
# run.sh keep: judge every sample study and keep its results.json as the baseline.
# run.sh compare: say what today's code changes against the baseline; build/changes.md for CI.
set -euo pipefail
cd "$(dirname "$0")/../.."
doing=${1:?say keep or compare}
run() { .venv/bin/python -m coaching_stats "$@"; }

judge() { # name, data, further options
    local name=$1
    run study "$2" --out "build/samples/$name" "${@:3}" > /dev/null
    if [ "$doing" = keep ]; then
        cp "build/samples/$name/results.json" "tests/baseline/$name.json"
        return
    fi
    local code=0
    echo "$name"
    run diff "tests/baseline/$name.json" "build/samples/$name/results.json" \
        --markdown "build/samples/$name.md" || code=$?
    [ "$code" -ne 2 ] # a moved number or a changed claim is for the reader to judge
    { echo "### $name"; echo; cat "build/samples/$name.md"; echo; } >> build/changes.md
}

mkdir -p build
: > build/changes.md
for name in sample one_client; do
    judge "$name" "data/$name"
done
for name in attitude lq2002; do
    judge "$name" "data/published/$name.csv" --study "data/published/$name.study.yml"
done
