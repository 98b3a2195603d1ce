"""QR codes as people hold them before a page: clean, as a photo, and as what a camera sees."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import numpy as np
import segno
from PIL import Image, ImageFilter
from playwright.async_api import Browser, FilePayload, Playwright

from tests.web.conftest import CHROMIUM

CAMERA = "--use-fake-device-for-media-stream --use-file-for-fake-video-capture="


def code(text: str, scale: int = 4) -> Image.Image:
    """A code drawn by another library than ours."""
    made = io.BytesIO()
    segno.make(text, error="l", micro=False).save(made, kind="png", scale=scale, border=4)
    return Image.open(made).convert("L")


def photo(image: Image.Image, width: int = 1600, height: int = 1200) -> Image.Image:
    """An image on a table, from aside, turned, blurred, noisy and lit from one side."""
    side = int(min(width, height) * 0.6)
    table = Image.new("L", (width, height), 190)
    table.paste(image.resize((side, side), Image.Resampling.LANCZOS), ((width - side) // 2, (height - side) // 2))
    slant = (1.04, 0.05, -0.05 * width, 0.02, 1.03, -0.03 * height, 2.5e-5, 3e-5)
    seen = table.transform((width, height), Image.Transform.PERSPECTIVE, slant, Image.Resampling.BICUBIC, fillcolor=190)
    turned = seen.rotate(8, Image.Resampling.BICUBIC, fillcolor=190).filter(ImageFilter.GaussianBlur(1))
    light = np.linspace(0.65, 1.0, width)[None, :]
    noise = np.random.default_rng(1).normal(0, 6, (height, width))
    return Image.fromarray(np.clip(np.asarray(turned) * light + noise, 0, 255).astype("uint8"))


def beside(*images: Image.Image) -> Image.Image:
    """Several codes on one sheet, as a slip has them."""
    sheet = Image.new("L", (sum(each.width for each in images), max(each.height for each in images)), 255)
    left = 0
    for each in images:
        sheet.paste(each, (left, 0))
        left += each.width
    return sheet


def picture(image: Image.Image, name: str = "photo.png") -> FilePayload:
    """A file that need not be on the disk."""
    made = io.BytesIO()
    image.save(made, "PNG" if name.endswith("png") else "JPEG")
    return {"name": name, "mimeType": f"image/{'png' if name.endswith('png') else 'jpeg'}", "buffer": made.getvalue()}


def held(camera: Path, image: Image.Image) -> None:
    """Hold an image before the camera: what it sees when it is opened next."""
    frame = Image.new("L", (1280, 720), 200)
    shown = image.resize((640, 640), Image.Resampling.LANCZOS)
    frame.paste(shown, (320, 40))
    made = io.BytesIO()
    frame.convert("RGB").save(made, "JPEG", quality=90)
    camera.write_bytes(made.getvalue() * 2)


@asynccontextmanager
async def with_camera(playwright: Playwright, camera: Path) -> AsyncIterator[Browser]:
    """A browser whose camera plays a file; whether a page may look is asked as ever."""
    chromium = await playwright.chromium.launch(
        executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu", *f"{CAMERA}{camera}".split()]
    )
    yield chromium
    await chromium.close()
