from __future__ import annotations

import numpy as np

from train.augment import Augmentation, augment

IMAGES = np.random.default_rng(0).integers(40, 200, (6, 32, 32, 1), np.uint8)


def test_no_limits_change_nothing() -> None:
    np.testing.assert_array_equal(augment(IMAGES, Augmentation(), np.random.default_rng(1)), IMAGES)


def test_flip_alone_mirrors_some_and_leaves_the_others() -> None:
    changed = augment(IMAGES, Augmentation(flip=True), np.random.default_rng(1))
    mirrored = [np.array_equal(new, old[:, ::-1]) for new, old in zip(changed, IMAGES, strict=True)]
    kept = [np.array_equal(new, old) for new, old in zip(changed, IMAGES, strict=True)]
    assert any(mirrored)
    assert any(kept)
    assert all(a != b for a, b in zip(mirrored, kept, strict=True))


def test_the_same_seed_gives_the_same_images_and_leaves_the_originals() -> None:
    limits = Augmentation(zoom=0.2, rotate_deg=15, shift=0.1, flip=True, contrast=0.2, brightness=0.1, gamma=0.2)
    before = IMAGES.copy()
    one, two = (augment(IMAGES, limits, np.random.default_rng(1)) for _ in range(2))
    np.testing.assert_array_equal(one, two)
    np.testing.assert_array_equal(IMAGES, before)
    assert not np.array_equal(one, IMAGES)


def test_brightness_stays_within_its_limit() -> None:
    changed = augment(IMAGES, Augmentation(brightness=0.1), np.random.default_rng(1)).astype(int) - IMAGES
    assert 0 < np.abs(changed).max() <= 26


def test_vertical_flip_alone_turns_some_upside_down_and_leaves_the_others() -> None:
    changed = augment(IMAGES, Augmentation(flip_vertical=True), np.random.default_rng(1))
    turned = [np.array_equal(new, old[::-1]) for new, old in zip(changed, IMAGES, strict=True)]
    kept = [np.array_equal(new, old) for new, old in zip(changed, IMAGES, strict=True)]
    assert any(turned)
    assert any(kept)
    assert all(a != b for a, b in zip(turned, kept, strict=True))


def extents(limits: Augmentation) -> list[tuple[float, float]]:
    """Spread of a bright square, down and across, relative to the unchanged one, for 20 draws."""
    square = np.zeros((20, 64, 64, 1), np.uint8)
    square[:, 24:40, 24:40] = 255

    def spread(image: np.ndarray, axis: int) -> float:
        line = image[:, :, 0].astype(float).sum(axis=1 - axis)
        places = np.arange(64)
        middle = (line * places).sum() / line.sum()
        return float(np.sqrt((line * (places - middle) ** 2).sum() / line.sum()))

    still = spread(square[0], 0)
    changed = augment(square, limits, np.random.default_rng(3))
    return [(spread(image, 0) / still, spread(image, 1) / still) for image in changed]


def test_scale_is_one_factor_for_both_sides_and_zoom_is_two() -> None:
    same, apart = (np.array(extents(limits)) for limits in (Augmentation(scale=0.25), Augmentation(zoom=0.25)))
    np.testing.assert_allclose(same[:, 0], same[:, 1], rtol=0.01)
    assert same.min() > 0.78
    assert same.max() < 1.28
    assert np.ptp(same[:, 0]) > 0.2
    assert np.abs(apart[:, 0] - apart[:, 1]).max() > 0.1


def test_shear_moves_rows_and_keeps_the_height() -> None:
    sheared = np.array(extents(Augmentation(shear=0.5)))
    np.testing.assert_allclose(sheared[:, 0], 1, rtol=0.01)
    assert sheared[:, 1].max() > 1.05


def test_new_limits_leave_the_numbers_drawn_for_the_old_ones_alone() -> None:
    first, second = np.random.default_rng(1), np.random.default_rng(1)
    augment(IMAGES, Augmentation(zoom=0.1), first)
    augment(IMAGES, Augmentation(), second)
    assert first.random() == second.random()
