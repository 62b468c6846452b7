"""Make `viewer/world.json`, the map on the page, from Natural Earth's countries (public domain).

    npm pack world-atlas@2.0.2 && tar xzf world-atlas-2.0.2.tgz
    python -m pipelines.world_map package/

Outlines are those of 1:110m in the Equal Earth projection, which keeps areas; countries that
are too small for that scale are points, at the middle of their outline in 1:50m. Codes are
ISO 3166-1 alpha-3. Needs nothing but pycountry.
"""

from __future__ import annotations

import itertools
import json
import math
import sys
from collections.abc import Iterator
from pathlib import Path

import pycountry

WIDTH = 1000
# Natural Earth gives these no numeric code: Kosovo has one in ISO's user-assigned range, the others
# are drawn with the state that they are part of in ISO 3166-1.
WITHOUT_CODE = {"Kosovo": "XKX", "N. Cyprus": "CYP", "Somaliland": "SOM"}
LEFT_OUT = ("ATA",)
# Parts of other countries in Natural Earth that have a code of their own, or too small for 1:50m; longitude, latitude.
BY_HAND = {
    "BES": (-68.3, 12.2), "CCK": (96.8, -12.2), "CXR": (105.7, -10.5), "GIB": (-5.4, 36.1), "GLP": (-61.6, 16.3),
    "GUF": (-53.1, 3.9), "MTQ": (-61.0, 14.6), "MYT": (45.2, -12.8), "REU": (55.5, -21.1), "SJM": (16.0, 78.0),
    "TKL": (-171.8, -9.2), "TUV": (179.2, -8.5),
}  # fmt: skip

Ring = list[tuple[float, float]]


def equal_earth(longitude: float, latitude: float) -> tuple[float, float]:
    """Šavrič, Patterson, Jenny 2018, doi:10.1080/13658816.2018.1504949; degrees in, earth radii out."""
    a1, a2, a3, a4 = 1.340264, -0.081106, 0.000893, 0.003796
    t = math.asin(math.sqrt(3) / 2 * math.sin(math.radians(latitude)))
    slope = 9 * a4 * t**8 + 7 * a3 * t**6 + 3 * a2 * t**2 + a1
    x = 2 * math.sqrt(3) * math.radians(longitude) * math.cos(t) / (3 * slope)
    return x, a4 * t**9 + a3 * t**7 + a2 * t**3 + a1 * t


SCALE = WIDTH / (2 * equal_earth(180, 0)[0])
# From the north of Greenland to Cape Horn.
TOP, BOTTOM = equal_earth(0, 84)[1], equal_earth(0, -56)[1]


def point(longitude: float, latitude: float) -> tuple[float, float]:
    """Where a place is on the map: x to the right, y down, in units of the view box."""
    x, y = equal_earth(longitude, latitude)
    return WIDTH / 2 + x * SCALE, (TOP - y) * SCALE


def countries(topology: dict) -> Iterator[tuple[str, list[Ring]]]:
    """The outlines in a TopoJSON file by alpha-3 code, in degrees."""
    (sx, sy), (tx, ty) = topology["transform"]["scale"], topology["transform"]["translate"]
    arcs = []
    for arc in topology["arcs"]:
        x = y = 0
        line: Ring = []
        for dx, dy in arc:
            x, y = x + dx, y + dy
            line.append((x * sx + tx, y * sy + ty))
        arcs.append(line)
    for geometry in topology["objects"]["countries"]["geometries"]:
        polygons = geometry["arcs"] if geometry["type"] == "MultiPolygon" else [geometry.get("arcs", [])]
        rings = []
        for polygon in polygons:
            for ring in polygon:
                line = []
                for index in ring:
                    part = arcs[index] if index >= 0 else arcs[~index][::-1]
                    line += part[1:] if line else part
                rings.append(line)
        name = geometry["properties"]["name"]
        entry = pycountry.countries.get(numeric=geometry.get("id", ""))
        code = entry.alpha_3 if entry else WITHOUT_CODE.get(name)
        if code and code not in LEFT_OUT:
            yield code, rings


def cut(ring: Ring) -> Iterator[Ring]:
    """The parts of an outline on either side of the 180th meridian, which it may cross."""
    turned, turns = [ring[0]], 0
    for (before, _), (longitude, latitude) in itertools.pairwise(ring):
        turns += (longitude - before < -180) - (longitude - before > 180)
        turned.append((longitude + 360 * turns, latitude))
    for shift in (-360, 0, 360):
        part = [(longitude + shift, latitude) for longitude, latitude in turned]
        for side in (-1, 1):
            part = list(clipped(part, side))
        if len(part) > 3:
            yield part


def clipped(ring: Ring, side: int) -> Iterator[tuple[float, float]]:
    """The part of an outline this side of the meridian 180 * side (Sutherland and Hodgman's way)."""
    edge = 180.0 * side
    for a, b in itertools.pairwise([*ring, ring[0]] if ring else []):
        inside = [point[0] * side <= edge * side for point in (a, b)]
        if inside[0] != inside[1]:
            yield edge, a[1] + (b[1] - a[1]) * (edge - a[0]) / (b[0] - a[0])
        if inside[1]:
            yield b


def area(ring: Ring) -> float:
    return abs(sum(a[0] * b[1] - b[0] * a[1] for a, b in itertools.pairwise(ring))) / 2


def outline(rings: list[Ring]) -> str:
    """An SVG path in whole tenths, relative to the point before."""
    parts = []
    for ring in (part for whole in rings for part in cut(whole)):
        points = [(round(x * 10), round(y * 10)) for x, y in (point(*p) for p in ring)]
        kept = [p for n, p in enumerate(points) if n == 0 or p != points[n - 1]]
        if kept and kept[0] == kept[-1]:
            kept.pop()
        if len(kept) < 3:
            continue
        steps = [f"{b[0] - a[0]} {b[1] - a[1]}" for a, b in itertools.pairwise(kept)]
        parts.append(f"M{kept[0][0]} {kept[0][1]}l{' '.join(steps)}z".replace(" -", "-"))
    return "".join(parts)


def main(folder: Path) -> None:
    coarse: dict[str, list[Ring]] = {}
    for code, rings in countries(json.loads((folder / "countries-110m.json").read_text())):
        coarse.setdefault(code, []).extend(rings)
    points = {code: [round(axis * 10) for axis in point(*place)] for code, place in BY_HAND.items()}
    for code, rings in countries(json.loads((folder / "countries-50m.json").read_text())):
        if code not in coarse and rings:
            largest = max(rings, key=area)
            x, y = point(*(sum(axis) / len(largest) for axis in zip(*largest, strict=True)))
            points[code] = [round(x * 10), round(y * 10)]
    world = {
        "width": WIDTH * 10,
        "height": round((TOP - BOTTOM) * SCALE * 10),
        "outlines": {code: path for code, rings in sorted(coarse.items()) if (path := outline(rings))},
        "points": dict(sorted(points.items())),
    }
    target = Path(__file__).parents[1] / "src" / "winsextract" / "viewer" / "world.json"
    target.write_text(json.dumps(world, separators=(",", ":")) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
