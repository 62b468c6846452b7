"""The network: a BERT encoder with a case embedding and one linear head for each question.

Written out in plain PyTorch, so that training needs no library beside it and the exported
graph holds nothing that ONNX Runtime cannot quantise.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from winsextract.tagger import BASES, CASES, OUTCOMES, ROLES, TAGS


@dataclass(frozen=True)
class Shape:
    vocabulary: int = 30522
    width: int = 384
    layers: int = 6
    heads: int = 12
    hidden: int = 1536
    positions: int = 512


class Layer(nn.Module):
    def __init__(self, shape: Shape, dropout: float) -> None:
        super().__init__()
        w = shape.width
        self.heads = shape.heads
        # Query, key and value in one: eight-bit weights take one pass over the words then, not three.
        self.qkv = nn.Linear(w, 3 * w)
        self.out = nn.Linear(w, w)
        self.norm1 = nn.LayerNorm(w, eps=1e-12)
        self.up, self.down = nn.Linear(w, shape.hidden), nn.Linear(shape.hidden, w)
        self.norm2 = nn.LayerNorm(w, eps=1e-12)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor, bias: Tensor) -> Tensor:
        batch, length, width = x.shape
        shape = (batch, length, 3, self.heads, width // self.heads)
        q, k, v = (part.transpose(1, 2) for part in self.qkv(x).view(shape).unbind(2))
        scores = torch.matmul(q, k.transpose(2, 3)) / math.sqrt(width // self.heads) + bias
        mixed = torch.matmul(self.dropout(torch.softmax(scores, dim=-1)), v)
        mixed = mixed.transpose(1, 2).reshape(batch, length, width)
        x = self.norm1(x + self.dropout(self.out(mixed)))
        return self.norm2(x + self.dropout(self.down(nn.functional.gelu(self.up(x)))))


class Network(nn.Module):
    """Token answers (batch, length, 31) and text answers (batch, 27), all logits.

    The text's classes are read off an average of the tokens that is weighted, class by
    class, by how much each token is evidence of it: the evidence head is the attention.
    """

    def __init__(self, shape: Shape, *, dropout: float = 0.1) -> None:
        super().__init__()
        w = shape.width
        self.words = nn.Embedding(shape.vocabulary, w)
        self.places = nn.Embedding(shape.positions, w)
        self.cases = nn.Embedding(len(CASES), w)
        self.kind = nn.Parameter(torch.zeros(w))
        self.norm = nn.LayerNorm(w, eps=1e-12)
        self.dropout = nn.Dropout(dropout)
        self.layers = nn.ModuleList(Layer(shape, dropout) for _ in range(shape.layers))
        self.tags = nn.Linear(w, len(TAGS))
        self.roles = nn.Linear(w, len(ROLES))
        self.event = nn.Linear(w, 1)
        self.count = nn.Linear(w, 1)
        self.evidence = nn.Linear(w, len(OUTCOMES))
        self.happened = nn.Parameter(torch.zeros(len(OUTCOMES), w))
        self.primary = nn.Parameter(torch.zeros(len(OUTCOMES), w))
        self.background = nn.Linear(w, 2 * len(OUTCOMES))
        self.counted = nn.Linear(2 * w, len(BASES))
        nn.init.zeros_(self.cases.weight)
        for head in (self.tags, self.roles, self.event, self.count, self.evidence, self.background, self.counted):
            nn.init.normal_(head.weight, std=0.02)
            nn.init.zeros_(head.bias)
        nn.init.normal_(self.happened, std=0.02)
        nn.init.normal_(self.primary, std=0.02)

    def encode(self, ids: Tensor, cases: Tensor, mask: Tensor) -> Tensor:
        places = torch.arange(ids.shape[1], device=ids.device)
        x = self.words(ids) + self.places(places)[None] + self.cases(cases) + self.kind
        x = self.dropout(self.norm(x))
        bias = (1.0 - mask.to(x.dtype))[:, None, None, :] * -1e4
        for layer in self.layers:
            x = layer(x, bias)
        return x

    def forward(self, ids: Tensor, cases: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        x = self.encode(ids, cases, mask)
        evidence = self.evidence(x)
        tokens = torch.cat([self.tags(x), self.roles(x), self.event(x), self.count(x), evidence], dim=-1)
        keep = mask.to(x.dtype)[:, :, None]
        weight = torch.softmax(evidence - (1.0 - keep) * 1e4, dim=1)
        pooled = torch.matmul(weight.transpose(1, 2), x)  # batch, class, width
        mean = (x * keep).sum(1) / keep.sum(1)
        about = torch.cat([(pooled * self.happened).sum(-1), (pooled * self.primary).sum(-1)], dim=-1)
        # Whether people are counted: read off the words that give the outcome, and the text.
        said = (torch.softmax(about[:, len(OUTCOMES) :], dim=-1)[:, None, :] @ pooled)[:, 0]
        counted = self.counted(torch.cat([said, mean], dim=-1))
        return tokens, torch.cat([about + self.background(mean), counted], dim=-1)


def load_minilm(network: Network, path: Path, *, layers: tuple[int, ...] = (0, 1, 2, 3, 4, 5)) -> None:
    """Fill the encoder from the published safetensors file; `layers` names those that are kept."""
    state = load_file(path)
    with torch.no_grad():
        network.words.weight.copy_(state["embeddings.word_embeddings.weight"])
        network.places.weight.copy_(state["embeddings.position_embeddings.weight"])
        network.kind.copy_(state["embeddings.token_type_embeddings.weight"][0])
        network.norm.weight.copy_(state["embeddings.LayerNorm.weight"])
        network.norm.bias.copy_(state["embeddings.LayerNorm.bias"])
        names = {
            "out": "attention.output.dense",
            "norm1": "attention.output.LayerNorm",
            "up": "intermediate.dense",
            "down": "output.dense",
            "norm2": "output.LayerNorm",
        }
        for mine, theirs in enumerate(layers):
            for ours, name in names.items():
                module = getattr(network.layers[mine], ours)
                module.weight.copy_(state[f"encoder.layer.{theirs}.{name}.weight"])
                module.bias.copy_(state[f"encoder.layer.{theirs}.{name}.bias"])
            for kind in ("weight", "bias"):
                parts = [state[f"encoder.layer.{theirs}.attention.self.{n}.{kind}"] for n in ("query", "key", "value")]
                getattr(network.layers[mine].qkv, kind).copy_(torch.cat(parts))
