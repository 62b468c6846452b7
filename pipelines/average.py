"""Average the weights of networks that began from the same weights: python -m pipelines.average A.pt B.pt --out C.pt

Their middle generalises better than either (Izmailov et al. 2018, arXiv 1803.05407; Wortsman et al.
2022, arXiv 2203.05482). Networks that began from other weights have no middle: here their average was
worse at everything.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import torch


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("weights", type=Path, nargs="+")
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    states = [torch.load(path) for path in args.weights]
    torch.save({name: sum(state[name] for state in states) / len(states) for name in states[0]}, args.out)


if __name__ == "__main__":
    main()
