"""From trained weights to the model that ships: ONNX, eight-bit, inside a spaCy pipeline folder.

python -m pipelines.export build/domain.pt --out src/winsextract/model
"""

from __future__ import annotations

import argparse
import hashlib
import shutil
from pathlib import Path

import onnx
import onnxruntime
import torch
from onnxruntime.quantization import QuantType, quantize_dynamic
from spacy.util import load_config, load_model_from_config
from tokenizers import Tokenizer

from pipelines.build import fingerprint, recipe
from pipelines.network import Network, Shape
from pipelines.train import minilm_folder
from winsextract.tagger import OUTCOMES, ROLES, TAGS

LICENCE = Path(__file__).parent / "LICENSE-all-MiniLM-L6-v2"
CONFIG = Path(__file__).parent / "config.cfg"


def shape_of(state: dict[str, torch.Tensor]) -> Shape:
    return Shape(
        vocabulary=state["words.weight"].shape[0],
        layers=1 + max(int(k.split(".")[1]) for k in state if k.startswith("layers.")),
    )


def optimised(path: Path, out: Path) -> None:
    """Fuse what belongs together, once and for all, so that nothing is left to do when the model is loaded.

    Without ONNX Runtime's fusion of an addition and a layer norm: the operator that it makes of
    them takes five times as long as the two (ONNX Runtime 1.32).
    """
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_EXTENDED
    options.optimized_model_filepath = str(out)
    onnxruntime.InferenceSession(
        path, options, providers=["CPUExecutionProvider"], disabled_optimizers=["SkipLayerNormFusion"]
    )


class Plain(torch.nn.Module):
    """The network for one text without padding, so that the graph holds no mask."""

    def __init__(self, network: Network) -> None:
        super().__init__()
        self.network = network

    def forward(self, ids: torch.Tensor, cases: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        return self.network(ids, cases, torch.ones_like(ids, dtype=torch.float32))


def to_onnx(state: dict[str, torch.Tensor], path: Path) -> None:
    network = Network(shape_of(state), dropout=0.0)
    network.load_state_dict(state)
    network.eval()
    ids = torch.ones((1, 16), dtype=torch.int64)
    torch.onnx.export(
        Plain(network),
        (ids, torch.zeros_like(ids)),
        str(path),
        input_names=["ids", "cases"],
        output_names=["tokens", "text"],
        dynamic_axes={"ids": {1: "length"}, "cases": {1: "length"}, "tokens": {1: "length"}},
        opset_version=17,
        dynamo=False,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("weights", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--fp32", action="store_true", help="leave the weights as they are")
    args = parser.parse_args()
    version = recipe()["version"]
    state = torch.load(args.weights)
    work = args.weights.with_suffix(".onnx")
    to_onnx(state, work)
    final = work
    if not args.fp32:
        final = args.weights.with_suffix(".int8.onnx")
        quantize_dynamic(
            str(work),
            str(final),
            weight_type=QuantType.QInt8,
            per_channel=True,
            extra_options={"MatMulConstBOnly": True, "DefaultTensorType": onnx.TensorProto.FLOAT},
        )
    onnx.checker.check_model(str(final), full_check=False)
    ready = args.weights.with_suffix(".ready.onnx")
    optimised(final, ready)
    network = ready.read_bytes()
    tokenizer = Tokenizer.from_file(str(minilm_folder() / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.no_truncation()
    meta = {
        "version": version,
        "sha256": hashlib.sha256(network).hexdigest(),
        "made_from": fingerprint(),
        "tags": list(TAGS),
        "roles": list(ROLES),
        "outcomes": list(OUTCOMES),
        "calibration": {},
    }
    nlp = load_model_from_config(load_config(CONFIG), auto_fill=True)
    nlp.get_pipe("winsextract_tagger").load(network, tokenizer.to_str(), meta)
    nlp.meta["name"] = "winsextract"
    nlp.meta["version"] = version
    nlp.meta["license"] = "MIT"
    nlp.meta["description"] = "Names, outcomes, roles and counts in round-ups of human-rights news."
    shutil.rmtree(args.out, ignore_errors=True)
    nlp.to_disk(args.out)
    shutil.copy(LICENCE, args.out)
    print(f"{args.out}: network {len(network) / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
