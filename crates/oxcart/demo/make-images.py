#!/usr/bin/env python3
"""Composes the demo shop's pictures from Fluent 3D emoji, as small studio scenes.

    python3 make-images.py --emoji node_modules/@lobehub/fluent-emoji-3d/assets [--only SLUG ...]

Reads shop.toml beside this file and writes images/*.webp. The same input gives the same pictures:
whatever varies is drawn from a generator seeded with the slug. Needs Python 3.11 and Pillow.
"""

import argparse
import random
import tomllib
from pathlib import Path

from PIL import Image, ImageChops, ImageDraw, ImageEnhance, ImageFilter

HERE = Path(__file__).resolve().parent
QUALITY = 82
WHITE, INK = (255, 255, 255), (62, 44, 38)
STAND = ["disc", "arch", "plinth", "steps", "trio", "table"]
FLAT = ["card", "round", "fan", "bands"]
HANG = ["hang_arch", "hang_disc"]


def rgb(text):
    return tuple(int(text[i : i + 2], 16) for i in (1, 3, 5))


def mix(a, b, t):
    return tuple(round(x + (y - x) * t) for x, y in zip(a, b))


def gradient(size, first, last, sideways=False):
    ramp = Image.linear_gradient("L")
    if sideways:
        ramp = ramp.transpose(Image.Transpose.ROTATE_90)
    ramp = ramp.resize(size, Image.Resampling.BICUBIC)
    return Image.composite(Image.new("RGB", size, last), Image.new("RGB", size, first), ramp)


def premultiplied(image, work):
    """Runs a resampling `work` without the dark fringes straight alpha would give."""
    return work(image.convert("RGBa")).convert("RGBA")


class Art:
    """Loads, grades and enlarges the emoji."""

    def __init__(self, folder):
        self.folder = Path(folder)

    def load(self, spec):
        spec = {"emoji": spec} if isinstance(spec, str) else spec
        names = [f"{spec['emoji']}.webp", f"{spec['emoji']}-fe0f.webp"]
        path = next((self.folder / n for n in names if (self.folder / n).exists()), None)
        if path is None:
            raise SystemExit(f"no such emoji: {spec['emoji']}")
        image = Image.open(path).convert("RGBA")
        image = image.crop(image.getchannel("A").point(lambda a: 255 if a > 10 else 0).getbbox())
        if spec.get("mirror"):
            image = image.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
        return self.grade(image, spec)

    @staticmethod
    def grade(image, spec):
        alpha = image.getchannel("A")
        if "hue" in spec:
            h, s, v = image.convert("RGB").convert("HSV").split()
            turn = round(spec["hue"] / 360 * 256)
            h = h.point(lambda x: (x + turn) % 256)
            image = Image.merge("HSV", (h, s, v)).convert("RGB")
        else:
            image = image.convert("RGB")
        image = ImageEnhance.Color(image).enhance(spec.get("saturation", 0.94))
        image = ImageEnhance.Brightness(image).enhance(spec.get("brightness", 1.0))
        image.putalpha(alpha)
        return image

    @staticmethod
    def fit(image, width, height, angle=0.0):
        """Enlarged to fit a box: smooth first (the source is small), then slightly sharpened."""
        k = min(width / image.width, height / image.height)
        size = (max(1, round(image.width * k)), max(1, round(image.height * k)))
        image = premultiplied(image, lambda i: i.resize(size, Image.Resampling.LANCZOS))
        bicubic = Image.Resampling.BICUBIC
        image = premultiplied(image, lambda i: i.rotate(angle, bicubic, expand=True))
        alpha = image.getchannel("A")
        colour = image.convert("RGB").filter(ImageFilter.GaussianBlur(k * 0.35))
        colour = colour.filter(ImageFilter.UnsharpMask(radius=k * 1.3, percent=70, threshold=2))
        colour.putalpha(alpha)
        return colour


class Scene:
    """A studio set lit from the upper left. Coordinates are fractions of the height `u`."""

    def __init__(self, size, tint, art, rnd):
        self.w, self.h = size
        self.u = self.h
        self.art, self.rnd = art, rnd
        self.tint = tint
        self.light = mix(tint, WHITE, 0.45)
        self.pale = mix(tint, WHITE, 0.68)
        self.deep = mix(tint, mix(INK, tint, 0.45), 0.28)
        self.shade = mix(INK, tint, 0.28)
        self.image = Image.new("RGB", size, tint)

    # Painting with masks, drawn at twice the size for smooth edges.

    def mask(self, draw):
        big = Image.new("L", (self.w * 2, self.h * 2), 0)
        draw(ImageDraw.Draw(big), lambda *xy: [v * self.u * 2 for v in xy])
        return big.resize((self.w, self.h), Image.Resampling.LANCZOS)

    def fill(self, mask, paint, opacity=1.0):
        if not isinstance(paint, Image.Image):
            paint = Image.new("RGB", self.image.size, paint)
        if opacity < 1:
            mask = mask.point(lambda v: round(v * opacity))
        self.image.paste(paint, (0, 0), mask)

    def blur(self, mask, radius):
        return mask.filter(ImageFilter.GaussianBlur(radius * self.u))

    def shadow(self, mask, radius, opacity, dx=0.0, dy=0.0):
        mask = self.blur(mask, radius)
        if dx or dy:
            mask = ImageChops.offset(mask, round(dx * self.u), round(dy * self.u))
        self.fill(mask, self.shade, opacity)

    # The room.

    def cove(self, horizon=0.70):
        """Wall and floor meeting in a soft curve, with a glow where the light falls."""
        self.image = gradient((self.w, self.h), mix(self.tint, WHITE, 0.22), self.tint)
        floor = self.mask(lambda d, p: d.rectangle(p(0, horizon, self.w / self.u, 1.1), fill=255))
        paint = gradient((self.w, self.h), self.pale, mix(self.tint, WHITE, 0.28))
        self.fill(self.blur(floor, 0.035), paint)
        glow = self.mask(lambda d, p: d.ellipse(p(-0.15, -0.35, 0.85, 0.65), fill=255))
        self.fill(self.blur(glow, 0.16), WHITE, 0.30)

    def tabletop(self, edge=0.66):
        self.image = gradient((self.w, self.h), mix(self.tint, WHITE, 0.30), self.tint)
        right = self.w / self.u
        top = self.mask(lambda d, p: d.rectangle(p(0, edge, right, 1), fill=255))
        self.shadow(top, 0.03, 0.16, dy=-0.012)
        self.fill(top, gradient((self.w, self.h), WHITE, self.light))
        front = self.mask(lambda d, p: d.rectangle(p(0, 0.925, right, 1), fill=255))
        self.fill(front, self.deep, 0.75)
        lip = self.mask(lambda d, p: d.rectangle(p(0, 0.920, right, 0.926), fill=255))
        self.fill(lip, WHITE, 0.55)

    def paper(self):
        """Seen from above: a sheet with light from one corner."""
        self.image = gradient((self.w, self.h), mix(self.tint, WHITE, 0.38), self.tint)
        glow = self.mask(lambda d, p: d.ellipse(p(-0.3, -0.3, 0.7, 0.7), fill=255))
        self.fill(self.blur(glow, 0.18), WHITE, 0.34)

    def window(self):
        """Slanting window light on the wall."""
        x = 0.52 + self.rnd.random() * 0.12

        def panes(d, p):
            for row in range(2):
                for col in range(2):
                    left, top = x + col * 0.19 - row * 0.05, 0.09 + row * 0.25 + col * 0.03
                    d.polygon(
                        p(left, top, left + 0.165, top + 0.03, left + 0.12, top + 0.25)
                        + p(left - 0.045, top + 0.22),
                        fill=255,
                    )

        self.fill(self.blur(self.mask(panes), 0.012), WHITE, 0.36)

    def leaves(self):
        """The shadow of a branch outside the picture."""
        branch = self.art.load("1f33f")
        side = round(0.62 * self.u)
        angle = self.rnd.choice([150, 165, 200])
        branch = self.art.fit(branch, side, side, angle)
        mask = Image.new("L", self.image.size, 0)
        mask.paste(branch.getchannel("A"), (round(self.w - side * 0.92), round(-0.16 * self.u)))
        self.shadow(mask, 0.012, 0.11)

    # Set pieces.

    def disc(self, x, y, r, opacity=1.0):
        circle = self.mask(lambda d, p: d.ellipse(p(x - r, y - r, x + r, y + r), fill=255))
        first, last = mix(self.tint, WHITE, 0.86), mix(self.tint, WHITE, 0.12)
        paint = gradient((self.w, self.h), first, last)
        self.fill(circle, paint, opacity)

    def arch(self, x, floor, width, height, recess=True):
        def shape(d, p, grow=0.0):
            half = width / 2 + grow
            d.pieslice(
                p(x - half, floor - height - grow, x + half, floor - height + half * 2 - grow),
                180, 360, fill=255,
            )
            d.rectangle(p(x - half, floor - height + half - grow, x + half, floor), fill=255)

        rim = self.mask(lambda d, p: shape(d, p, 0.022))
        self.shadow(rim, 0.02, 0.10, dx=0.008)
        self.fill(rim, self.pale)
        hole = self.mask(shape)
        first, last = (self.deep, self.tint) if recess else (self.light, self.tint)
        self.fill(hole, gradient((self.w, self.h), first, last))
        lit = ImageChops.offset(self.blur(hole, 0.028), round(0.034 * self.u), round(0.03 * self.u))
        self.fill(ImageChops.multiply(hole, ImageChops.invert(lit)), self.shade, 0.30)

    def plinth(self, x, top, width, height, colour=None):
        base = colour or self.light
        half, ry = width / 2, width * 0.075

        def body(d, p):
            d.rectangle(p(x - half, top, x + half, top + height), fill=255)
            d.ellipse(p(x - half, top + height - ry, x + half, top + height + ry), fill=255)

        foot = (x - half, top + height - ry, x + half * 1.5, top + height + ry * 1.7)
        self.shadow(self.mask(lambda d, p: d.ellipse(p(*foot), fill=255)), 0.022, 0.34)
        side = self.mask(body)
        left, right = round((x - half) * self.u), round((x + half) * self.u)
        paint = Image.new("RGB", self.image.size, base)
        size = (right - left + 4, self.h)
        paint.paste(gradient(size, mix(base, WHITE, 0.30), self.deep, sideways=True), (left - 2, 0))
        self.fill(side, paint)
        cap = self.mask(lambda d, p: d.ellipse(p(x - half, top - ry, x + half, top + ry), fill=255))
        self.fill(cap, mix(base, WHITE, 0.62))

    def sheet(self, x, y, width, height, angle, colour):
        """A sheet of coloured card, lying."""
        big = Image.new("L", (self.w, self.h), 0)
        box = [(x - width / 2) * self.u, (y - height / 2) * self.u]
        box += [(x + width / 2) * self.u, (y + height / 2) * self.u]
        ImageDraw.Draw(big).rounded_rectangle(box, 0.03 * self.u, fill=255)
        centre = (x * self.u, y * self.u)
        mask = big.rotate(angle, Image.Resampling.BICUBIC, center=centre)
        self.shadow(mask, 0.016, 0.20, dx=0.008, dy=0.014)
        self.fill(mask, gradient((self.w, self.h), mix(colour, WHITE, 0.22), colour))

    # The goods.

    def over(self, image, left, top):
        self.image.paste(image, (round(left), round(top)), image)

    def stand(self, spec, x, floor, size, angle=0.0):
        """Stands something on `floor`, with a cast shadow and a dark line of contact."""
        image = self.art.fit(self.art.load(spec), size * self.u, size * self.u, angle)
        image = image.crop(image.getbbox())
        left, bottom = x * self.u - image.width / 2, floor * self.u
        alpha = image.getchannel("A")
        low = alpha.crop((0, round(image.height * 0.93), image.width, image.height))
        foot = low.point(lambda a: 255 if a > 90 else 0).getbbox() or (0, 0, image.width, 1)
        self.cast(alpha, left, bottom)
        contact = Image.new("L", self.image.size, 0)
        pad, thick = (foot[2] - foot[0]) * 0.04, max(0.011 * self.u, (foot[2] - foot[0]) * 0.045)
        box = [left + foot[0] - pad, bottom - thick * 1.2]
        box += [left + foot[2] + pad, bottom + thick * 0.9]
        ImageDraw.Draw(contact).ellipse(box, fill=255)
        self.shadow(contact, 0.009, 0.62)
        self.over(image, left, bottom - image.height)

    def cast(self, alpha, left, bottom):
        flat = alpha.resize((alpha.width, max(2, round(alpha.height * 0.17))))
        lean = flat.height * 1.1
        wide = flat.width + round(lean)
        flat = flat.transform(
            (wide, flat.height), Image.Transform.AFFINE,
            (1, lean / flat.height, -lean, 0, 1, 0), Image.Resampling.BICUBIC,
        )
        mask = Image.new("L", self.image.size, 0)
        mask.paste(flat, (round(left + lean * 0.1), round(bottom - flat.height * 0.80)))
        self.shadow(mask, 0.017, 0.36)

    def lay(self, spec, x, y, size, angle=0.0, lift=1.0):
        """Lays something flat, seen from above."""
        image = self.art.fit(self.art.load(spec), size * self.u, size * self.u, angle)
        image = image.crop(image.getbbox())
        left, top = x * self.u - image.width / 2, y * self.u - image.height / 2
        mask = Image.new("L", self.image.size, 0)
        mask.paste(image.getchannel("A"), (round(left), round(top)))
        self.shadow(mask, 0.022 * lift, 0.34, dx=0.016 * lift, dy=0.028 * lift)
        self.shadow(mask, 0.006, 0.22, dx=0.004, dy=0.006)
        self.over(image, left, top)

    def suspend(self, spec, x, y, size, floor):
        """Hangs something by a cord from above the picture."""
        image = self.art.fit(self.art.load(spec), size * self.u, size * self.u)
        left, top = x * self.u - image.width / 2, y * self.u - image.height / 2
        wall = Image.new("L", self.image.size, 0)
        wall.paste(image.getchannel("A"), (round(left), round(top)))
        self.shadow(wall, 0.03, 0.24, dx=0.05, dy=0.045)
        spot = (x - size * 0.28, floor - 0.018, x + size * 0.36, floor + 0.022)
        pool = self.mask(lambda d, p: d.ellipse(p(*spot), fill=255))
        self.shadow(pool, 0.022, 0.34)
        row = image.getchannel("A").crop((0, 0, image.width, 6)).getbbox() or (0, 0, image.width, 6)
        knot = (left + (row[0] + row[2]) / 2) / self.u
        ends, thick = (knot, -0.1, knot, top / self.u + 0.012), round(0.007 * self.u)
        cord = self.mask(lambda d, p: d.line(p(*ends), width=thick, fill=255))
        self.fill(cord, self.shade, 0.9)
        self.over(image, left, top)

    def finish(self, path):
        """A breath of vignette, grain against banding, then WebP."""
        oval = (-0.22, -0.22, self.w / self.u + 0.22, 1.22)
        edge = self.mask(lambda d, p: d.ellipse(p(*oval), fill=255))
        self.fill(ImageChops.invert(self.blur(edge, 0.10)), self.deep, 0.45)
        noise = random.Random(path.name).randbytes(1 << 16)
        grain = Image.frombytes("L", (256, 256), noise).point(lambda v: 124 + v // 32)
        tile = Image.new("L", self.image.size)
        for x in range(0, self.w, 256):
            for y in range(0, self.h, 256):
                tile.paste(grain, (x, y))
        tile = Image.merge("RGB", (tile, tile, tile))
        self.image = ImageChops.add(self.image, tile, 1, -128)
        self.image.save(path, "WEBP", quality=QUALITY, method=6)


# Compositions: `s` the scene, `main` the product, `props` what keeps it company.

def prop_pair(s, props, floor, spread=0.31):
    places = [(-spread, 0.045, 0.20), (spread * 1.02, 0.065, 0.17)]
    if s.rnd.random() < 0.5:
        places = [(-x, y, k) for x, y, k in places]
    for spec, (dx, dy, k) in zip(props, places):
        s.stand(spec, 0.5 + dx, floor + dy, k)


def scatter(s, props, places):
    for spec, (x, y) in zip(props, places):
        s.lay(spec, x, y, 0.20, s.rnd.choice([-13, 11]), 0.7)


def disc(s, main, props):
    s.cove()
    s.disc(0.5, 0.43, 0.345)
    s.leaves()
    s.stand(main, 0.5, 0.80, 0.56)
    prop_pair(s, props, 0.82)


def arch(s, main, props):
    s.cove(0.76)
    s.arch(0.5, 0.80, 0.64, 0.68)
    s.plinth(0.5, 0.80, 0.74, 0.045, s.pale)
    s.stand(main, 0.5, 0.815, 0.54)
    prop_pair(s, props, 0.835, 0.30)


def plinth(s, main, props):
    s.cove(0.74)
    s.leaves()
    s.disc(0.68, 0.34, 0.22, 0.8)
    s.plinth(0.5, 0.735, 0.56, 0.15)
    s.stand(main, 0.5, 0.75, 0.56)
    prop_pair(s, props, 0.90, 0.36)


def steps(s, main, props):
    s.cove(0.72)
    s.window()
    flip = s.rnd.random() < 0.5
    big, small = (0.40, 0.765) if not flip else (0.60, 0.235)
    s.plinth(big, 0.72, 0.50, 0.17)
    s.plinth(small, 0.815, 0.30, 0.09, mix(s.tint, s.deep, 0.35))
    s.stand(main, big, 0.735, 0.53)
    s.stand(props[0] if props else main, small, 0.825, 0.26)


def trio(s, main, props):
    s.cove(0.69)
    s.arch(0.5, 0.735, 0.46, 0.60, recess=False)
    side = (props * 2)[:2] if props else [main, main]
    s.stand(side[0], 0.20, 0.795, 0.29)
    s.stand(side[1], 0.81, 0.785, 0.27)
    s.stand(main, 0.5, 0.835, 0.53)


def table(s, main, props):
    s.tabletop()
    s.window()
    left = s.rnd.random() < 0.5
    s.stand(main, 0.45 if left else 0.55, 0.80, 0.57)
    if props:
        s.stand(props[0], 0.80 if left else 0.20, 0.845, 0.22)
    if len(props) > 1:
        s.stand(props[1], 0.14 if left else 0.86, 0.83, 0.17)


def card(s, main, props):
    s.paper()
    s.sheet(0.5, 0.5, 0.66, 0.74, s.rnd.choice([-9, 8, 12]), s.pale)
    s.leaves()
    s.lay(main, 0.5, 0.5, 0.58, s.rnd.choice([-6, 0, 5]))
    scatter(s, props, [(0.82, 0.80), (0.17, 0.20)])


def round_(s, main, props):
    s.paper()
    s.disc(0.5, 0.5, 0.37)
    s.leaves()
    s.lay(main, 0.5, 0.5, 0.58, s.rnd.choice([-8, 0, 6]))
    scatter(s, props, [(0.19, 0.80), (0.82, 0.19)])


def fan(s, main, props):
    s.paper()
    s.sheet(0.5, 0.56, 0.86, 0.46, -5, s.light)
    side = (props * 2)[:2] if props else [main, main]
    s.lay(side[0], 0.22, 0.60, 0.30, 14, 0.8)
    s.lay(side[1], 0.79, 0.62, 0.30, -14, 0.8)
    s.lay(main, 0.5, 0.47, 0.52)


def bands(s, main, props):
    s.paper()
    s.sheet(0.36, 0.5, 0.46, 1.5, 14, s.light)
    s.sheet(0.70, 0.5, 0.30, 1.5, 14, mix(s.tint, s.deep, 0.30))
    s.lay(main, 0.5, 0.5, 0.58, s.rnd.choice([-4, 4]))
    scatter(s, props, [(0.83, 0.20), (0.16, 0.83)])


def hang_arch(s, main, props):
    s.cove(0.80)
    s.arch(0.5, 0.86, 0.62, 0.76)
    s.plinth(0.5, 0.86, 0.72, 0.035, s.pale)
    s.suspend(main, 0.5, 0.46, 0.56, 0.865)
    prop_pair(s, props, 0.88, 0.30)


def hang_disc(s, main, props):
    s.cove(0.78)
    s.disc(0.5, 0.45, 0.36)
    s.leaves()
    s.suspend(main, 0.5, 0.46, 0.58, 0.875)
    prop_pair(s, props, 0.90, 0.32)


MADE = [disc, arch, plinth, steps, trio, table, card, round_, fan, bands, hang_arch, hang_disc]
LAYOUTS = {layout.__name__.rstrip("_"): layout for layout in MADE}


def hero(s, picture):
    """The shop window: the ox and what the cart brought, to the right; calm on the left."""
    s.cove(0.74)
    s.leaves()
    s.arch(1.14, 0.79, 0.60, 0.68)
    s.plinth(0.76, 0.735, 0.30, 0.10)
    s.plinth(1.14, 0.66, 0.40, 0.17)
    s.plinth(1.44, 0.76, 0.24, 0.08, mix(s.tint, s.deep, 0.35))
    for piece in picture["pieces"]:
        if piece.get("hang"):
            s.suspend(piece, piece["x"], piece["y"], piece["size"], 0.80)
        else:
            s.stand(piece, piece["x"], piece["y"], piece["size"])


def compose(art, slug, picture, size, path, turn=0):
    rnd = random.Random(f"{slug}/{turn}")
    scene = Scene((size, size), rgb(picture["tint"]), art, rnd)
    choice = {"flat": FLAT, "hang": HANG}.get(picture.get("pose"), STAND)
    first = random.Random(slug).randrange(len(choice))
    step = 1 + random.Random(slug + "!").randrange(len(choice) - 1)
    name = choice[(first + turn * step) % len(choice)]
    layouts = picture.get("layouts", [])
    name = layouts[turn] if turn < len(layouts) else name
    LAYOUTS[name](scene, picture, picture.get("props", []))
    scene.finish(path)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--emoji", required=True, help="folder of the emoji, <codepoint>.webp")
    parser.add_argument("--only", nargs="*", default=[], help="slugs; without it, everything")
    parser.add_argument("--out", default=HERE / "images", type=Path)
    args = parser.parse_args()
    shop = tomllib.loads((HERE / "shop.toml").read_text(encoding="utf-8"))
    art = Art(args.emoji)
    args.out.mkdir(exist_ok=True)

    def wanted(slug):
        return not args.only or slug in args.only

    for product in filter(lambda p: wanted(p["slug"]), shop["products"]):
        for turn, image in enumerate(product["images"]):
            compose(art, product["slug"], product["picture"], 1200, args.out / image["file"], turn)
    for category in filter(lambda c: wanted("category-" + c["slug"]), shop["categories"]):
        path = args.out / category["image"]["file"]
        compose(art, "category-" + category["slug"], category["picture"], 800, path)
    if wanted("hero"):
        picture = shop["shop"]["hero"]["picture"]
        scene = Scene((1600, 1000), rgb(picture["tint"]), art, random.Random("hero"))
        hero(scene, picture)
        scene.finish(args.out / shop["shop"]["hero"]["file"])


if __name__ == "__main__":
    main()
