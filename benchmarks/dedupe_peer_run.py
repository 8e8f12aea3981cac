"""What runs in the peer's environment: words on stdin, a line an article; JSON on stdout."""

from __future__ import annotations

import json
import sys
import time

from datasketch import MinHash, MinHashLSH  # type: ignore[import-not-found]

THRESHOLD = 0.5
HASHES = 128


def main() -> None:
    """Look each article up, then add it."""
    index = MinHashLSH(threshold=THRESHOLD, num_perm=HASHES)
    kept: list[MinHash] = []
    joined: dict[int, int] = {}
    hashing = looking = 0.0
    for number, line in enumerate(sys.stdin):
        words = json.loads(line)
        start = time.process_time()
        sketch = MinHash(num_perm=HASHES, seed=1)
        shingles = {" ".join(words[i : i + 3]) for i in range(max(1, len(words) - 2))}
        sketch.update_batch([shingle.encode() for shingle in shingles])
        middle = time.process_time()
        near = [(kept[other].jaccard(sketch), -other) for other in index.query(sketch)]
        index.insert(number, sketch)
        looking += time.process_time() - middle
        hashing += middle - start
        kept.append(sketch)
        best = max(near, default=(0.0, 0))
        joined[number] = -best[1] if best[0] >= THRESHOLD else -1
    each = {"shingles and MinHash": hashing, "look-up and adding": looking}
    told = {name: seconds / len(kept) * 1e6 for name, seconds in each.items()}
    print(json.dumps({"joined": joined, "datasketch": told}))


if __name__ == "__main__":
    main()
