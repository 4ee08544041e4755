"""Draw which room of the package imports which, from the sources, for docs/architecture.md.

Run ``python docs/rooms.py`` after an import between rooms has been added or removed.
"""

import sys
from html import escape
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from tests.tools.structure import FLOORS, module_graph, room_graph  # noqa: E402  # found by the path above

PICTURE = ROOT / "docs" / "images" / "rooms.svg"
WIDTH, ROOM, GAP, HEIGHT, FLOOR, MARGIN, BEND, ASIDE = 980, 88, 9, 28, 66, 12, 26, 120  # pixels
HEAD = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {} {}" font-family="sans-serif" font-size="11">\n'
    '<marker id="arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="6" markerHeight="6" orient="auto">'
    '<path d="M0 0 L8 4 L0 8 z" fill="#68809a"/></marker>\n'
    '<rect width="100%" height="100%" fill="white"/>\n'
)


def direct(rooms: dict[str, set[str]]) -> list[tuple[str, str]]:
    """Return the imports that do not follow from others: with a -> b -> c, a -> c is left out."""

    def reached(room: str) -> set[str]:
        found, waiting = set(), [*rooms[room]]
        while waiting:
            one = waiting.pop()
            if one not in found:
                found.add(one)
                waiting += rooms[one]
        return found

    below = {room: reached(room) for room in rooms}
    return [
        (room, target)
        for room in sorted(rooms)
        for target in sorted(rooms[room])
        if not any(target in below[other] for other in rooms[room])
    ]


def places() -> dict[str, tuple[float, float]]:
    """Return the middle of the upper edge of each room: the highest floor is at the top."""
    found = {}
    for number, names in enumerate(reversed(FLOORS)):
        aside = (ASIDE if number % 2 else -ASIDE) if len(names) == 1 else 0  # so that arrows pass beside the rooms
        left = (WIDTH - len(names) * (ROOM + GAP) + GAP) / 2 + aside
        for k, name in enumerate(names):
            found[name] = left + k * (ROOM + GAP) + ROOM / 2, MARGIN + number * FLOOR
    return found


def picture() -> str:
    """Return the picture as SVG; the title of a room lists all rooms that it imports."""
    rooms = room_graph(module_graph())
    place = places()
    lines = [HEAD.format(WIDTH, 2 * MARGIN + (len(FLOORS) - 1) * FLOOR + HEIGHT)]
    for room, target in direct(rooms):
        (x1, y1), (x2, y2) = place[room], place[target]
        start = y1 + HEIGHT
        end, bend = (start, BEND) if y1 == y2 else (y2, -BEND)  # on the same floor, the arrow comes from below
        curve = f"M{x1:g} {start:g} C{x1:g} {start + BEND:g} {x2:g} {end + bend:g} {x2:g} {end:g}"
        lines.append(f'<path d="{curve}" fill="none" stroke="#68809a" marker-end="url(#arrow)"/>\n')
    for room, (x, y) in place.items():
        title = f"{room} imports {', '.join(sorted(rooms[room])) or 'no other room'}"
        lines.append(
            f'<g><title>{escape(title)}</title><rect x="{x - ROOM / 2:g}" y="{y:g}" width="{ROOM}" height="{HEIGHT}" '
            f'rx="4" fill="#eef3f8" stroke="#68809a"/>'
            f'<text x="{x:g}" y="{y + 18:g}" text-anchor="middle">{escape(room)}</text></g>\n'
        )
    return "".join([*lines, "</svg>\n"])


if __name__ == "__main__":
    PICTURE.write_text(picture(), encoding="utf-8", newline="\n")
