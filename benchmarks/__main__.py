"""Run the benchmarks and print a table; ``python -m benchmarks [NAME…]``."""

import json
import sys
from pathlib import Path

from benchmarks import (
    boosting,
    collecting,
    extraction,
    importing,
    loop,
    pages,
    pretrained,
    scoring,
    searching,
    starting,
)

BENCHMARKS = {
    "extraction": extraction.run,
    "import": importing.run,
    "training": loop.run,
    "previews": collecting.run,
    "pretrained": pretrained.run,
    "trees": boosting.run,
    "scores": scoring.run,
    "search": searching.run,
    "pages": pages.run,
    "start": starting.importing,
    "help": starting.helping,
}
RESULTS = Path("artifacts") / "bench.json"


def main() -> int:
    names = sys.argv[1:] or list(BENCHMARKS)
    if unknown := sorted(set(names) - set(BENCHMARKS)):
        print(f"There is no benchmark {unknown[0]!r}. Choose from: {', '.join(BENCHMARKS)}.", file=sys.stderr)
        return 2
    results = []
    for name in names:
        print(f"measuring {name} …", file=sys.stderr)
        results.append({"name": name, **BENCHMARKS[name]()})
    print(f"{'benchmark':<12} {'Songfeat':>10} {'against':>10} {'ratio':>7}  what is compared")
    for one in results:
        times = f"{one['seconds']:>9.2f}s {one['against_seconds']:>9.2f}s {one['ratio']:>7.2f}"
        print(f"{one['name']:<12} {times}  {one['what']}")
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(results, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
