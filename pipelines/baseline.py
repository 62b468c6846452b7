"""spaCy's own CNN `ner` (tok2vec width 96, depth 4) on the same paragraphs, to compare the network with.

python -m pipelines.baseline --out build/cnn --epochs 12
winsextract evaluate GOLD REPORT --model build/cnn
"""

from __future__ import annotations

import argparse
import random
import time
from pathlib import Path

import spacy
from spacy.training import Example, offsets_to_biluo_tags
from spacy.util import compounding, fix_random_seed, minibatch

from pipelines.examples import read_paragraphs
from winsextract.tagger import blank

HERE = Path(__file__).parent


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--epochs", type=int, default=12)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    fix_random_seed(args.seed)
    rng = random.Random(args.seed)
    nlp = blank()
    nlp.add_pipe("ner")  # spaCy's default: HashEmbedCNN of width 96 and depth 4
    examples = []
    for path in sorted((HERE / "training").glob("*.jsonl")):
        for paragraph in read_paragraphs(path):
            doc = nlp.make_doc(paragraph.text)
            tags = offsets_to_biluo_tags(doc, list(paragraph.marks))
            if "-" not in tags:
                examples.append(Example.from_dict(doc, {"entities": tags}))
    optimizer = nlp.initialize(lambda: examples)
    for epoch in range(args.epochs):
        began, losses = time.time(), {}
        rng.shuffle(examples)
        for batch in minibatch(examples, size=compounding(4.0, 32.0, 1.01)):
            nlp.update(batch, sgd=optimizer, drop=0.2, losses=losses)
        print(f"epoch {epoch + 1}/{args.epochs} loss {losses['ner']:.0f} {time.time() - began:.0f}s", flush=True)
    nlp.to_disk(args.out)
    print(f"{len(examples)} paragraphs, spaCy {spacy.__version__}: {args.out}")


if __name__ == "__main__":
    main()
