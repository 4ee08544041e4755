"""Image files of every format give the same grey levels, and other files are rejected."""

import re

import numpy as np
import pytest
from PIL import Image

from network3.datasets.photos.own_images import read_grayscale

FOUR_PARTS = re.compile(r"^.+: .*(expected|must).*; got .+\. \S.*\.$", re.DOTALL)
GREY = np.random.default_rng(2).integers(0, 256, (13, 21), dtype="uint8")


def saved(image, path, **options):
    image.save(path, **options)
    return read_grayscale(path)


@pytest.mark.parametrize("name", ["a.png", "a.bmp", "a.tiff", "a.gif", "a.webp"])
def test_lossless_formats_give_the_levels(tmp_path, name):
    levels = saved(Image.fromarray(GREY), tmp_path / name, **({"lossless": True} if name == "a.webp" else {}))
    assert levels.dtype == np.float64
    np.testing.assert_allclose(levels, GREY, atol=1)  # WebP and GIF convert through colours


def test_jpeg_gives_approximately_the_levels(tmp_path):
    smooth = np.linspace(20, 230, 13 * 21).reshape(13, 21).astype("uint8")
    np.testing.assert_allclose(saved(Image.fromarray(smooth), tmp_path / "a.jpg", quality=95), smooth, atol=6)


def test_colour_becomes_luminance(tmp_path):
    colour = np.zeros((5, 7, 3), "uint8")
    colour[..., 1] = 200
    np.testing.assert_allclose(saved(Image.fromarray(colour), tmp_path / "a.png"), 0.587 * 200, atol=1)
    cmyk = Image.fromarray(colour).convert("CMYK")
    np.testing.assert_allclose(saved(cmyk, tmp_path / "a.tiff"), 0.587 * 200, atol=1)


def test_black_and_white_is_0_and_255(tmp_path):
    levels = saved(Image.fromarray(GREY > 99), tmp_path / "a.png")
    np.testing.assert_array_equal(levels, np.where(GREY > 99, 255, 0))


@pytest.mark.parametrize("dtype", ["uint16", "int32", "float32"])
def test_images_of_more_than_8_bits_are_scaled_by_their_range(tmp_path, dtype):
    deep = (GREY.astype(float) * 100 + 300).astype(dtype)
    levels = saved(Image.fromarray(deep), tmp_path / "a.tiff")
    expected = (GREY.astype(float) - GREY.min()) * 255 / (int(GREY.max()) - GREY.min())
    np.testing.assert_allclose(levels, expected, atol=0.01)


def test_a_constant_image_of_16_bits_is_blank_paper(tmp_path):
    np.testing.assert_array_equal(saved(Image.fromarray(np.full((4, 5), 7, "uint16")), tmp_path / "a.png"), 255)


@pytest.mark.parametrize(("ink", "paper"), [(20, 255), (240, 0)])
def test_transparent_pixels_become_paper_that_contrasts_with_the_ink(tmp_path, ink, paper):
    pixels = np.zeros((6, 9, 4), "uint8")
    pixels[2:4, 3:5] = (ink, ink, ink, 255)
    levels = saved(Image.fromarray(pixels), tmp_path / "a.png")
    expected = np.full((6, 9), float(paper))
    expected[2:4, 3:5] = ink
    np.testing.assert_allclose(levels, expected, atol=1e-9)


def test_a_palette_with_transparency_is_read(tmp_path):
    image = Image.fromarray(np.where(GREY > 99, 1, 0).astype("uint8"), mode=None).convert("P")
    image.putpalette([255, 255, 255, 0, 0, 0])
    levels = saved(image, tmp_path / "a.png", transparency=0)
    np.testing.assert_allclose(levels, np.where(GREY > 99, 0, 255), atol=1e-9)


@pytest.mark.parametrize(("tag", "turn"), [(3, 2), (6, 3), (8, 1)])
def test_the_exif_orientation_is_applied(tmp_path, tag, turn):
    exif = Image.Exif()
    exif[0x0112] = tag
    levels = saved(Image.fromarray(GREY), tmp_path / "a.png", exif=exif)
    np.testing.assert_array_equal(levels, np.rot90(GREY, turn))


def test_the_first_of_several_frames_is_read(tmp_path):
    first, second = Image.fromarray(GREY), Image.fromarray(255 - GREY)
    np.testing.assert_array_equal(saved(first, tmp_path / "a.tiff", save_all=True, append_images=[second]), GREY)


def rejected(path, error=ValueError):
    with pytest.raises(error) as caught:
        read_grayscale(path)
    message = str(caught.value)
    assert FOUR_PARTS.match(message), message
    assert message.startswith(f"{path}: expected an image")
    return message


def test_other_files_are_rejected(tmp_path):
    (tmp_path / "empty.png").write_bytes(b"")
    (tmp_path / "text.png").write_text("a digit", encoding="utf-8")
    assert "does not exist" in rejected(tmp_path / "none.png", FileNotFoundError)
    assert "got a folder" in rejected(tmp_path)
    assert "another kind of file" in rejected(tmp_path / "empty.png")
    assert "another kind of file" in rejected(tmp_path / "text.png")


@pytest.mark.parametrize("name", ["a.png", "a.jpg", "a.tiff", "a.bmp", "a.webp"])
def test_a_truncated_file_is_an_image_or_an_error(tmp_path, name):
    path = tmp_path / name
    Image.fromarray(GREY.repeat(5, axis=0)).save(path)
    content = path.read_bytes()
    messages, shapes = [], set()
    for length in range(0, len(content), max(1, len(content) // 40)):
        path.write_bytes(content[:length])
        try:
            shapes.add(read_grayscale(path).shape)
        except ValueError as error:
            messages.append(str(error))
    assert shapes <= {(65, 21)}
    assert len(messages) > 20
    assert all(map(FOUR_PARTS.match, messages))


def test_a_decompression_bomb_is_rejected_by_its_size(tmp_path):
    Image.new("1", (40_000, 2_000)).save(tmp_path / "bomb.png")
    assert "got more than 64,000,000 pixels" in rejected(tmp_path / "bomb.png")
    Image.new("1", (40_000, 10_000)).save(tmp_path / "bomb.png")
    assert "got more than 64,000,000 pixels" in rejected(tmp_path / "bomb.png")
